import Foundation
import Media

/// The frames between source and first stage, under a live policy.
///
/// `block` makes the source wait; `latest` and `queue` take every frame at once and drop the oldest that waits, so that the
/// source is always read and what is processed next is never older than it must be. Order is kept; an error travels as the last
/// element. A frame after dropped ones carries their number, their gap and their sound.
package final class FrameQueue: @unchecked Sendable {
    // Safe to share: every stored property is read and written only while `condition` is locked.
    private enum State {
        case open
        case finished((any Error)?)
        case cancelled
    }

    private let condition = NSCondition()
    private let capacity: Int
    private let drops: Bool
    private var waiting: [VideoFrame] = []
    private var state = State.open
    private var total = 0
    /// What was dropped since the last frame that was given.
    private var missed = 0
    private var gap: SourceGap?
    private var companions: [PassthroughPacket] = []

    package init(policy: LivePolicy) {
        (capacity, drops) = switch policy {
        case .block: (3, false)
        case .latest: (1, true)
        case .queue(let length): (max(1, length), true)
        }
    }

    /// Frames that were dropped so far.
    package var dropped: Int { condition.withLock { total } }

    package var isCancelled: Bool {
        condition.withLock { if case .cancelled = state { true } else { false } }
    }

    /// Appends a frame: at once, or when there is room. False when the queue was cancelled: the sender should stop.
    package func send(_ frame: VideoFrame) -> Bool {
        condition.lock()
        defer { condition.unlock() }
        while !drops, waiting.count >= capacity {
            guard case .open = state else { return false }
            condition.wait()
        }
        guard case .open = state else { return false }
        if waiting.count >= capacity { drop(waiting.removeFirst()) }
        waiting.append(frame)
        condition.broadcast()
        return true
    }

    /// No more frames will come; an error reaches the receiver after all frames.
    package func finish(throwing error: (any Error)? = nil) {
        condition.withLock {
            guard case .open = state else { return }
            state = .finished(error)
            condition.broadcast()
        }
    }

    /// Drops everything; both sides return at once from now on.
    package func cancel() {
        condition.withLock {
            state = .cancelled
            waiting.removeAll()
            condition.broadcast()
        }
    }

    /// The next frame, waiting for one; nil at the end or when cancelled.
    package func receive() throws -> VideoFrame? {
        condition.lock()
        defer { condition.unlock() }
        while waiting.isEmpty {
            switch state {
            case .open: condition.wait()
            case .finished(let error):
                if let error { throw error }
                return nil
            case .cancelled: return nil
            }
        }
        let frame = waiting.removeFirst()
        condition.broadcast()
        guard missed > 0, var mark = frame.live else { return frame }
        mark.dropped += missed
        if let gap { mark.gap = mark.gap.map { gap.joined(with: $0) } ?? gap }
        defer { (missed, gap, companions) = (0, nil, []) }
        return try VideoFrame(frame, live: mark, preceding: companions)
    }

    private func drop(_ frame: VideoFrame) {
        total += 1
        missed += 1
        if let later = frame.live?.gap { gap = gap.map { $0.joined(with: later) } ?? later }
        companions += frame.companions
    }
}
