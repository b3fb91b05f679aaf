import Diagnostics
import Foundation
import Media
import TestSupport
import Testing

/// Real servers on loopback, each bounded in time.
@Suite("Network sources", .serialized, .timeLimit(.minutes(Hang.minutes)))
struct NetworkTests {
    private func options(timeout: Double = 3, reconnect: Double = 0) -> SourceOptions {
        var options = SourceOptions()
        options.networkTimeout = timeout
        options.reconnectFor = reconnect
        return options
    }

    /// Answers as a web server does, with ranges.
    private func fileServer(_ file: URL, cutting: Int = 0) throws -> ConnectionServer {
        let data = try Data(contentsOf: file)
        return try ConnectionServer { connection in
            let start = min(connection.rangeStart, data.count)
            connection.send(
                "HTTP/1.1 206 Partial Content\r\nAccept-Ranges: bytes\r\nContent-Length: \(data.count - start)\r\n"
                    + "Content-Range: bytes \(start)-\(data.count - 1)/\(data.count)\r\nConnection: close\r\n\r\n")
            let rest = data[(data.startIndex + start)...]
            connection.send(connection.number < cutting ? rest.prefix(40_000) : rest)
        }
    }

    @Test("A film on a web server is no live source, and all of it comes, also when the connection breaks twice")
    func film() throws {
        let server = try fileServer(Clips.make("base.mkv"), cutting: 2)
        let source = try openSource(server.url("base.mkv"), options: options(timeout: 10))
        #expect(!source.description.isLive && source.description.name == "127.0.0.1:\(server.port)")
        #expect(try countFrames(source) == 100)
        #expect(server.connections > 2)
    }

    @Test("A film whose server goes away for good is an error, not a short film")
    func filmWithoutEnd() throws {
        let data = try Data(contentsOf: Clips.make("base.mkv"))
        let server = try ConnectionServer { connection in
            guard connection.number == 0 else { return connection.answer(Data(), status: "503 Service Unavailable") }
            connection.send("HTTP/1.1 200 OK\r\nAccept-Ranges: bytes\r\nContent-Length: \(data.count)\r\nConnection: close\r\n\r\n")
            connection.send(data.prefix(data.count / 2))
        }
        let source = try openSource(server.url("base.mkv"), options: options(timeout: 10))
        var count = 0
        let failure = #expect(throws: Failure.self) { while try source.next() != nil { count += 1 } }
        #expect(failure?.kind == .unavailable)
        #expect(count > 20 && count < 100, "what came before is given first")
    }

