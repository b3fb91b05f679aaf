import Foundation
import TestSupport
import Testing

@Suite("How runs end", .serialized, .timeLimit(.minutes(Hang.minutes)), .enabled(if: Shared.isPresent, Comment(rawValue: Shared.absent)))
struct EndingTests {
    private let scratch: Scratch

    init() throws {
        scratch = try Scratch()
    }

    /// A camera without an end: pictures at 25 a second.
    private let camera = ["lavfi:testsrc2=size=160x120:rate=25", "--policy", "latest"]

    private func start(_ arguments: [String]) throws -> RunningProgram {
        try RunningProgram([Program.posestream.url.path] + arguments, environment: weights)
    }

    private func records(_ name: String) throws -> [[String: Any]] {
        try Data(contentsOf: scratch.file(name)).split(separator: UInt8(ascii: "\n"))
            .map { try #require(try JSONSerialization.jsonObject(with: $0) as? [String: Any]) }
    }

    private func frameCount(_ path: String) throws -> Int {
        let result = try #require(Program(named: "ffprobe")).run([
            "-v", "error", "-select_streams", "v:0", "-count_frames", "-show_entries", "stream=nb_read_frames", "-of", "csv=p=0", path,
        ])
        return try #require(Int(result.text.split(whereSeparator: { !$0.isNumber }).first ?? ""))
    }

    /// Waits until a file has so many lines.
    private func waitForLines(_ count: Int, in name: String) throws {
        let deadline = ContinuousClock.now + .seconds(30)
        while ContinuousClock.now < deadline {
            if let data = try? Data(contentsOf: scratch.file(name)), data.count(where: { $0 == UInt8(ascii: "\n") }) >= count { return }
            usleep(50_000)
        }
        Issue.record("\(name) did not get \(count) lines")
    }

    @Test("SIGINT and SIGTERM finish records and film, and say so in the exit code", arguments: [(SIGINT, 130), (SIGTERM, 143)] as [(Int32, Int32)])
    func signals(number: Int32, code: Int32) throws {
        let run = try start(camera + ["-o", scratch.path("poses.ndjson"), "-a", scratch.path("out.mp4")])
        try waitForLines(20, in: "poses.ndjson")
        run.signal(number)
        #expect(try run.wait(seconds: 20) == .exit(code))
        let lines = try records("poses.ndjson")
        let frames = lines.count { $0["type"] as? String == "frame" }
        #expect(lines.last?["reason"] as? String == "interrupted" && lines.last?["frames"] as? Int == frames)
        #expect(try frameCount(scratch.path("out.mp4")) == frames)
    }

    @Test("A SIGINT while the program starts is not lost")
    func atTheStart() throws {
        for moment in 0..<30 {
            let run = try start(camera + ["-o", scratch.path("poses\(moment).ndjson")])
            usleep(UInt32(Double(4000 * moment) * Sanitizer.patience))
            run.signal(SIGINT)
            let ending = try run.wait(seconds: 20)
            #expect(ending == .signal(SIGINT) || ending == .exit(130), "after \(4 * moment) ms")
        }
    }

    @Test("A second SIGINT ends at once, also when an output takes nothing any more")
    func twice() throws {
        let fifo = scratch.path("nobody")
        mkfifo(fifo, 0o600)
        // Opened and never read: after 64 kB every write waits for ever.
        let reader = open(fifo, O_RDWR)
        defer { close(reader) }
        let run = try start(["lavfi:testsrc2=size=160x120:rate=25:duration=10000", "-o", fifo])
        let deadline = ContinuousClock.now + .seconds(60 * Sanitizer.patience)
        var (waiting, before): (Int32, Int32) = (0, -1)
        // Full is a pipe that holds much and takes no more.
        while waiting < 50_000 || waiting != before, ContinuousClock.now < deadline {
            before = waiting
            usleep(1_000_000)
            _ = ioctl(reader, UInt(FIONREAD), &waiting)
        }
        run.signal(SIGINT)
        #expect(throws: Program.TimedOut.self) { try run.wait(seconds: 1.5, killing: false) }
        run.signal(SIGINT)
        #expect(try run.wait(seconds: 5) == .signal(SIGINT))
    }

    @Test("kill -9 leaves whole lines and a film that plays", arguments: ["mp4", "mkv"])
    func killed(container: String) throws {
        let run = try start(camera + ["-o", scratch.path("poses.ndjson"), "-a", scratch.path("out.\(container)")])
        try waitForLines(100, in: "poses.ndjson")
        run.signal(SIGKILL)
        #expect(try run.wait(seconds: 5) == .signal(SIGKILL))
        let lines = try records("poses.ndjson")
        #expect(lines.last?["type"] as? String == "frame")
        // All but the fragment that was in work: one second, and what the encoder held.
        #expect(try frameCount(scratch.path("out.\(container)")) > 20)
    }

    @Test("Who stops watching the film on standard output ends the run with 0 and finished records")
    func watcherGone() throws {
        let bash = try #require(Program(named: "bash"))
        let result = try bash.run(
            ["-c", "set -o pipefail; \"$0\" \"$@\" | head -c 30000 > /dev/null", Program.posestream.url.path] + camera
                + ["-a", "-", "--format", "mpegts", "-o", scratch.path("poses.ndjson")], environment: weights, seconds: 60)
        #expect(result.status == 0, "\(result.errors)")
        #expect(try records("poses.ndjson").last?["reason"] as? String == "output-closed")
    }

    @Test("A film on standard output can be watched while it is made", arguments: ["matroska", "mpegts"])
    func streamed(format: String) throws {
        let bash = try #require(Program(named: "bash"))
        let result = try bash.run(
            [
                "-c", "set -o pipefail; \"$0\" \"$@\" | ffprobe -v error -count_frames -show_entries stream=codec_name,nb_read_frames -of csv=p=0 -",
                Program.posestream.url.path, "lavfi:testsrc2=size=160x120:rate=25:duration=2", "-a", "-", "--format", format, "-o",
                scratch.path("poses.ndjson"),
            ], environment: weights, seconds: 60)
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.text.contains("h264,50"), "\(result.text)")
    }

    @Test("A display that closes is a camera that went away: 69 after the retries, with finished outputs",
          .enabled(if: VirtualDisplay.isPossible, Comment(rawValue: VirtualDisplay.absent)))
    func displayCloses() throws {
        let display = try VirtualDisplay(width: 160, height: 120)
        let run = try start([
            "x11grab:\(display.name)", "--device-rate", "25", "--timeout", "1", "--reconnect", "1", "-o", scratch.path("poses.ndjson"), "-a",
            scratch.path("out.mp4"),
        ])
        try waitForLines(20, in: "poses.ndjson")
        display.close()
        #expect(try run.wait(seconds: 20) == .exit(69))
        let lines = try records("poses.ndjson")
        #expect(lines.last?["reason"] as? String == "error" && (lines.last?["error"] as? String)?.contains("stayed away") == true)
        #expect(try frameCount(scratch.path("out.mp4")) == lines.count { $0["type"] as? String == "frame" })
    }

    @Test("An encoder that is not here is named, and those that are; quality and preset reach it")
    func encoders() throws {
        let missing = try Program.posestream.run(
            camera + ["-a", scratch.path("a.mp4"), "--encoder", "h264_of_nobody"], environment: weights)
        #expect(missing.status == 69 && missing.errors.contains("h264_of_nobody") && missing.errors.contains("this FFmpeg has"), "\(missing.errors)")
        let film = ["lavfi:testsrc2=size=320x240:rate=25:duration=1"]
        let sizes = try ["18", "45"].map { quality in
            let path = scratch.path("q\(quality).mp4")
            let result = try Program.posestream.run(film + ["-a", path, "--quality", quality, "--preset", "superfast"], environment: weights)
            #expect(result.status == 0, "\(result.errors)")
            return try Data(contentsOf: URL(fileURLWithPath: path)).count
        }
        #expect(sizes[0] > 2 * sizes[1])
        let wrong = try Program.posestream.run(film + ["-a", scratch.path("b.mp4"), "--preset", "hurry"], environment: weights)
        #expect(wrong.status == 64 && wrong.errors.contains("veryfast"))
    }
}
