import Diagnostics
import Glibc

/// A file (or standard input) line by line; a line that does not end costs at most `longest` bytes.
final class LineReader {
    /// A line of 16 MiB holds some 40 000 people.
    static let longest = 16 << 20
    private static let chunk = 1 << 16

    private let descriptor: CInt
    private let closesDescriptor: Bool
    private let name: String
    /// What was read: the lines before `lineStart` are done, up to `scanned` there is no newline.
    private(set) var buffer: [UInt8] = []
    private var lineStart = 0
    private var scanned = 0
    private var isAtEnd = false
    /// Bytes of all lines that were given out, newlines included.
    private(set) var consumed = 0

    /// Opens a file. Throws `.noInput` when it does not exist or cannot be read.
    init(path: String) throws(Failure) {
        name = path
        var status = stat()
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        closesDescriptor = true
        guard descriptor >= 0 else { throw Failure(.noInput, "cannot read records", at: path, because: reason(errno)) }
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT != S_IFDIR else {
            throw Failure(.noInput, "cannot read records", at: path, because: "it is a folder")
        }
    }

    /// Standard input.
    init() {
        name = "standard input"
        descriptor = STDIN_FILENO
        closesDescriptor = false
    }

    /// Bytes in memory.
    init(bytes: [UInt8], name: String) {
        self.name = name
        buffer = bytes
        descriptor = -1
        closesDescriptor = false
        isAtEnd = true
    }

    deinit {
        if closesDescriptor, descriptor >= 0 { close(descriptor) }
    }

    /// The range of the next line in `buffer`, without its newline, and whether it had one; nil at the end.
    func next() throws(Failure) -> (range: Range<Int>, isWhole: Bool)? {
        while true {
            if let newline = buffer[scanned...].firstIndex(of: UInt8(ascii: "\n")) {
                let range = lineStart..<newline
                lineStart = newline + 1
                scanned = lineStart
                consumed += range.count + 1
                return (range, true)
            }
            scanned = buffer.count
            if isAtEnd {
                guard lineStart < buffer.count else { return nil }
                let range = lineStart..<buffer.count
                lineStart = buffer.count
                return (range, false)
            }
            guard buffer.count - lineStart <= Self.longest else {
                throw Failure(.data, "cannot read records", at: name, because: "a line of more than \(Self.longest >> 20) MiB")
            }
            try fill()
        }
    }

    private func fill() throws(Failure) {
        if lineStart > 0 {
            buffer.removeSubrange(..<lineStart)
            scanned -= lineStart
            lineStart = 0
        }
        let held = buffer.count
        buffer.append(contentsOf: repeatElement(0, count: Self.chunk))
        var count = 0
        repeat {
            count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress?.advanced(by: held), Self.chunk) }
        } while count < 0 && errno == EINTR
        let error = errno
        buffer.removeLast(Self.chunk - max(0, count))
        guard count >= 0 else { throw Failure(.inputOutput, "cannot read records", at: name, because: reason(error)) }
        isAtEnd = count == 0
    }
}

/// The system's words for an error number.
func reason(_ number: CInt) -> String {
    var text = [CChar](repeating: 0, count: 256)
    guard strerror_r(number, &text, text.count) == 0 else { return "error \(number)" }
    let units = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    return String(decoding: units, as: UTF8.self)
}
