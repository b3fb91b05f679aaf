import CFFmpeg
import CShims
import Foundation

/// What FFmpeg wanted to print about one source or writer: counted and kept, never printed.
final class FFmpegLog: @unchecked Sendable {
    // Safe to share: the C side locks.

    private let handle: OpaquePointer?

    init() { handle = ps_log_new() }

    /// Only after the contexts it was attached to are freed: their owner holds the log, so that it goes last.
    deinit { ps_log_free(handle) }

    func attach(to context: UnsafeMutablePointer<AVFormatContext>) { ps_log_attach_format(context, handle) }
    func attach(to context: UnsafeMutablePointer<AVCodecContext>) { ps_log_attach_codec(context, handle) }

    /// Everything that FFmpeg says on this thread during `body` belongs to this log.
    func during<Result, E: Error>(_ body: () throws(E) -> Result) throws(E) -> Result {
        let previous = ps_log_enter(handle)
        defer { ps_log_leave(previous) }
        return try body()
    }

    /// Lines of level error or worse.
    var errorCount: Int { handle.map { Int(ps_log_error_count($0)) } ?? 0 }
    /// A line said that the file ends before its container is complete.
    var tellsTruncation: Bool { handle.map(ps_log_tells_truncation) ?? false }

    /// The first error line of each kind, without FFmpeg's address of the speaker: "moov atom not found".
    var firstLines: [String] {
        guard let handle else { return [] }
        var lines: [String] = []
        var buffer = [CChar](repeating: 0, count: 256)
        while ps_log_line(handle, Int32(lines.count), &buffer, buffer.count) {
            let line = String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
            lines.append(Self.withoutSpeaker(line))
        }
        return lines
    }

    /// "[mov,mp4 @ 0x55d0] moov atom not found" without the bracket, of which there may be two.
    private static func withoutSpeaker(_ line: String) -> String {
        var rest = Substring(line)
        while rest.hasPrefix("["), let end = rest.range(of: "] "), rest[..<end.lowerBound].contains(" @ 0x") {
            rest = rest[end.upperBound...]
        }
        return rest.trimmingCharacters(in: .whitespaces)
    }
}
