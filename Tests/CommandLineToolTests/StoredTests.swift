import Foundation
import TestSupport
import Testing

@Suite("Stored records drawn and linked again", .enabled(if: Shared.isPresent, Comment(rawValue: Shared.absent)))
struct StoredTests {
    private let scratch: Scratch

    init() throws {
        scratch = try Scratch()
    }

    /// Every picture and packet of a film as ffmpeg hashes it, with its times.
    private func content(_ path: String) throws -> [Substring] {
        let ffmpeg = try #require(Program(named: "ffmpeg"))
        let result = try ffmpeg.run(["-v", "error", "-i", path, "-map", "0", "-c:a", "copy", "-f", "framemd5", "-"])
        #expect(result.status == 0, "\(result.errors)")
        return result.lines
    }

    private func run(_ arguments: [String], status: Int32 = 0, input: Data = Data(), at location: SourceLocation = #_sourceLocation) throws -> Program.Result {
        let result = try Program.posestream.run(arguments, input: input, environment: weights, seconds: 120)
        #expect(result.status == status, "\(arguments): \(result.errors)", sourceLocation: location)
        return result
    }

    private func frames(_ file: URL) throws -> [Substring] {
        String(decoding: try Data(contentsOf: file), as: UTF8.self).split(separator: "\n").filter { $0.hasPrefix("{\"type\":\"frame\"") }
    }

    @Test("render gives the film that --annotate gives, picture for picture, with its sound, also of a part", arguments: [[], ["--from", "1.5", "--to", "2.5", "--every", "2"]])
    func render(part: [String]) throws {
        let clip = scratch.path("clip.mp4")
        let cut = try #require(Program(named: "ffmpeg")).run([
            "-v", "error", "-t", "3", "-i", Shared.file("assets/video/three_dancers.mp4").path, "-c", "copy", clip,
        ])
        #expect(cut.status == 0)
        // Without loss: Debian's libx264 gives other bits from run to run, also from the same pictures.
        let exact = ["--encoder", "ffv1"]
        _ = try run([clip, "-o", scratch.path("poses.ndjson"), "-a", scratch.path("annotated.mkv")] + exact + part)
        _ = try run(["render", scratch.path("poses.ndjson"), "--video", clip, "-o", scratch.path("rendered.mkv")] + exact)
        let (annotated, rendered) = (try content(scratch.path("annotated.mkv")), try content(scratch.path("rendered.mkv")))
        #expect(annotated == rendered)
        #expect(annotated.contains { $0.hasPrefix("1,") }, "there is sound")
        let pictures = annotated.count { $0.hasPrefix("0,") }
        #expect(try pictures == frames(scratch.file("poses.ndjson")).count && pictures > 10)
    }

    @Test("render refuses records of another video, an output that exists, and damaged records")
    func renderRefusals() throws {
        let clip = Shared.file("assets/video/tud_campus.mp4").path
        _ = try run([clip, "-o", scratch.path("poses.ndjson"), "--to", "0.4"])
        let other = try run(
            ["render", scratch.path("poses.ndjson"), "--video", Shared.file("assets/video/three_dancers.mp4").path, "-o", scratch.path("a.mp4")], status: 65)
        #expect(other.errors.contains("the records are of"))
        #expect(!FileManager.default.fileExists(atPath: scratch.path("a.mp4")))
        try Data().write(to: scratch.file("there.mp4"))
        _ = try run(["render", scratch.path("poses.ndjson"), "--video", clip, "-o", scratch.path("there.mp4")], status: 73)
        _ = try run(["render", scratch.path("none.ndjson"), "--video", clip, "-o", scratch.path("b.mp4")], status: 66)
        _ = try run(["render", clip, "--video", clip, "-o", scratch.path("b.mp4")], status: 65)
        // A shifted stamp: the same size, but another film.
        let text = String(decoding: try Data(contentsOf: scratch.file("poses.ndjson")), as: UTF8.self)
        try Data(text.replacing("\"frame\":3,\"pts\":", with: "\"frame\":3,\"pts\":7").utf8).write(to: scratch.file("shifted.ndjson"))
        let shifted = try run(["render", scratch.path("shifted.ndjson"), "--video", clip, "-o", scratch.path("c.mp4")], status: 65)
        #expect(shifted.errors.contains("frame 3"))
        #expect(try content(scratch.path("c.mp4")).count { $0.hasPrefix("0,") } == 3, "the film up to there plays")
    }

    @Test("retrack gives other ids with other settings, and the header says which")
    func retrack() throws {
        let clip = Shared.file("assets/video/tud_campus.mp4").path
        _ = try run([clip, "-o", scratch.path("poses.ndjson")])
        _ = try run(["retrack", scratch.path("poses.ndjson"), "-o", scratch.path("again.ndjson")])
        let (before, again) = (try frames(scratch.file("poses.ndjson")), try frames(scratch.file("again.ndjson")))
        #expect(before.count == again.count && before.count == 71)
        _ = try run(["retrack", scratch.path("poses.ndjson"), "-o", scratch.path("box.ndjson"), "--set", "track.similarity=box", "--set", "track.memory=0"])
        #expect(try frames(scratch.file("box.ndjson")) != before)
        let first = try #require(try Data(contentsOf: scratch.file("box.ndjson")).split(separator: 10).first)
        let header = try #require(try JSONSerialization.jsonObject(with: Data(first)) as? [String: Any])
        let track = (header["pipeline"] as? [String: Any])?["track"] as? [String: Any]
        #expect(track?["similarity"] as? String == "box")
        let piped = try run(["retrack", "-"], input: Data(contentsOf: scratch.file("poses.ndjson")))
        #expect(piped.lines.filter { $0.hasPrefix("{\"type\":\"frame\"") } == again)
        _ = try run(["retrack", scratch.path("poses.ndjson"), "--set", "detect.score=0.5"], status: 64)
        _ = try run(["retrack", scratch.path("poses.ndjson"), "--set", "track.memry=1"], status: 78)
        _ = try run(["retrack", scratch.path("poses.ndjson"), "-o", scratch.path("again.ndjson")], status: 73)
    }

    @Test(
        "parts that were made apart, joined by retrack, are byte for byte the frame lines of one run over the whole",
        arguments: [[], ["--every", "2", "--smooth"], ["--set", "track.association=paper", "--max-fps", "12"]])
    func joinedParts(options: [String]) throws {
        let clip = Shared.file("assets/video/tud_stadtmitte.mp4").path
        _ = try run([clip, "-o", scratch.path("whole.ndjson"), "--to", "5", "--set", "track.propagate=false"] + options)
        for (name, times) in [("a", ["--to", "1.3"]), ("b", ["--from", "1.3", "--to", "3.77"]), ("c", ["--from", "3.77", "--to", "5"])] {
            _ = try run([clip, "--no-track", "--store-flow", "-o", scratch.path("\(name).ndjson")] + times + options)
        }
        _ = try run(["retrack"] + ["a", "b", "c"].map { scratch.path("\($0).ndjson") } + ["-o", scratch.path("joined.ndjson")])
        let (whole, joined) = (try frames(scratch.file("whole.ndjson")), try frames(scratch.file("joined.ndjson")))
        #expect(whole.count == joined.count && whole.count > 50)
        #expect(whole == joined)
        #expect(whole.contains { $0.contains("\"id\":1,") })
    }

    @Test("parts that do not adjoin, overlap, or are of different runs are refused")
    func wrongParts() throws {
        let clip = Shared.file("assets/video/tud_campus.mp4").path
        _ = try run([clip, "-o", scratch.path("a.ndjson"), "--to", "0.4"])
        _ = try run([clip, "-o", scratch.path("b.ndjson"), "--from", "0.4", "--to", "0.8"])
        _ = try run([clip, "-o", scratch.path("c.ndjson"), "--from", "0.8", "--to", "1", "--set", "detect.score=0.5"])
        let joined = try run(["retrack", scratch.path("a.ndjson"), scratch.path("b.ndjson")])
        #expect(joined.lines.count { $0.hasPrefix("{\"type\":\"frame\"") } == 20)
        for (parts, why) in [(["b", "a"], "begin"), (["a", "a"], "begin"), (["b", "c"], "pipeline")] {
            let result = try run(["retrack"] + parts.map { scratch.path("\($0).ndjson") }, status: 65)
            #expect(result.errors.contains(why), "\(result.errors)")
        }
        let both = try Data(contentsOf: scratch.file("a.ndjson")) + Data(contentsOf: scratch.file("b.ndjson"))
        #expect(try run(["retrack", "-"], input: both).lines.count == 22)
    }
}

