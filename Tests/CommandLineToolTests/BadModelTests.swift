import Foundation
import TestSupport
import Testing

/// What a user may hand over as weights, through the whole program: one line that names the file, exit 65, nothing executed,
/// nothing written.
@Suite("Files that are no weights for the pipeline")
struct BadModelTests {
    private let scratch: Scratch
    private let clip = Shared.fixture("street.mp4").path

    init() throws {
        scratch = try Scratch()
    }

    private var detector: String { Shared.fixture("networks/compact/detector.safetensors").path }

    /// Runs the file as a pipeline's pose network and checks what is said.
    private func expectRefusal(
        _ file: URL, pipeline: [String] = ["--pipeline", "lightweight-openpose"], mentioning words: [String] = [],
        location: SourceLocation = #_sourceLocation
    ) throws {
        let output = scratch.path("poses.ndjson")
        let result = try program(["run", clip, "-o", output, "--set", "pose.model=\(file.path)"] + pipeline)
        let name = Comment(rawValue: "\(file.lastPathComponent): \(result.errors)")
        #expect(result.status == 65 && result.signal == nil, name, sourceLocation: location)
        let lines = result.errors.split(separator: "\n")
        #expect(lines.count == 1 && lines.first?.hasPrefix("posestream: error: ") == true, name, sourceLocation: location)
        for word in [file.lastPathComponent] + words { #expect(result.errors.contains(word), name, sourceLocation: location) }
        #expect(!FileManager.default.fileExists(atPath: output), name, sourceLocation: location)
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.folder.path).allSatisfy { !$0.contains("pwned") }, name)
    }

    /// In a folder of its own, with 6 GB of addresses: a file that declares more than it holds must not be believed. The sanitizers
    /// need more addresses for themselves.
    private func program(_ arguments: [String]) throws -> Program.Result {
        guard !Sanitizer.isOn, let limiter = Program(named: "prlimit") else { return try Program.posestream.run(arguments, in: scratch.folder, seconds: 60) }
        return try limiter.run(["--as=6000000000", Program.posestream.url.path] + arguments, in: scratch.folder, seconds: 60)
    }

    private func files(_ folder: String, _ suffixes: [String]) throws -> [URL] {
        try FileManager.default.contentsOfDirectory(at: Shared.fixture(folder), includingPropertiesForKeys: nil)
            .filter { url in suffixes.contains { url.lastPathComponent.hasSuffix($0) } }
            .sorted { $0.path < $1.path }
    }

    private struct Expected: Decodable {
        var result: String
    }

    @Test("checkpoints that are cut, boast, or call functions, and sound ones of something else", .timeLimit(.minutes(Hang.minutes)))
    func checkpoints() throws {
        let expected = try Fixture.decode([String: Expected].self, from: "checkpoints/expected.json")
        let files = try files("checkpoints", [".pth", ".pth.tar", ".safetensors"])
        #expect(files.count == expected.count && files.count > 60)
        for file in files { try expectRefusal(file) }
        // Pickles that call functions are told by the function's name.
        for file in files where file.lastPathComponent.hasPrefix("evil_") {
            let result = try program(["models", "inspect", file.path])
            #expect(result.status == 65 && result.errors.split(separator: "\n").count == 1, "\(file.lastPathComponent): \(result.errors)")
            #expect(try program(["models", "add", file.path, "--to", scratch.path("models")]).status == 65)
        }
    }

    @Test("ONNX files that are broken, and sound ones of something else", .timeLimit(.minutes(Hang.minutes)))
    func graphs() throws {
        let files = try files("onnx/malformed", [".onnx"])
        #expect(files.count == 54)
        for file in files { try expectRefusal(file, pipeline: ["--pipeline", "yolo-pose"]) }
    }

    @Test("a network for something else names itself")
    func architectures() throws {
        let pose = Shared.fixture("networks/compact/pose.safetensors"), boxes = ["--set", "detect.model=\(detector)"]
        try expectRefusal(URL(fileURLWithPath: detector), pipeline: ["--pipeline", "simplebaseline"] + boxes, mentioning: ["compact person detector"])
        for pipeline in ["cpn", "lightweight-openpose", "multiposenet"] {
            let own = ["lightweight-openpose", "multiposenet"].contains(pipeline) ? [] : boxes
            try expectRefusal(pose, pipeline: ["--pipeline", pipeline] + own, mentioning: ["compact SimpleBaseline", "quarter"])
        }
        let result = try program(["run", clip, "--pipeline", "simplebaseline", "--set", "detect.model=\(pose.path)", "--set", "pose.model=\(pose.path)"])
        #expect(result.status == 65 && result.errors.contains("pose.safetensors") && result.errors.split(separator: "\n").count == 1)
    }

    @Test("weights that lack a tensor, have one too many, or of another shape name it; NaN is named")
    func tensors() throws {
        let whole = try Data(contentsOf: Shared.fixture("networks/compact/pose.safetensors"))
        let headerLength = whole.prefix(8).enumerated().reduce(0) { $0 + Int($1.element) << (8 * $1.offset) }
        let header = try #require(String(data: whole[8..<8 + headerLength], encoding: .utf8))
        let name = "backbone.stages.4.2.second.conv.weight"
        func file(_ title: String, _ text: String, _ data: Data) throws -> URL {
            let url = scratch.file(title)
            var length = UInt64(text.utf8.count).littleEndian
            try (Data(bytes: &length, count: 8) + Data(text.utf8) + data).write(to: url)
            return url
        }
        let data = whole.dropFirst(8 + headerLength), pipeline = ["--pipeline", "simplebaseline", "--set", "detect.model=\(detector)"]
        let renamed = header.replacingOccurrences(of: "\"\(name)\"", with: "\"\(name)_old\"")
        try expectRefusal(try file("renamed.safetensors", renamed, data), pipeline: pipeline, mentioning: [name, "\(name)_old", "missing"])
        let reshaped = header.replacingOccurrences(of: "\"\(name)\":{\"dtype\":\"F16\",\"shape\":[12,12,3,3]", with: "\"\(name)\":{\"dtype\":\"F16\",\"shape\":[12,3,12,3]")
        #expect(reshaped != header && renamed != header)
        try expectRefusal(try file("reshaped.safetensors", reshaped, data), pipeline: pipeline, mentioning: [name, "another shape"])
        // Half-precision numbers of ones alone are NaN.
        let nothing = Data(repeating: 0xFF, count: data.count)
        try expectRefusal(try file("spoiled.safetensors", header, nothing), pipeline: pipeline, mentioning: ["NaN"])
        try expectRefusal(try file("cut.safetensors", header, data.dropLast(100)), pipeline: pipeline)
    }
}