    @Test("A server that is silent, refuses or knows nothing is told in time, without the password", arguments: ["silent", "refused", "404"])
    func unreachable(kind: String) throws {
        let server = try ConnectionServer { connection in
            if kind == "silent" { sleep(5) } else { connection.answer(Data(), status: "404 Not Found") }
        }
        var port = server.port
        if kind == "refused" {
            server.close()
            port = freePort(datagrams: false)
        }
        let start = ContinuousClock.now
        let failure = #expect(throws: Failure.self) {
            _ = try openSource("http://admin:secret@127.0.0.1:\(port)/x?token=hidden", options: options(timeout: 1.5))
        }
        #expect(failure?.kind == .unavailable)
        #expect(ContinuousClock.now - start < .seconds(4))
        let line = failure?.description ?? ""
        #expect(line.contains("127.0.0.1") && !line.contains("secret") && !line.contains("hidden") && !line.contains("admin"), "\(line)")
    }

    @Test("A playlist on a web server cannot reach files or protocols that were not asked for",
          arguments: ["file:///etc/passwd", "file://SEGMENT", "concat:SEGMENT|SEGMENT", "subfile,,start,0,end,9000,,:SEGMENT", "cache:file:SEGMENT"])
    func hostilePlaylist(entry: String) throws {
        let segment = try Clips.make("av.ts")
        let list = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n\(entry.replacingOccurrences(of: "SEGMENT", with: segment.path))\n#EXT-X-ENDLIST\n"
        let server = try ConnectionServer { connection in connection.answer(Data(list.utf8), type: "application/vnd.apple.mpegurl") }
        let failure = #expect(throws: Failure.self) { _ = try openSource(server.url("x.m3u8"), options: options()) }
        #expect(failure != nil)
    }

    @Test("A complete playlist is a film: all pictures come, nothing is repeated")
    func completePlaylist() throws {
        let segment = try Data(contentsOf: Clips.make("av.ts"))
        let server = try ConnectionServer { connection in
            if connection.path.hasSuffix(".m3u8") {
                connection.answer(Data("#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\na.ts\n#EXT-X-ENDLIST\n".utf8), type: "application/vnd.apple.mpegurl")
            } else {
                connection.answer(segment, type: "video/mp2t")
            }
        }
        let source = try openSource(server.url("x.m3u8"), options: options(reconnect: 5))
        #expect(!source.description.isLive)
        #expect(try countFrames(source) == 50)
    }

    @Test("A playlist that is still being written is live, comes at its own pace and ends when it says so")
    func growingPlaylist() throws {
        let segment = try Data(contentsOf: Clips.make("av.ts"))
        let start = ContinuousClock.now
        let server = try ConnectionServer { connection in
            guard connection.path.hasSuffix(".m3u8") else { return connection.answer(segment, type: "video/mp2t") }
            let isComplete = ContinuousClock.now - start > .seconds(3)
            let list = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:2,\na.ts\n" + (isComplete ? "#EXT-X-ENDLIST\n" : "")
            connection.answer(Data(list.utf8), type: "application/vnd.apple.mpegurl")
        }
        let source = try openSource(server.url("x.m3u8"), options: options(reconnect: 5))
        #expect(source.description.isLive)
        let first = ContinuousClock.now
        #expect(try countFrames(source) == 50)
        #expect(ContinuousClock.now - first > .seconds(1.8), "50 pictures at 25 a second")
    }

    /// A camera over HTTP without an end: the pictures of a transport stream, ten seconds of them, at the pace that `rate` bytes allow.
    ///
    /// - Parameter inChunks: whether the end can be told from a connection that broke: a plain answer without a length only stops.
    private static func play(_ data: Data, to connection: ConnectionServer.Connection, seconds: Double, inChunks: Bool = false) {
        connection.send("HTTP/1.\(inChunks ? 1 : 0) 200 OK\r\nContent-Type: video/mp2t\r\n\(inChunks ? "Transfer-Encoding: chunked\r\n" : "")\r\n")
        let end = ContinuousClock.now + .seconds(seconds)
        var place = 0
        while ContinuousClock.now < end, place < data.count {
            let part = data[place..<min(place + 1880, data.count)]
            let chunk = inChunks ? Data("\(String(part.count, radix: 16))\r\n".utf8) + part + Data("\r\n".utf8) : part
            guard connection.send(chunk) else { return }
            place += 1880
            usleep(10_000)
        }
        if inChunks { connection.send("0\r\n\r\n") }
    }

    @Test("A stream that stalls, dies and returns goes on with its frame numbers, its time and a gap")
    func stallsDiesReturns() throws {
        let data = try Data(contentsOf: Clips.make("stream.ts"))
        let phase = Phase()
        let server = try ConnectionServer { connection in
            switch phase.next() {
            case .first:  // stalls: the connection stays open and nothing comes
                Self.play(data, to: connection, seconds: 2)
                sleep(4)
            case .away: connection.answer(Data(), status: "503 Service Unavailable")
            case .back: Self.play(data, to: connection, seconds: 2, inChunks: true)
            }
        }
        var options = options(timeout: 1, reconnect: 10)
        let said = Lines()
        options.report = { said.add($0) }
        let source = try openSource("http://me:secret@127.0.0.1:\(server.port)/live", options: options)
        #expect(source.description.isLive)
        var frames: [VideoFrame] = []
        // The last connection ends in order, with the empty chunk, which ends the stream.
        while let frame = try source.next() { frames.append(frame) }
        #expect(frames.map(\.index) == Array(0..<frames.count))
        #expect(zip(frames, frames.dropFirst()).allSatisfy { $0.time < $1.time && ($0.pts ?? 0) < ($1.pts ?? 1) })
        let gaps = frames.compactMap(\.live?.gap)
        #expect(gaps.count == 1 && gaps.first?.reason == .reconnected)
        let after = try #require(frames.firstIndex { $0.live?.gap != nil })
        let gap = try #require(gaps.first)
        #expect(gap.seconds > 1 && gap.seconds < 10)
        #expect(abs(frames[after].time - frames[after - 1].time - gap.seconds) < 1e-9 && gap.time == frames[after - 1].time)
        #expect(after > 10 && frames.count - after > 10)
        #expect(source.statistics.decoded >= frames.count)
        #expect(said.all.contains { $0.contains("connecting again") } && said.all.contains { $0.contains("connected again") })
        #expect(!said.all.joined().contains("secret"))
    }

    @Test("A camera that stays away is given up after the time that was allowed, and waiting for it can be ended at once")
    func staysAway() throws {
        let jpeg = try Data(contentsOf: Clips.make("one.jpg"))
        let server = try ConnectionServer { connection in
            guard connection.number == 0 else { return }
            connection.send("HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace;boundary=x\r\n\r\n")
            for _ in 0..<20 {
                connection.send("--x\r\nContent-Type: image/jpeg\r\nContent-Length: \(jpeg.count)\r\n\r\n")
                connection.send(jpeg)
                connection.send("\r\n")
                usleep(20_000)
            }
        }
        let start = ContinuousClock.now
        let source = try openSource(server.url("camera.mjpg"), options: options(timeout: 1, reconnect: 2))
        var count = 0
        let failure = #expect(throws: Failure.self) { while try source.next() != nil { count += 1 } }
        #expect(failure?.kind == .unavailable && failure?.exitCode == 69)
        #expect(count >= 15)
        #expect(ContinuousClock.now - start < .seconds(10))

        let other = try camera(jpeg)
        let again = try openSource(other.url("camera.mjpg"), options: options(timeout: 1, reconnect: 60))
        Thread.detachNewThread { [box = Unchecked(again)] in
            usleep(1_500_000)
            box.value.cancel()
        }
        let waiting = ContinuousClock.now
        while try again.next() != nil {}
        #expect(ContinuousClock.now - waiting < .seconds(4))
        withExtendedLifetime(other) {}
    }

    private func camera(_ jpeg: Data) throws -> ConnectionServer {
        try ConnectionServer { connection in
            guard connection.number == 0 else { return }
            connection.send("HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace;boundary=x\r\n\r\n")
            for _ in 0..<10 {
                connection.send("--x\r\nContent-Type: image/jpeg\r\nContent-Length: \(jpeg.count)\r\n\r\n")
                connection.send(jpeg)
                connection.send("\r\n")
            }
        }
    }

    @Test(
        "A transport stream over UDP is read, and its silence is its end",
        .enabled(if: !Sanitizer.isOn, "FFmpeg cancels its UDP thread in the middle of a call, which ends ThreadSanitizer"))
    func udp() throws {
        let port = freePort(datagrams: true)
        let sender = try Background(
            Tool.quiet + ["-re", "-i", Clips.make("stream.ts").path, "-t", "3", "-c", "copy", "-f", "mpegts", "udp://127.0.0.1:\(port)?pkt_size=1316"],
            seconds: 20)
        let source = try openSource("udp://127.0.0.1:\(port)", options: options(timeout: 4))
        #expect(source.description.isLive)
        var count = 0
        let failure = #expect(throws: Failure.self) { while try source.next() != nil { count += 1 } }
        #expect(failure?.kind == .unavailable)
        #expect(count > 30)
        withExtendedLifetime(sender) {}
    }

    @Test(
        "SRT: a sender that calls us, and one that we call, are read; one that falls silent or is not there ends in time",
        .enabled(if: hasSRT, "this FFmpeg lacks SRT"), arguments: ["listener", "caller"])
    func srt(mode: String) throws {
        let port = freePort(datagrams: true)
        let clip = try Clips.make("stream.ts")
        let other = mode == "listener" ? "caller" : "listener"
        let sender = Unchecked<Background?>(nil)
        Thread.detachNewThread {
            // Who calls comes later.
            usleep(mode == "listener" ? 700_000 : 0)
            sender.value = try? Background(
                Tool.quiet + ["-re", "-i", clip.path, "-t", "4", "-c", "copy", "-f", "mpegts", "srt://127.0.0.1:\(port)?mode=\(other)"], seconds: 20)
        }
        if mode == "caller" { usleep(700_000) }
        let source = try openSource("srt://127.0.0.1:\(port)?mode=\(mode)", options: options(timeout: 4))
        #expect(source.description.isLive && source.description.width == 320)
        var count = 0
        let failure = #expect(throws: Failure.self) { while try source.next() != nil { count += 1 } }
        #expect(failure?.kind == .unavailable)
        #expect(count > 60, "\(count)")
        withExtendedLifetime(sender.value) {}

        let start = ContinuousClock.now
        let nobody = #expect(throws: Failure.self) {
            _ = try openSource("srt://127.0.0.1:\(freePort(datagrams: true))?mode=caller", options: options(timeout: 1.5))
        }
        #expect(nobody?.kind == .unavailable && ContinuousClock.now - start < .seconds(5))
    }

    private static let hasSRT = (try? Tool.run(["ffmpeg", "-hide_banner", "-protocols"])).map {
        String(decoding: $0, as: UTF8.self).contains("srt\n")
    } ?? false

    @Test("RTSP: a camera that publishes to us is read; a server that is silent ends in time")
    func rtsp() throws {
        let port = freePort(datagrams: false)
        let clip = try Clips.make("base.mp4")
        let publisher = Unchecked<Background?>(nil)
        Thread.detachNewThread {
            usleep(700_000)
            publisher.value = try? Background(
                Tool.quiet + ["-re", "-i", clip.path, "-c", "copy", "-rtsp_transport", "tcp", "-f", "rtsp", "rtsp://127.0.0.1:\(port)/x"], seconds: 20)
        }
        var listening = options(timeout: 6)
        listening.formatOptions["rtsp_flags"] = "listen"
        let source = try openSource("rtsp://127.0.0.1:\(port)/x", options: listening)
        #expect(source.description.isLive)
        var count = 0
        #expect(throws: Failure.self) { while try source.next() != nil { count += 1 } }
        #expect(count == 100)
        withExtendedLifetime(publisher.value) {}

        let silent = try ConnectionServer { _ in sleep(4) }
        let start = ContinuousClock.now
        let failure = #expect(throws: Failure.self) {
            _ = try openSource("rtsp://user:secret@127.0.0.1:\(silent.port)/x", options: options(timeout: 1))
        }
        #expect(failure?.kind == .unavailable && ContinuousClock.now - start < .seconds(3))
        #expect(failure?.description.contains("secret") == false)
    }

    @Test("A camera that speaks RTSP: lost when it cuts the connection, lost when it falls silent, back each time")
    func rtspCamera() throws {
        let scratch = try Scratch()
        let camera = try RTSPServer(film: Clips.make("stream.ts"), in: scratch) { number in
            switch number {
            case 0: (2, .cut)
            case 1: (2, .stall)
            default: (60, .nothing)
            }
        }
        var options = options(timeout: 1.5, reconnect: 20)
        let said = Lines()
        options.report = { said.add($0) }
        let source = try openSource(camera.url.replacingOccurrences(of: "//", with: "//me:secret@"), options: options)
        #expect(source.description.isLive && source.description.width == 320)
        var frames: [VideoFrame] = []
        while let frame = try source.next() {
            frames.append(frame)
            let gaps = frames.count { $0.live?.gap != nil }
            if gaps == 2, frames.suffix(20).allSatisfy({ $0.live?.gap == nil }) { break }
        }
        source.cancel()
        let gaps = frames.compactMap(\.live?.gap)
        #expect(gaps.map(\.reason) == [.reconnected, .reconnected])
        #expect(gaps.allSatisfy { $0.seconds > 0.3 && $0.seconds < 15 } && (gaps.last?.seconds ?? 0) > 1.5)
        #expect(frames.map(\.index) == Array(0..<frames.count))
        #expect(zip(frames, frames.dropFirst()).allSatisfy { $0.time < $1.time })
        #expect(frames.count > 60)
        #expect(!said.all.joined().contains("secret") && said.all.count == 4, "\(said.all)")
    }

    @Test("A first connection is tried again when that is wished for")
    func retriesFirst() throws {
        let port = freePort(datagrams: false)
        let data = try Data(contentsOf: Clips.make("stream.ts"))
        let late = Unchecked<ConnectionServer?>(nil)
        Thread.detachNewThread {
            sleep(1)
            late.value = try? ConnectionServer(port: port) { Self.play(data, to: $0, seconds: 1) }
        }
        var options = options(timeout: 2, reconnect: 8)
        options.retriesFirstConnection = true
        let source = try openSource("http://127.0.0.1:\(port)/live", options: options)
        #expect(try source.next() != nil)
        source.cancel()
        withExtendedLifetime(late.value) {}
    }
}

/// Hands a value to another thread of a test, or back from it.
final class Unchecked<Value>: @unchecked Sendable {
    // Safe to share: locked; what the value itself allows is the test's matter.
    private let lock = NSLock()
    private var held: Value

    var value: Value {
        get { lock.withLock { held } }
        set { lock.withLock { held = newValue } }
    }

    init(_ value: Value) { held = value }
}

/// A server that plays once, is away for a while after its first client came, and plays again.
private final class Phase: @unchecked Sendable {
    // Safe to share: locked.
    enum Kind { case first, away, back }
    private let lock = NSLock()
    private var began: ContinuousClock.Instant?

    func next() -> Kind {
        lock.withLock {
            guard let began else {
                began = .now
                return .first
            }
            return ContinuousClock.now - began < .seconds(5) ? .away : .back
        }
    }
}

/// Lines that other threads add.
final class Lines: @unchecked Sendable {
    // Safe to share: locked.
    private let lock = NSLock()
    private var lines: [String] = []
    func add(_ line: String) { lock.withLock { lines.append(line) } }
    var all: [String] { lock.withLock { lines } }
}
