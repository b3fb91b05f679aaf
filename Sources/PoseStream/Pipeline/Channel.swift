import DequeModule
import Foundation

/// A bounded queue between two stages: the sender waits while it is full, the receiver while it is empty.
///
/// Order is kept. An error travels as the last element: what was sent before it is received first, so nothing that
/// was computed is lost. A cancelled channel drops what it holds and wakes both sides.
package final class Channel<Element: Sendable>: @unchecked Sendable {
    // Safe to share: every stored property is read and written only while `condition` is locked.
    private enum State {
        case open
        case finished((any Error)?)
        case cancelled
    }

    private let condition = NSCondition()
    private let capacity: Int
    private var buffer: Deque<Element>
    private var state = State.open

    package init(capacity: Int) {
        self.capacity = capacity
        buffer = Deque(minimumCapacity: capacity)
    }

    /// Appends an element, waiting for room. False when the channel was cancelled: the sender should stop.
    package func send(_ element: Element) -> Bool {
        condition.lock()
        defer { condition.unlock() }
        while buffer.count >= capacity {
            guard case .open = state else { return false }
            condition.wait()
        }
        guard case .open = state else { return false }
        buffer.append(element)
        condition.broadcast()
        return true
    }

    /// Nothing waits in it.
    package var isEmpty: Bool {
        condition.lock()
        defer { condition.unlock() }
        return buffer.isEmpty
    }

    /// No more elements will come; an error reaches the receiver after all elements.
    package func finish(throwing error: (any Error)? = nil) {
        condition.lock()
        defer { condition.unlock() }
        guard case .open = state else { return }
        state = .finished(error)
        condition.broadcast()
    }

    /// Drops everything; both sides return at once from now on.
    package func cancel() {
        condition.lock()
        defer { condition.unlock() }
        state = .cancelled
        buffer.removeAll()
        condition.broadcast()
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