@Suite("What is said on standard error", .enabled(if: Shared.isPresent, Comment(rawValue: Shared.absent)))
struct ProgressTests {
    private let clip = Shared.file("assets/video/rotated_90.mp4").path

    @Test("--progress json writes objects only, the last one being the summary")
    func json() throws {
        let result = try Program.posestream.run([clip, "--progress", "json"], environment: weights)
        let objects = try result.errors.split(separator: "\n").map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any], "\($0)")
        }
        #expect(objects.last?["type"] as? String == "summary" && objects.last?["frames"] as? Int == 25)
        #expect(objects.dropLast().allSatisfy { $0["type"] as? String == "progress" } && objects.count >= 2)
    }

    @Test("without a terminal the summary of five lines is all that is said, and with none or quiet nothing but that or nothing")
    func styles() throws {
        let plain = try Program.posestream.run([clip], environment: weights)
        let lines = plain.errors.split(separator: "\n").map { String($0.prefix { $0 != " " }) }
        #expect(lines == ["frames", "time", "people", "stages", "outputs"])
        #expect(try Program.posestream.run([clip, "--progress", "none"], environment: weights).errors.split(separator: "\n").count == 5)
        #expect(try Program.posestream.run([clip, "--quiet"], environment: weights).errors.isEmpty)
        #expect(try Program.posestream.run([clip, "--progress", "plain"], environment: weights).errors.contains("fps"))
    }
}
