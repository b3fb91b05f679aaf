import Diagnostics

/// Reads records line by line: the stored output of an earlier run, or what another program writes to standard input.
///
/// The first line must be a header. Unknown fields and unknown types of record are skipped. A last line that was cut (the
/// writer was killed) ends the reading and is told by `isCut`; any other damage is a `Failure` that names the line.
public final class RecordReader {
    /// Where the lines come from.
    public enum Input: Sendable {
        case file(String)
        case standardInput
        /// Lines in memory, and what messages call them.
        case bytes([UInt8], name: String)
    }

    /// The first line.
    public let header: HeaderRecord
    /// Number of the line that was read last, from 1.
    public private(set) var line = 0
    /// Whether the last line was incomplete; meaningful after `next` gave nil.
    public private(set) var isCut = false
    /// The `end` record, once it was read; a file that gave nil without one was cut.
    public private(set) var end: EndRecord?
    /// Bytes up to the end of the last whole line that was read: where `--resume` continues.
    public private(set) var wholeBytes = 0

    private let lines: LineReader
    private let name: String
    private var decoder = RecordDecoder()

    /// Opens the input and reads the header. Throws `.noInput` when there is no such file, `.data` when its first line is no
    /// header of a schema that this program reads.
    public init(_ input: Input) throws(Failure) {
        switch input {
        case .file(let path):
            name = path
            lines = try LineReader(path: path)
        case .standardInput:
            name = "standard input"
            lines = LineReader()
        case .bytes(let bytes, let name):
            self.name = name
            lines = LineReader(bytes: bytes, name: name)
        }
        var line = 0
        var found: HeaderRecord?
        while found == nil {
            guard let next = try lines.next() else {
                throw Failure(
                    .data, "cannot read records", at: name, because: line == 0 ? "it is empty" : "there is no header",
                    remedy: "give an NDJSON file of posestream")
            }
            line += 1
            if Self.isBlank(lines.buffer[next.range]) { continue }
            do throws(JSONCursor.Problem) {
                guard case .header(let header)? = try decoder.decode(lines.buffer, in: next.range) else {
                    throw JSONCursor.Problem(why: "the first record is no header", offset: 0)
                }
                found = header
            } catch {
                throw Self.failure(error, name: name, line: line)
            }
        }
        guard let found else { throw Failure(.data, "cannot read records", at: name, because: "there is no header") }
        header = found
        self.line = line
        wholeBytes = lines.consumed
    }

    /// The next record after the header; nil at the end.
    public func next() throws(Failure) -> Record? {
        while !isCut, let next = try lines.next() {
            line += 1
            if Self.isBlank(lines.buffer[next.range]) { continue }
            do throws(JSONCursor.Problem) {
                let record = try decoder.decode(lines.buffer, in: next.range)
                if next.isWhole { wholeBytes = lines.consumed }
                guard let record else { continue }
                if case .end(let end) = record { self.end = end }
                return record
            } catch {
                guard next.isWhole else {
                    isCut = true
                    return nil
                }
                throw Self.failure(error, name: name, line: line)
            }
        }
        return nil
    }

    private static func isBlank(_ line: ArraySlice<UInt8>) -> Bool {
        line.allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
    }

    private static func failure(_ problem: JSONCursor.Problem, name: String, line: Int) -> Failure {
        Failure(.data, "cannot read records", at: "\(name), line \(line), byte \(problem.offset + 1)", because: problem.why)
    }
}
