import Diagnostics
import Foundation

/// The reader of standard output went away: nothing more is wanted.
struct OutputClosed: Error {}

/// Text going to a file or to standard output, in large pieces. Closes its file when it goes.
final class OutputText {
    private let descriptor: Int32
    private let path: String
    private var waiting: [UInt8] = []

    private static let piece = 1 << 16

    init(_ destination: Export.Destination) throws {
        switch destination {
        case .standardOutput:
            descriptor = STDOUT_FILENO
            path = "-"
        case .file(let file, let overwrite), .folder(let file, let overwrite):
            path = file
            descriptor = open(file, O_WRONLY | O_CREAT | O_CLOEXEC | (overwrite ? O_TRUNC : O_EXCL), 0o644)
            guard descriptor >= 0 else {
                let exists = errno == EEXIST
                throw Failure(
                    .cannotCreate, "cannot write", at: file, because: exists ? "it exists already" : String(cString: strerror(errno)),
                    remedy: exists ? "add --overwrite to replace it" : nil)
            }
        }
    }

    deinit {
        if descriptor > STDERR_FILENO { close(descriptor) }
    }

    func write(_ text: String) throws {
        waiting.append(contentsOf: text.utf8)
        if waiting.count >= Self.piece { try flush() }
    }

    /// Writes what waits: to be called once at the end.
    func finish() throws { try flush() }

    private func flush() throws {
        var rest = waiting[...]
        waiting = []
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else if errno == EPIPE, path == "-" {
                throw OutputClosed()
            } else if errno != EINTR {
                throw Failure(.inputOutput, "cannot write", at: path, because: String(cString: strerror(errno)))
            }
        }
    }
}

/// A folder that gets one file after the other.
struct OutputFolder {
    private let path: String
    private let overwrite: Bool

    /// Makes the folder; one that holds files already is refused unless they may be replaced.
    init(_ path: String, overwrite: Bool) throws {
        self.path = path
        self.overwrite = overwrite
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            let present = try FileManager.default.contentsOfDirectory(atPath: path)
            guard overwrite || present.isEmpty else {
                throw Failure(.cannotCreate, "cannot write", at: path, because: "the folder is not empty", remedy: "add --overwrite to write into it")
            }
        } catch let failure as Failure {
            throw failure
        } catch {
            throw Failure(.cannotCreate, "cannot make a folder", at: path, because: (error as NSError).localizedDescription)
        }
    }

    func write(_ text: String, to name: String) throws {
        let output = try OutputText(.file("\(path)/\(name)", overwrite: overwrite))
        try output.write(text)
        try output.finish()
    }
}

extension String {
    /// A number with a fixed number of decimals and a point, whatever the locale.
    init(_ value: Double, decimals: Int) {
        self.init(format: "%.\(decimals)f", locale: Locale(identifier: "en_US_POSIX"), value)
    }

    /// A record's number, which has six decimals at most, without an exponent: 12.5, 12, 0.00003.
    init(number value: Double) {
        self.init(value, decimals: 6)
        while last == "0" { removeLast() }
        if last == "." { removeLast() }
        if self == "-0" { self = "0" }
    }

    /// As text or attribute of XML.
    var inXML: String {
        var text = ""
        for scalar in unicodeScalars {
            switch scalar {
            case "&": text += "&amp;"
            case "<": text += "&lt;"
            case ">": text += "&gt;"
            case "\"": text += "&quot;"
            case "\t", "\n", "\r": text += "&#\(scalar.value);"
            case _ where scalar.value < 0x20 || scalar.value == 0xFFFE || scalar.value == 0xFFFF: text += "?"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }

    /// As a cell of CSV (RFC 4180).
    var inCSV: String {
        contains { ",\"\n\r".contains($0) || $0.isNewline } ? "\"" + replacingOccurrences(of: "\"", with: "\"\"") + "\"" : self
    }

    /// As a part of a file's name.
    var inFileName: String { String(map { $0 == "/" || $0 == "\0" ? "_" : $0 }) }
}
