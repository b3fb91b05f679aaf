import Diagnostics
import Foundation
import PoseStream
import TestSupport
import Testing

@Suite("Pipeline files")
struct PipelineConfigurationTests {
    /// The failure that `yaml` gives; nil when it is accepted.
    private func refusal(of yaml: String) -> Failure? {
        do {
            _ = try PipelineConfiguration(yaml: yaml, file: "my.yaml")
            return nil
        } catch {
            return error as? Failure
        }
    }

    @Test("What is printed reads back to the same pipeline")
    func printedPipelineReadsBack() throws {
        var pipeline = try PipelineConfiguration.named("default")
        try pipeline.apply(assignment: "detect.score=0.125")
        try pipeline.apply(assignment: "pose.model=./odd name: with #.onnx")
        try pipeline.apply(assignment: "pose.flip=true")
        #expect(try PipelineConfiguration(yaml: pipeline.yaml, file: "printed") == pipeline)
    }

    @Test("Every file of pipelines/ is carried inside the program and names itself")
    func embeddedPipelinesAreComplete() throws {
        let folder = Shared.checkout.appendingPathComponent("pipelines")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".yaml") }
        #expect(!files.isEmpty)
        for file in files {
            let name = String(file.dropLast(".yaml".count))
            let embedded = try PipelineConfiguration.named(name)
            #expect(try embedded == PipelineConfiguration(file: folder.appendingPathComponent(file)))
            #expect(embedded.name == name)
        }
    }

    @Test("The pipeline of the documentation is valid, greedy and hungarian being short for the staged association")
    func documentedPipeline() throws {
        let yaml = """
            name: simplebaseline
            detect: { model: yolox-nano, score: 0.3, nms: 0.65, every: 1, max_people: 100 }
            pose:   { model: simplebaseline-r50-256x192, flip: false, padding: 1.25, decoder: quarter, every: 1 }
            track:  { similarity: multi-flow, flow: lk, memory: 1.0, association: greedy }
            """
        var pipeline = try PipelineConfiguration(yaml: yaml, file: "f")
        #expect(pipeline.track.association == .staged && pipeline.track.assignment == .greedy && pipeline.flow == .lucasKanade)
        try pipeline.apply(assignment: "track.association=hungarian")
        #expect(pipeline.track.association == .staged && pipeline.track.assignment == .hungarian)
        try pipeline.apply(assignment: "track.association=paper")
        #expect(pipeline.track.association == .paper && pipeline.track.assignment == .hungarian)
        try pipeline.apply(assignment: "detect.every=auto")
        try pipeline.apply(assignment: "pose.every=3")
        #expect(pipeline.detect?.every == .auto && pipeline.pose.every == .every(3))
        #expect(try PipelineConfiguration(yaml: pipeline.yaml, file: "printed") == pipeline)
    }

    @Test("An unknown key names file, line, key and the nearest valid key")
    func unknownKey() throws {
        let failure = try #require(refusal(of: "name: x\ndetect:\n  model: yolox-nano\n  skore: 0.3\n"))
        #expect(failure.exitCode == 78)
        #expect(failure.description == "unknown key: my.yaml:4: detect.skore: there is no such key (did you mean detect.score?)")
    }

    @Test("A value out of range or of the wrong type says what is expected", arguments: [
        ("detect: { score: 1.5 }", "detect.score", "a number from 0 to 1"),
        ("detect: { max_people: many }", "detect.max_people", "a whole number from 1 to 1000"),
        ("pose: { flip: 2 }", "pose.flip", "true or false"),
        ("pose: { decoder: eighth }", "pose.decoder", "one of auto, none, quarter, mmpose, dark, cpn, paf, prn, simcc, yolo-pose"),
        ("detect: { every: 0 }", "detect.every", "auto or a whole number from 1 to 100000"),
        ("pose: { every: often }", "pose.every", "auto or a whole number"),
        ("track: { people: -1 }", "track.people", "a whole number from 0 to 1000"),
        ("track: { association: best }", "track.association", "one of paper, staged, greedy, hungarian"),
        ("pose: { padding: .nan }", "pose.padding", "a number from 0.5 to 4"),
        ("detect: { nms: 2 }", "detect.nms", "auto or a number from 0 to 1"),
        ("pose: { model: [a, b] }", "pose.model", "a single value"),
    ])
    func wrongValue(yaml: String, key: String, expectation: String) throws {
        let failure = try #require(refusal(of: yaml))
        #expect(failure.kind == .configuration)
        #expect(failure.place.hasSuffix(key) && failure.place.hasPrefix("my.yaml:1"))
        #expect(failure.why.contains(expectation))
    }

    @Test("Text that is no pipeline is refused in one line", arguments: [
        "", "just words", "- a\n- b", "detect: [1, 2]", "detect: 3", "a: {b: {c: {d: 1}}}", "name: &a [*a]", "name: x\nname: y",
        "\u{1}\u{2}", "detect:\n\tscore: 1", "? {a: 1}\n: 2", "name: {", String(repeating: "[", count: 10_000),
    ])
    func nonsense(yaml: String) throws {
        let failure = try #require(refusal(of: yaml))
        #expect(failure.kind == .configuration)
        #expect(!failure.description.contains("\n"))
    }

    @Test("A pipeline without a detect section has no detector stage")
    func bottomUp() throws {
        #expect(try PipelineConfiguration(yaml: "name: x\npose: { model: m }", file: "f").detect == nil)
        #expect(try PipelineConfiguration(yaml: "name: x\ndetect:\npose: { model: m }", file: "f").detect == .init())
    }

    @Test("A setting without '=' and one with an unknown key are refused")
    func wrongSetting() throws {
        var pipeline = try PipelineConfiguration.named("default")
        #expect(throws: Failure.self) { try pipeline.apply(assignment: "detect.score") }
        #expect(throws: Failure.self) { try pipeline.apply(assignment: "detekt.score=0.3") }
    }

    @Test("An unknown name and a missing file say what is known")
    func unknownPipeline() throws {
        #expect { try PipelineConfiguration.named("nonsense") } throws: { ($0 as? Failure)?.description.contains("default") == true }
        #expect { try PipelineConfiguration.named("no/such.yaml") } throws: { ($0 as? Failure)?.kind == .noInput }
    }
}
