import Foundation
import Synchronization
import TestSupport
import Testing

/// Cameras and streams as the program sees them: real servers on loopback, small networks that lie in the repository.
@Suite("posestream run on live streams", .serialized, .timeLimit(.minutes(Hang.minutes)))
struct StreamTests {
    private let scratch: Scratch

    init() throws {
        scratch = try Scratch()
    }

    /// Networks whose weights know nothing: they see people everywhere, two at most are looked at.
    private let small = [
        "--set", "detect.model=\(Shared.fixture("networks/compact/detector.safetensors").path)", "--set",
        "pose.model=\(Shared.fixture("networks/compact/pose.safetensors").path)", "--set", "detect.max_people=2",
    ]

    private func start(_ arguments: [String], readsOutput: Bool = false) throws -> RunningProgram {
        try RunningProgram(
            [Program.posestream.url.path, "run"] + arguments + small, readsOutput: readsOutput, errors: scratch.path("errors"))
    }

    private func errors() -> String { (try? String(contentsOf: scratch.file("errors"), encoding: .utf8)) ?? "" }

    private func records(_ name: String) throws -> [[String: Any]] {
        try Data(contentsOf: scratch.file(name)).split(separator: UInt8(ascii: "\n"))
            .map { try #require(try JSONSerialization.jsonObject(with: $0) as? [String: Any]) }
    }

    /// Waits until the whole lines of a file are as wished.
    private func wait(for name: String, seconds: Double = 60, until isEnough: ([Substring]) -> Bool) throws {
        let deadline = ContinuousClock.now + .seconds(seconds * Sanitizer.patience)
        while ContinuousClock.now < deadline {
            if let text = try? String(contentsOf: scratch.file(name), encoding: .utf8), isEnough(text.split(separator: "\n")) { return }
            usleep(50_000)
        }
        Issue.record("\(name) did not get what was waited for: \(errors())")
    }

    private func made(_ name: String, _ arguments: [String]) throws -> URL {
        let result = try #require(Program(named: "ffmpeg")).run(["-v", "error", "-f", "lavfi"] + arguments + [scratch.path(name)])
        #expect(result.status == 0, "\(result.errors)")
        return scratch.file(name)
    }

    private func stream(seconds: Int) throws -> URL {
        try made(
            "stream-\(seconds).ts",
            ["-i", "testsrc2=s=160x120:r=25:d=\(seconds)", "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "12",
             "-pix_fmt", "yuv420p", "-muxdelay", "0"])
    }

    @Test("A camera over RTSP that is cut off, falls silent and returns: its lines go on, a gap line tells of each loss, and no password is told")
    func camera() throws {
        let camera = try RTSPServer(film: stream(seconds: 10), in: scratch) { number in
            switch number {
            case 0: (2, .cut)
            case 1: (2, .stall)
            default: (60, .nothing)
            }
        }
        let address = camera.url.replacingOccurrences(of: "//", with: "//me:secret@")
        let run = try start([address, "--timeout", "1.5", "--reconnect", "30", "-o", scratch.path("poses.ndjson")])
        try wait(for: "poses.ndjson") { lines in
            let gaps = lines.indices.filter { lines[$0].hasPrefix("{\"type\":\"gap\"") }
            return gaps.count == 2 && lines.count > gaps[1] + 10
        }
        run.signal(SIGINT)
        #expect(try run.wait(seconds: 20) == .exit(130))
        let lines = try records("poses.ndjson")
        let frames = lines.filter { $0["type"] as? String == "frame" }
        #expect(lines.filter { $0["type"] as? String == "gap" }.allSatisfy { $0["reason"] as? String == "reconnected" })
        for (before, after) in zip(frames, frames.dropFirst()) {
            // Every picture is a line or was counted as dropped.
            let (a, b) = (try #require(before["frame"] as? Int), try #require(after["frame"] as? Int))
            #expect(b - a - 1 == after["dropped"] as? Int)
            #expect(try #require(before["time"] as? Double) < (try #require(after["time"] as? Double)))
        }
        #expect(lines.last?["reason"] as? String == "interrupted" && lines.last?["frames"] as? Int == frames.count)
        let all = try String(contentsOf: scratch.file("poses.ndjson"), encoding: .utf8) + errors()
        #expect(!all.contains("secret") && errors().contains("connecting again"))
    }

    @Test("A source that stalls and one that cannot be opened hold nobody up; each says in an end line of its own how it ended")
    func stalledBesideOthers() throws {
        let data = try Data(contentsOf: stream(seconds: 10))
        let server = try ConnectionServer { connection in
            guard connection.number == 0 else { return connection.answer(Data(), status: "503 Service Unavailable") }
            connection.send("HTTP/1.0 200 OK\r\nContent-Type: video/mp2t\r\n\r\n")
            connection.send(data)
            sleep(8)
        }
        let begun = ContinuousClock.now
        let run = try start([
            server.url("stalled"), "no-such-film.mp4", "lavfi:testsrc2=size=160x120:rate=25:duration=8", "--timeout", "1.5", "--reconnect", "3",
            "-o", scratch.path("all.ndjson"),
        ])
        // The film is done while the other one is still waited for, or soon after.
        try wait(for: "all.ndjson") { lines in lines.contains { $0.contains("\"type\":\"end\",\"source\":\"lavfi\"") } }
        let filmEnded = ContinuousClock.now - begun
        #expect(try run.wait(seconds: 30) == .exit(69))
        #expect(filmEnded < .seconds(20), "\(filmEnded)")
        let lines = try records("all.ndjson")
        #expect(lines.first?["type"] as? String == "header")
        func end(_ source: String) -> [String: Any]? {
            lines.last { $0["type"] as? String == "end" && ($0["source"] as? String)?.contains(source) == true }
        }
        #expect(lines.count { $0["type"] as? String == "end" } == 3)
        #expect(end("lavfi")?["reason"] as? String == "eof" && end("lavfi")?["frames"] as? Int == 200)
        let stalled = try #require(end("stalled"))
        #expect(stalled["reason"] as? String == "error" && (stalled["error"] as? String)?.contains("stayed away") == true)
        let stalledLines = lines.count { $0["type"] as? String == "frame" && ($0["source"] as? String)?.contains("stalled") == true }
        #expect(stalled["frames"] as? Int == stalledLines && stalledLines > 0)
        let missing = try #require(end("no-such-film"))
        #expect(missing["frames"] as? Int == 0 && (missing["error"] as? String)?.contains("no such file") == true)
    }

    @Test("SIGINT ends also a source that was never reached and is tried again and again, beside one that runs")
    func interruptedWhileConnecting() throws {
        let run = try start([
            "http://127.0.0.1:\(freePort(datagrams: false))/never", "lavfi:testsrc2=size=160x120:rate=25", "--policy", "latest", "--retry",
            "--reconnect", "inf", "-o", scratch.path("all.ndjson"),
        ])
        try wait(for: "all.ndjson") { $0.count > 10 }
        run.signal(SIGINT)
        #expect(try run.wait(seconds: 10) == .exit(130))
        let ends = try records("all.ndjson").filter { $0["type"] as? String == "end" }
        #expect(ends.count == 2 && ends.allSatisfy { $0["reason"] as? String == "interrupted" })
    }

    @Test(
        "Seen from outside, a line comes at most one frame interval and the processing after its picture was sent, and latency_ms tells the truth",
        .enabled(if: !Sanitizer.isOn, Comment(rawValue: Sanitizer.distortsTime)))
    func latency() throws {
        let rate = 10.0
        let jpeg = try Data(contentsOf: made("one.jpg", ["-i", "testsrc2=s=160x120:r=25:d=1", "-frames:v", "1", "-pix_fmt", "yuvj420p"]))
        let sent = Moments()
        let camera = try ConnectionServer { connection in
            connection.send("HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace;boundary=x\r\n\r\n")
            let began = ContinuousClock.now
            for number in 0..<200 {
                while ContinuousClock.now < began + .seconds(Double(number) / rate) { usleep(1000) }
                guard connection.send("--x\r\nContent-Type: image/jpeg\r\nContent-Length: \(jpeg.count)\r\n\r\n"), connection.send(jpeg) else { return }
                sent.note()
                connection.send("\r\n")
            }
        }
        let run = try start([camera.url("camera.mjpg"), "--progress", "json"], readsOutput: true)
        var (outside, told): ([Double], [Double]) = ([], [])
        var rest = Data()
        let deadline = ContinuousClock.now + .seconds(40)
        while ContinuousClock.now < deadline, let more = run.output?.availableData, !more.isEmpty {
            let now = ContinuousClock.now
            rest += more
            while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                let line = try #require(try JSONSerialization.jsonObject(with: rest[..<end]) as? [String: Any])
                rest = Data(rest[rest.index(after: end)...])
                guard line["type"] as? String == "frame", let number = line["frame"] as? Int, let moment = sent.at(number) else { continue }
                outside.append((now - moment) / .milliseconds(1))
                told.append(try #require(line["latency_ms"] as? Double))
                if told.count == 70 { run.signal(SIGINT) }
            }
        }
        #expect(try run.wait(seconds: 20) == .exit(130))
        // The first pictures are looked at to learn what the stream holds, and the networks are planned meanwhile.
        let usual = outside.dropFirst(10).sorted()
        #expect(usual.count > 40, "\(errors())")
        let summary = try #require(try errors().split(separator: "\n").last.map { try JSONSerialization.jsonObject(with: Data($0.utf8)) } as? [String: Any])
        let stages = try #require(summary["stages"] as? [String: Double])
        let busy = ["detect", "flow", "pose", "track", "write"].reduce(0.0) { $0 + (stages[$1] ?? 0) }
        let processing = 1000 * busy / Double(try #require(summary["frames"] as? Int))
        // Nine in ten: the machine's own pauses are nobody's fault.
        #expect(usual[usual.count * 9 / 10] <= 1000 / rate + processing + 25, "\(usual.suffix(10)) ms, \(processing) ms of it processing")
        let differences = zip(outside, told).dropFirst(10).map { abs($0 - $1) }.sorted()
        #expect(differences[differences.count / 2] < 15, "\(differences.suffix(10)) ms")
        print("latency seen from outside: median \(usual[usual.count / 2]) ms, nine in ten below \(usual[usual.count * 9 / 10]) ms; processing \(processing) ms")
    }

    @Test(
        "A disk that fills up is 74; the records on it end with a whole line, and the film on another disk is finished",
        .enabled(if: SmallDisk.isPossible, Comment(rawValue: SmallDisk.impossible)))
    func fullDisk() throws {
        let disk = try #require(SmallDisk(kilobytes: 64))
        let result = try Program.posestream.run(
            ["run", "lavfi:testsrc2=size=160x120:rate=25:duration=60", "-o", disk.path + "/poses.ndjson", "-a", scratch.path("film.mp4")] + small,
            seconds: 60)
        #expect(result.status == 74, "\(result.errors)")
        #expect(result.errors.contains("poses.ndjson") && result.errors.contains("make room on the disk"))
        let data = try Data(contentsOf: URL(fileURLWithPath: disk.path + "/poses.ndjson"))
        #expect(data.last == UInt8(ascii: "\n") && data.count > 30_000)
        let frames = try data.split(separator: UInt8(ascii: "\n")).count {
            try #require(try JSONSerialization.jsonObject(with: $0) as? [String: Any])["type"] as? String == "frame"
        }
        let probe = try #require(Program(named: "ffprobe")).run([
            "-v", "error", "-count_frames", "-show_entries", "stream=nb_read_frames", "-of", "csv=p=0", scratch.path("film.mp4"),
        ])
        #expect(Int(probe.text.trimmingCharacters(in: .whitespacesAndNewlines)) == frames, "\(probe.errors)")
    }
}

/// When things happened, in order, on another thread.
private final class Moments: Sendable {
    private let all = Mutex<[ContinuousClock.Instant]>([])
    func note() { all.withLock { $0.append(.now) } }
    func at(_ index: Int) -> ContinuousClock.Instant? { all.withLock { $0.indices.contains(index) ? $0[index] : nil } }
}
