import Foundation
import TestSupport
import Testing

@Suite("posestream run on real clips", .enabled(if: Shared.isPresent, Comment(rawValue: Shared.absent)))
struct RunTests {
    private let scratch: Scratch

    init() throws {
        scratch = try Scratch()
    }

    private func records(_ data: Data) throws -> [[String: Any]] {
        try data.split(separator: UInt8(ascii: "\n")).map { try #require(try JSONSerialization.jsonObject(with: $0) as? [String: Any]) }
    }

    /// Number of pictures as ffprobe counts them.
    private func frameCount(_ path: String) throws -> Int {
        let ffprobe = try #require(Program(named: "ffprobe"))
        let result = try ffprobe.run([
            "-v", "error", "-select_streams", "v:0", "-count_frames", "-show_entries", "stream=nb_read_frames", "-of", "csv=p=0", path,
        ])
        return try #require(Int(result.text.split(whereSeparator: { !$0.isNumber }).first ?? ""))
    }

    @Test("A clip gives a header, a line for every frame and an end, and a film of as many frames with its sound")
    func wholeClip() throws {
        let clip = Shared.file("assets/video/three_dancers.mp4").path
        let result = try Program.posestream.run(
            [clip, "-o", scratch.path("poses.ndjson"), "--annotate", scratch.path("out.mp4")], environment: weights, seconds: 300)
        #expect(result.status == 0, "\(result.errors)")
        let lines = try records(Data(contentsOf: scratch.file("poses.ndjson")))
        let frames = lines.filter { $0["type"] as? String == "frame" }
        #expect(lines.first?["type"] as? String == "header")
        #expect(frames.count == 267)
        #expect(frames.map { $0["frame"] as? Int } == Array(0..<267))
        let end = try #require(lines.last)
        #expect(end["type"] as? String == "end" && end["reason"] as? String == "eof" && end["frames"] as? Int == 267)
        #expect(try frameCount(scratch.path("out.mp4")) == 267)
        let streams = try #require(Program(named: "ffprobe")).run([
            "-v", "error", "-show_entries", "stream=codec_name,pix_fmt", "-of", "csv=p=0", scratch.path("out.mp4"),
        ]).text
        #expect(streams.contains("h264") && streams.contains("yuv420p") && streams.contains("aac"))
    }

    @Test("Two runs over one clip write the same frame lines, whatever the number of threads")
    func determinism() throws {
        let clip = Shared.file("assets/video/tud_campus.mp4").path
        let frames = try [1, 2, 3].map { threads in
            let result = try Program.posestream.run([clip, "--threads", "\(threads)"], environment: weights, seconds: 120)
            #expect(result.status == 0, "\(result.errors)")
            return result.lines.filter { $0.hasPrefix("{\"type\":\"frame\"") }
        }
        #expect(frames[0].count == 71)
        #expect(frames[0] == frames[1] && frames[1] == frames[2])
    }

    @Test("A clip on standard input gives the frame lines of the file, also with the index at its end")
    func standardInput() throws {
        let clip = Shared.file("assets/video/tud_campus.mp4")
        let fromFile = try Program.posestream.run([clip.path], environment: weights)
        let fromPipe = try Program.posestream.run(["-"], input: Data(contentsOf: clip), environment: weights)
        #expect(fromPipe.status == 0, "\(fromPipe.errors)")
        let frames = { (result: Program.Result) in result.lines.filter { $0.hasPrefix("{\"type\":\"frame\"") } }
        #expect(frames(fromPipe) == frames(fromFile) && !frames(fromFile).isEmpty)
    }

    @Test("A film that was cut off gives the frames up to the cut, says so, and ends with 0, or 65 with --strict")
    func truncated() throws {
        let whole = try Data(contentsOf: Shared.file("assets/video/vfr_campus.mkv"))
        try whole.prefix(whole.count * 6 / 10).write(to: scratch.file("cut.mkv"))
        let result = try Program.posestream.run([scratch.path("cut.mkv")], environment: weights)
        let frames = result.lines.count { $0.hasPrefix("{\"type\":\"frame\"") }
        #expect(result.status == 0)
        #expect(try frames == frameCount(scratch.path("cut.mkv")) && frames > 20)
        #expect(result.errors.contains("warning"))
        #expect(result.lines.last?.contains("\"reason\":\"eof\"") == true)
        let strict = try Program.posestream.run([scratch.path("cut.mkv"), "--strict"], environment: weights)
        #expect(strict.status == 65)
        #expect(strict.lines.last?.contains("\"reason\":\"error\"") == true)
    }

    @Test("SIGINT finishes the outputs, says interrupted and exits with 130")
    func interrupted() throws {
        let clip = Shared.file("assets/video/one_by_one.mp4").path
        let timeout = try #require(Program(named: "timeout"))
        let result = try timeout.run(
            [
                "--signal=INT", "\(3 * Sanitizer.patience)", Program.posestream.url.path, clip, "-o", scratch.path("poses.ndjson"), "--annotate",
                scratch.path("out.mp4"),
            ], environment: weights, seconds: 60)
        // timeout itself says 124 when it had to send the signal.
        #expect(result.status == 124 || result.status == 130)
        let lines = try records(Data(contentsOf: scratch.file("poses.ndjson")))
        #expect(lines.last?["reason"] as? String == "interrupted")
        let frames = lines.count { $0["type"] as? String == "frame" }
        #expect(frames > 0 && lines.last?["frames"] as? Int == frames)
        #expect(try frameCount(scratch.path("out.mp4")) == frames)
    }

    @Test("A reader that closes the pipe ends the run with 0 and the video is finished")
    func closedPipe() throws {
        let bash = try #require(Program(named: "bash"))
        let clip = Shared.file("assets/video/tud_stadtmitte.mp4").path
        let result = try bash.run(
            ["-c", "set -o pipefail; \"$0\" \"$1\" -o - --annotate \"$2\" | head -n 5", Program.posestream.url.path, clip, scratch.path("out.mp4")],
            environment: weights, seconds: 60)
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.lines.count == 5)
        #expect(try frameCount(scratch.path("out.mp4")) >= 4)
    }

    @Test("Who stops reading the annotated video from a pipe ends the run with 0, and the records are finished")
    func closedVideoPipe() throws {
        let bash = try #require(Program(named: "bash"))
        let result = try bash.run(
            [
                "-c", "set -o pipefail; \"$0\" \"$1\" -a - --format matroska -o \"$2\" | head -c 20000 >/dev/null", Program.posestream.url.path,
                Shared.file("assets/video/tud_stadtmitte.mp4").path, scratch.path("poses.ndjson"),
            ], environment: weights, seconds: 60)
        #expect(result.status == 0, "\(result.errors)")
        #expect(try records(Data(contentsOf: scratch.file("poses.ndjson"))).last?["reason"] as? String == "output-closed")
    }

    @Test("Sound that the container cannot hold is left out with a warning")
    func soundLeftOut() throws {
        let second = try #require(Program(named: "ffmpeg")).run([
            "-v", "error", "-t", "1", "-i", Shared.file("assets/video/three_dancers.mp4").path, "-c", "copy", scratch.path("second.mp4"),
        ])
        #expect(second.status == 0)
        let result = try Program.posestream.run([scratch.path("second.mp4"), "--annotate", scratch.path("out.webm")], environment: weights)
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.errors.contains("warning") && result.errors.contains("sound (aac) left out"))
    }

    @Test("A full disk is 74 and every line that was written is whole")
    func fullDisk() throws {
        let result = try Program.posestream.run(
            [Shared.file("assets/video/tud_campus.mp4").path, "-o", "/dev/full"], environment: weights)
        #expect(result.status == 74, "\(result.errors)")
        #expect(result.errors.contains("/dev/full"))
    }

    @Test("The header record holds a pipeline that is valid input")
    func headerPipelineIsValid() throws {
        let result = try Program.posestream.run([Shared.file("assets/video/rotated_90.mp4").path], environment: weights)
        let header = try #require(try records(result.output).first)
        let source = try #require(header["source"] as? [String: Any])
        #expect(source["width"] as? Int == 480 && source["height"] as? Int == 640)
        let pipeline = try JSONSerialization.data(withJSONObject: try #require(header["pipeline"]))
        // JSON is YAML.
        try pipeline.write(to: scratch.file("again.yaml"))
        let again = try Program.posestream.run(["--print-pipeline", "--pipeline", scratch.path("again.yaml")], environment: weights)
        // The header names the networks that `auto` came down to, and what suits them.
        let settings = ["detect.model=yolox-nano", "detect.nms=0.65", "pose.model=pp-tinypose-256x192", "pose.decoder=quarter", "track.high_box=1"]
        let direct = try Program.posestream.run(["--print-pipeline"] + settings.flatMap { ["--set", $0] }, environment: weights)
        #expect(again.text == direct.text && again.status == 0)
    }
}
