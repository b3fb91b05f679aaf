import CFFmpeg
import Foundation

/// Times of the source as ticks of the encoder: shifted to the output's zero, never standing still.
struct OutputClock {
    private let source: AVRational
    private let timeBase: AVRational
    /// Ticks of the source that become zero.
    private var offset: Int64
    /// MP4 counts the ticks of a picture in 32 bits.
    private let longestPause = Int64(Int32.max)
    /// Times that go back further begin anew.
    private let longestReturn: Int64
    /// Ticks that a picture lasts when it does not say so.
    private let usualDuration: Int64
    private var last: Int64?
    private var lastDuration: Int64
    /// Durations of the pictures inside the encoder, which does not carry them.
    private var inside: [(pts: Int64, duration: Int64)] = []

    init(source: SourceDescription, timeBase: AVRational, start: Double) {
        let base = source.timeBase
        self.source = base.numerator > 0 && base.denominator > 0 ? base.asAVRational : AVRational(num: 1, den: 90_000)
        self.timeBase = timeBase
        let ticks = start / av_q2d(self.source)
        offset = Int64(exactly: ticks.rounded()) ?? 0
        let rate = source.averageFrameRate?.value ?? source.frameRate ?? 25
        let usual = rate > 0 ? 1 / (rate * av_q2d(timeBase)) : 1
        usualDuration = max(1, Int64(exactly: usual.rounded()) ?? 1)
        lastDuration = usualDuration
        longestReturn = max(1, Int64(exactly: (1 / av_q2d(timeBase)).rounded()) ?? 1) + usualDuration
    }

    /// Presentation time and duration of the next picture, in ticks of the encoder.
    mutating func next(_ frame: VideoFrame) -> (pts: Int64, duration: Int64) {
        let expected = (last ?? -lastDuration) + lastDuration
        var pts = frame.pts.flatMap { ticks($0) } ?? expected
        if pts > expected + longestPause || pts < expected - longestReturn {
            // A new beginning: this picture follows the last one, and those after it keep their distance from it.
            if let given = frame.pts { offset = given.subtractingReportingOverflow(av_rescale_q(expected, timeBase, source)).partialValue }
            pts = expected
        }
        if let last, pts <= last { pts = last + 1 }
        let seconds = frame.duration.map { $0 / av_q2d(timeBase) } ?? 0
        lastDuration = seconds >= 1 && seconds < Double(longestPause) ? Int64(seconds.rounded()) : usualDuration
        last = pts
        return (pts, lastDuration)
    }

    /// A time of the source as ticks of the encoder; far from the ends of the number range, so that sums cannot overflow.
    private func ticks(_ given: Int64) -> Int64? {
        let (shifted, overflow) = given.subtractingReportingOverflow(offset)
        guard !overflow else { return nil }
        return min(max(av_rescale_q(shifted, source, timeBase), -(1 << 60)), 1 << 60)
    }

    mutating func remember(_ pts: Int64, _ duration: Int64) { inside.append((pts, duration)) }

    mutating func takeDuration(of pts: Int64) -> Int64? {
        guard let index = inside.firstIndex(where: { $0.pts == pts }) else { return nil }
        return inside.remove(at: index).duration
    }
}

/// Size of a file in bytes; nil when it cannot be asked.
func fileSize(_ path: String) -> Int64? {
    var state = stat()
    return stat(path, &state) == 0 ? Int64(state.st_size) : nil
}
