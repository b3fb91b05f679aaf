import Foundation
import TestSupport
import Testing

/// Where the real weights lie: the tests of the whole program need them.
let weights = ["POSESTREAM_MODELS": Shared.file("assets/weights").path]

@Suite("Bad input gets one line and the right exit code")
struct ErrorLineTests {
    private let scratch: Scratch

    init() throws {
        scratch = try Scratch()
    }

    /// Runs the program and checks that it said exactly one error line, of the promised form.
    private func expectFailure(
        _ status: Int32, mentioning words: [String], _ arguments: [String], input: Data = Data(), location: SourceLocation = #_sourceLocation
    ) throws {
        let result = try Program.posestream.run(arguments, input: input, environment: weights, seconds: 60)
        #expect(result.status == status, "\(result.errors)", sourceLocation: location)
        #expect(result.signal == nil, sourceLocation: location)
        let lines = result.errors.split(separator: "\n").filter { !$0.hasPrefix("posestream: warning:") }
        #expect(lines.count == 1 && lines.first?.hasPrefix("posestream: error: ") == true, "\(result.errors)", sourceLocation: location)
        for word in words { #expect(result.errors.contains(word), "\(result.errors)", sourceLocation: location) }
    }

    private func write(_ name: String, _ content: Data) throws -> String {
        try content.write(to: scratch.file(name))
        return scratch.path(name)
    }

    @Test("A wrong command line is 64")
    func usage() throws {
        try expectFailure(64, mentioning: ["--nonsense"], ["run", "--nonsense"])
        try expectFailure(64, mentioning: ["INPUT"], [])
        try expectFailure(64, mentioning: ["--threads"], ["run", "x.mp4", "--threads", "0"])
        try expectFailure(64, mentioning: ["--format"], ["run", "x.mp4", "--annotate", "-"])
        try expectFailure(
            64, mentioning: ["--detect-every", "lightweight-openpose", "--pose-every"],
            ["run", "x.mp4", "--pipeline", "lightweight-openpose", "--detect-every", "5"])
    }

    @Test("A missing input is 66 and names it", .enabled(if: Shared.isPresent, Comment(rawValue: Shared.absent)))
    func missingInput() throws {
        try expectFailure(66, mentioning: ["no-such.mp4"], [scratch.path("no-such.mp4")])
    }

    @Test("Not a video, an empty file, audio alone and a folder without pictures are 65", .enabled(if: Shared.isPresent, Comment(rawValue: Shared.absent)))
    func notAVideo() throws {
        try expectFailure(65, mentioning: ["text.mp4"], [try write("text.mp4", Data("hello\n".utf8))])
        try expectFailure(65, mentioning: ["empty.mp4"], [try write("empty.mp4", Data())])
        try expectFailure(65, mentioning: [scratch.folder.lastPathComponent], [scratch.folder.path])
        try expectFailure(65, mentioning: ["cannot open video: -:"], ["-"], input: Data("hello\n".utf8))
    }

    @Test("A pipeline with an unknown key is 78 and names file, line and key")
    func unknownKey() throws {
        let file = try write("mine.yaml", Data("name: mine\ndetect:\n  skore: 0.3\n".utf8))
        try expectFailure(78, mentioning: ["mine.yaml:3", "detect.skore", "detect.score"], ["clip.mp4", "--pipeline", file])
        try expectFailure(78, mentioning: ["detect.skore"], ["clip.mp4", "--set", "detect.skore=1"])
    }

    @Test("A model that is not there is 66 and the line says how to get it")
    func missingModel() throws {
        let result = try Program.posestream.run(
            ["clip.mp4", "--pipeline", "yolox-tinypose"], environment: ["POSESTREAM_MODELS": scratch.folder.path, "XDG_DATA_HOME": scratch.folder.path])
        #expect(result.status == 66)
        #expect(result.errors.contains("yolox_nano.onnx") && result.errors.contains("--models"))
    }

    @Test("A damaged model and one of another kind are 65", .enabled(if: Shared.isPresent, Comment(rawValue: Shared.absent)))
    func damagedModel() throws {
        let clip = Shared.file("assets/video/tud_campus.mp4").path
        let whole = try Data(contentsOf: Shared.file("assets/weights/yolox_nano.onnx"))
        let cut = try write("cut.onnx", whole.prefix(whole.count / 2))
        try expectFailure(65, mentioning: ["cut.onnx"], [clip, "--set", "detect.model=\(cut)"])
        let pose = Shared.file("assets/weights/ultralight_simplepose.onnx").path
        try expectFailure(65, mentioning: ["ultralight_simplepose"], [clip, "--set", "detect.model=\(pose)"])
        let detector = Shared.file("assets/weights/nanodet_m.onnx").path
        try expectFailure(65, mentioning: ["nanodet_m"], [clip, "--set", "pose.model=\(detector)"])
        try expectFailure(65, mentioning: ["nan_weights"], [clip, "--set", "pose.model=\(Shared.file("reference/bottomup/onnx/malformed/nan_weights.onnx").path)"])
    }

    @Test("An output that exists, or whose folder is missing, is 73 and nothing is written", .enabled(if: Shared.isPresent, Comment(rawValue: Shared.absent)))
    func outputs() throws {
        let clip = Shared.file("assets/video/tud_campus.mp4").path
        let existing = try write("poses.ndjson", Data("mine\n".utf8))
        try expectFailure(73, mentioning: ["poses.ndjson", "--overwrite"], [clip, "-o", existing])
        #expect(try Data(contentsOf: scratch.file("poses.ndjson")) == Data("mine\n".utf8))
        try expectFailure(73, mentioning: ["folder"], [clip, "-o", scratch.path("no/folder/poses.ndjson")])
        try expectFailure(73, mentioning: ["folder"], [clip, "-o", scratch.path("new.ndjson"), "--annotate", scratch.path("no/folder/out.mp4")])
        #expect(!FileManager.default.fileExists(atPath: scratch.path("new.ndjson")))
    }
}
