import Diagnostics
import Foundation

/// The SHA-256 of files whose publisher states none (or only its first digits), written down when they first came: the file
/// `SHA256SUMS` of a model folder, which `sha256sum -c` reads. From then on only that very file is accepted.
struct RecordedChecksums {
    static let fileName = "SHA256SUMS"
    private let url: URL
    /// SHA-256 by file name.
    private(set) var entries: [String: String] = [:]

    /// - Throws: `Failure` (`.data`) when the file is there and damaged: it is never overwritten or taken for empty.
    init(folder: URL) throws {
        url = folder.appendingPathComponent(Self.fileName)
        guard let handle = try? FileHandle(forReadingFrom: url) else { return }
        defer { try? handle.close() }
        let data = try handle.read(upToCount: 1 << 20) ?? Data()
        for (index, line) in String(decoding: data, as: UTF8.self).split(separator: "\n").enumerated() {
            let (digest, rest) = (line.prefix(64), line.dropFirst(64))
            guard digest.count == 64, digest.allSatisfy({ $0.isASCII && $0.isHexDigit }), rest.hasPrefix("  ") || rest.hasPrefix(" *"), rest.count > 2
            else {
                throw Failure(
                    .data, "damaged checksum list", at: "\(url.path):\(index + 1)", because: "no SHA-256 and file name stands there",
                    remedy: "mend or remove that line")
            }
            entries[String(rest.dropFirst(2))] = digest.lowercased()
        }
    }

    /// Writes down what a file is; replaces the list at once.
    mutating func record(_ digest: String, for file: String) throws {
        guard entries[file] != digest else { return }
        entries[file] = digest
        let text = entries.sorted { $0.key < $1.key }.map { "\($0.value)  \($0.key)\n" }.joined()
        do { try Data(text.utf8).write(to: url, options: .atomic) } catch {
            throw Failure(.cannotCreate, "cannot write", at: url.path, because: error.localizedDescription)
        }
    }
}
