import Dispatch
import PoseStream
import Synchronization
import TestSupport
import Testing

@Suite("Channels between stages")
struct ChannelTests {
    private struct Broken: Error {}

    @Test("Elements arrive in order through a channel of any capacity", arguments: [1, 2, 7])
    func order(capacity: Int) throws {
        let channel = Channel<Int>(capacity: capacity)
        DispatchQueue.global().async {
            for i in 0..<1000 where !channel.send(i) { return }
            channel.finish()
        }
        var received: [Int] = []
        while let next = try channel.receive() { received.append(next) }
        #expect(received == Array(0..<1000))
    }

    @Test("The sender is never further ahead than the capacity")
    func backPressure() throws {
        let channel = Channel<Int>(capacity: 3)
        let sent = Mutex(0)
        DispatchQueue.global().async {
            for i in 0..<100 where channel.send(i) { sent.withLock { $0 += 1 } }
            channel.finish()
        }
        var received = 0
        while try channel.receive() != nil {
            received += 1
            #expect(sent.withLock { $0 } <= received + 4)
        }
        #expect(received == 100)
    }

    @Test("An error arrives behind everything that was sent before it")
    func errorComesLast() throws {
        let channel = Channel<Int>(capacity: 10)
        #expect(channel.send(1))
        #expect(channel.send(2))
        channel.finish(throwing: Broken())
        #expect(try channel.receive() == 1)
        #expect(try channel.receive() == 2)
        #expect(throws: Broken.self) { try channel.receive() }
    }

    @Test("Cancelling wakes a sender that waits for room and a receiver that waits for an element", .timeLimit(.minutes(Hang.minutes)))
    func cancellation() throws {
        let full = Channel<Int>(capacity: 1)
        #expect(full.send(1))
        DispatchQueue.global().asyncAfter(deadline: .now() + 0.05) { full.cancel() }
        #expect(soon { !full.send(2) })
        let empty = Channel<Int>(capacity: 1)
        DispatchQueue.global().asyncAfter(deadline: .now() + 0.05) { empty.cancel() }
        #expect(try soon { try empty.receive() } == nil)
    }
}
