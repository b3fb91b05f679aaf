import Media

/// The frames between source and first stage, under a live policy.
///
/// `block` makes the source wait; `latest` and `queue` take every frame at once and drop the oldest that waits, so that the
/// source is always read and what is processed next is never older than it must be. Order is kept; an error travels as the last
/// element. A frame after dropped ones carries their number, their gap and their sound.
package final class FrameQueue: Sendable {
    /// A frame, and what is left of those that were dropped just before it.
    private struct Waiting: Sendable {
        var frame: VideoFrame
        var missed = 0
        var gap: SourceGap?
        var companions: [PassthroughPacket] = []

        mutating func takeOver(_ dropped: Waiting) {
            missed += dropped.missed + 1
            let gaps = [dropped.gap, dropped.frame.live?.gap, gap].compactMap { $0 }
            gap = gaps.dropFirst().reduce(gaps.first) { $0?.joined(with: $1) }
            companions = dropped.companions + dropped.frame.companions + companions
        }
    }

    private let waiting: Channel<Waiting>

    package init(policy: LivePolicy) {
        waiting = switch policy {
        case .block: Channel(capacity: 3)
        case .latest: Channel(capacity: 1) { $1.takeOver($0) }
        case .queue(let length): Channel(capacity: length) { $1.takeOver($0) }
        }
    }

    /// Frames that were dropped so far.
    package var dropped: Int { waiting.displacedCount }

    package var isCancelled: Bool { waiting.isCancelled }

    /// Appends a frame: at once, or when there is room. False when the queue was cancelled: the sender should stop.
    package func send(_ frame: VideoFrame) -> Bool { waiting.send(Waiting(frame: frame)) }

    /// No more frames will come; an error reaches the receiver after all frames.
    package func finish(throwing error: (any Error)? = nil) { waiting.finish(throwing: error) }

    /// Drops everything; both sides return at once from now on.
    package func cancel() { waiting.cancel() }

    /// The next frame, waiting for one; nil at the end or when cancelled.
    package func receive() throws -> VideoFrame? {
        guard let next = try waiting.receive() else { return nil }
        guard next.missed > 0, var mark = next.frame.live else { return next.frame }
        mark.dropped += next.missed
        if let gap = next.gap { mark.gap = mark.gap.map { gap.joined(with: $0) } ?? gap }
        return try VideoFrame(next.frame, live: mark, preceding: next.companions)
    }
}
