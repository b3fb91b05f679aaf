import Diagnostics
import Foundation
import Media
import TestSupport
import Testing

@Suite("Pipes")
struct PipeTests {
    /// A pipe into which a thread writes `data`; the writing end stays open when `keepsOpen`.
    private final class Feed {
        let reading: Int32
        private let writing: Int32
        private let done = DispatchSemaphore(value: 0)

        init(_ data: Data, keepsOpen: Bool = false) {
            var ends: [Int32] = [0, 0]
            _ = pipe(&ends)
            (reading, writing) = (ends[0], ends[1])
            signal(SIGPIPE, SIG_IGN)
            Thread.detachNewThread { [writing, done] in
                var rest = data[...]
                while !rest.isEmpty {
                    let count = rest.withUnsafeBytes { write(writing, $0.baseAddress, $0.count) }
                    if count <= 0 { break }
                    rest = rest.dropFirst(count)
                }
                if !keepsOpen { close(writing) }
                done.signal()
            }
        }

        deinit {
            close(reading)
            done.wait()
        }
    }

    @Test(
        "a video through a pipe gives all frames, also an MP4 with its index at the end",
        arguments: ["base.mp4", "faststart.mp4", "fragmented.mp4", "base.mkv", "av.ts", "seq.y4m", "mpeg4.avi", "anim.gif", "a.h264"])
    func counts(name: String) throws {
        let clip = try Clips.make(name)
        let feed = Feed(try Data(contentsOf: clip))
        let source = try openSource("pipe:\(feed.reading)")
        #expect(try countFrames(source) == (try Tool.countFrames(clip)))
        #expect(!source.statistics.isTruncated)
        withExtendedLifetime(feed) {}
    }

    @Test("a file as standard input is read from where it stands")
    func redirected() throws {
        let clip = try Clips.make("base.mp4")
        let handle = try FileHandle(forReadingFrom: clip)
        #expect(try countFrames(openSource("pipe:\(handle.fileDescriptor)")) == 100)
        try handle.close()
    }

    @Test("a named pipe is read by its path")
    func named() throws {
        let path = Clips.file("fifo").path
        unlink(path)
        #expect(mkfifo(path, 0o600) == 0)
        let data = try Data(contentsOf: Clips.make("base.mp4"))
        let done = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            let end = open(path, O_WRONLY)
            var rest = data[...]
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes { write(end, $0.baseAddress, $0.count) }
                if count <= 0 { break }
                rest = rest.dropFirst(count)
            }
            close(end)
            done.signal()
        }
        #expect(try countFrames(openSource(path)) == 100)
        done.wait()
    }

    @Test("an empty pipe and one with text are refused", arguments: ["", "this is no video, and there is nothing more to it"])
    func wrong(text: String) throws {
        let feed = Feed(Data(text.utf8))
        let failure = #expect(throws: Failure.self) { _ = try openSource("pipe:\(feed.reading)") }
        #expect(failure?.kind == .data)
        withExtendedLifetime(feed) {}
    }

    @Test("cancel ends a blocked read within a second", .timeLimit(.minutes(Hang.minutes)))
    func cancel() throws {
        let data = try Data(contentsOf: Clips.make("base.mkv"))
        let feed = Feed(data.prefix(data.count / 2), keepsOpen: true)
        let source = try VideoFileSource(descriptor: feed.reading)
        let cancelled = Moment()
        Thread.detachNewThread {
            usleep(700_000)
            cancelled.note()
            source.cancel()
        }
        var count = 0
        while try source.next() != nil { count += 1 }
        #expect(cancelled.secondsSince() < 1)
        #expect(count > 10 && count < 100)
        #expect(try source.next() == nil)
        withExtendedLifetime(feed) {}
    }

    @Test("an interrupt ends a blocked open within a second", .timeLimit(.minutes(Hang.minutes)))
    func interruptOpen() throws {
        let feed = Feed(Data([0x1A, 0x45, 0xDF]), keepsOpen: true)
        var options = SourceOptions()
        let interrupt = ReadInterrupt()
        options.interrupt = interrupt
        let cancelled = Moment()
        Thread.detachNewThread {
            usleep(300_000)
            cancelled.note()
            interrupt.cancel()
        }
        #expect(throws: CancellationError.self) { _ = try openSource("pipe:\(feed.reading)", options: options) }
        #expect(cancelled.secondsSince() < 1)
        withExtendedLifetime(feed) {}
    }
}

/// When something happened on another thread.
private final class Moment: @unchecked Sendable {
    // Safe to share: locked.
    private let lock = NSLock()
    private var time: Double?

    func note() { lock.withLock { time = ProcessInfo.processInfo.systemUptime } }
    /// Infinite while it has not happened.
    func secondsSince() -> Double {
        lock.withLock { time.map { ProcessInfo.processInfo.systemUptime - $0 } ?? .infinity }
    }
}
