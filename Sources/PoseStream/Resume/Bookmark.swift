import Crypto
import Diagnostics
import Foundation

/// Where a run stands, kept beside its records so that a run that was killed goes on without its frame lines showing it.
///
/// It holds what the stages remember of earlier frames after one line, and marks that line. It is replaced as a whole (written
/// beside, then renamed), so at any moment there is either the old one or the new one. A bookmark that does not fit the records
/// is of no use and is not used.
struct Bookmark: Codable, Equatable {
    static let version = 1

    var version = Bookmark.version
    /// SHA-256 of the records' first line.
    var header: String
    /// Bytes of the records up to the end of the line that this belongs to, and the SHA-256 of that line.
    var bytes: Int
    var line: String
    /// The picture of that line.
    var frame: Int
    var pts: Int64?
    var time: Double
    /// Frame lines and ids of confirmed people so far, for the end record.
    var frames: Int
    var ids: [Int]
    /// What the stages remember, in their own form.
    var memory: Data

    /// Where the bookmark of a records file lies.
    static func path(of records: String) -> String { records + ".resume" }

    /// A run over very many people remembers some 100 kB; what is larger is none of ours.
    private static let largestFile = 16 << 20

    /// The bookmark beside a records file; nil when there is none that can be read.
    static func read(besides records: String) -> Bookmark? {
        guard let handle = FileHandle(forReadingAtPath: path(of: records)) else { return nil }
        defer { try? handle.close() }
        guard let data = try? handle.read(upToCount: largestFile + 1), data.count <= largestFile,
            let bookmark = try? JSONDecoder().decode(Bookmark.self, from: data), bookmark.version == version,
            bookmark.isSound
        else { return nil }
        return bookmark
    }

    /// Whether its numbers are such as a run leaves: what is counted on from here must not run over.
    private var isSound: Bool {
        bytes > 0 && (0..<1 << 40).contains(frame) && (1...frame + 1).contains(frames) && (0...1e9).contains(time)
            && ids.allSatisfy { $0 >= 0 }
    }

    static func remove(besides records: String) { unlink(path(of: records)) }

    /// Replaces the bookmark of a records file.
    func write(besides records: String) throws(Failure) {
        let path = Self.path(of: records)
        let temporary = path + ".new"
        do {
            let data = try JSONEncoder().encode(self)
            try data.write(to: URL(fileURLWithPath: temporary))
            guard rename(temporary, path) == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        } catch {
            unlink(temporary)
            throw Failure(.inputOutput, "cannot write the bookmark", at: path, because: "\((error as NSError).localizedDescription)")
        }
    }

    /// SHA-256 of a line, its newline left out.
    static func hash(_ line: some Sequence<UInt8>) -> String {
        var bytes = Array(line)
        if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        return SHA256.hash(data: bytes).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }

    /// Whether this belongs to the file: its first line and the line that ends at `bytes` are those that were hashed.
    func fits(_ records: String) -> Bool {
        guard let handle = FileHandle(forReadingAtPath: records) else { return false }
        defer { try? handle.close() }
        guard let first = try? handle.read(upToCount: min(bytes, 1 << 24)), let newline = first.firstIndex(of: 10),
            Self.hash(first[..<newline]) == header
        else { return false }
        // A line has at most 16 MiB; the newline before it may stand one byte earlier.
        let start = max(0, bytes - (1 << 24) - 1)
        guard (try? handle.seek(toOffset: UInt64(start))) != nil, let tail = try? handle.read(upToCount: bytes - start),
            tail.count == bytes - start, tail.last == 10
        else { return false }
        let body = tail.dropLast()
        let begin = body.lastIndex(of: 10).map { $0 + 1 } ?? body.startIndex
        return Self.hash(body[begin...]) == line
    }
}
