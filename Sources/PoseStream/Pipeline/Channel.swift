import DequeModule
import Foundation

/// A bounded queue between two stages: the receiver waits while it is empty, the sender while it is full, or, when the channel is
/// told how, the oldest element gives way.
///
/// Order is kept. An error travels as the last element: what was sent before it is received first, so nothing that
/// was computed is lost. A cancelled channel drops what it holds and wakes both sides.
package final class Channel<Element: Sendable>: @unchecked Sendable {
    // Safe to share: every stored property is read and written only while `condition` is locked, but those that never change.
    private enum State {
        case open
        case finished((any Error)?)
        case cancelled
    }

    /// Takes into an element what must not be lost of the one before it, which is dropped.
    package typealias Displacement = @Sendable (_ dropped: Element, _ next: inout Element) -> Void

    private let condition = NSCondition()
    private let capacity: Int
    private let displacing: Displacement?
    private var buffer: Deque<Element>
    private var state = State.open
    private var displaced = 0

    /// - Parameters:
    ///   - capacity: how many elements wait at most.
    ///   - displacing: for a channel that never lets the sender wait: called when the oldest element is dropped, with the one that
    ///     is the oldest then.
    package init(capacity: Int, displacing: Displacement? = nil) {
        self.capacity = max(1, capacity)
        self.displacing = displacing
        buffer = Deque(minimumCapacity: max(1, capacity))
    }

    /// Appends an element: at once when the oldest may give way, else when there is room. False when the channel was cancelled:
    /// the sender should stop.
    package func send(_ element: Element) -> Bool {
        condition.lock()
        defer { condition.unlock() }
        while displacing == nil, buffer.count >= capacity {
            guard case .open = state else { return false }
            condition.wait()
        }
        guard case .open = state else { return false }
        buffer.append(element)
        if let displacing, buffer.count > capacity {
            let dropped = buffer.removeFirst()
            displacing(dropped, &buffer[buffer.startIndex])
            displaced += 1
        }
        condition.broadcast()
        return true
    }

    /// Nothing waits in it.
    package var isEmpty: Bool { condition.withLock { buffer.isEmpty } }

    package var isCancelled: Bool {
        condition.withLock { if case .cancelled = state { true } else { false } }
    }

    /// How many elements gave way so far.
    package var displacedCount: Int { condition.withLock { displaced } }

    /// No more elements will come; an error reaches the receiver after all elements.
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
            buffer.removeAll()
            condition.broadcast()
        }
    }

    /// The next element, waiting for one; nil at the end or when cancelled.
    package func receive() throws -> Element? {
        condition.lock()
        defer { condition.unlock() }
        while buffer.isEmpty {
            switch state {
            case .open: condition.wait()
            case .finished(let error):
                if let error { throw error }
                return nil
            case .cancelled: return nil
            }
        }
        let element = buffer.removeFirst()
        condition.broadcast()
        return element
    }
}
