import Checkpoints
import Diagnostics
import Engine
import Foundation
import TestSupport
import Testing

@Suite("damaged and hostile ONNX files are refused with one line")
struct ONNXRefusalTests {
    private static let folder = Shared.fixture("onnx/malformed")

    private static let files: [String] = {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.filter { $0.hasSuffix(".onnx") }.sorted()
    }()

    /// These load; that their weights are finite is asked apart.
    private static let valid: Set = ["valid.onnx", "deep_chain.onnx", "unsorted.onnx", "nan_weights.onnx"]

    /// What the line must name, beside the file.
    private static let named = [
        "wrong_channels.onnx": "Conv", "unknown_op.onnx": "Frobnicate", "unknown_domain.onnx": "com.example",
        "opset_99.onnx": "99", "missing_initializer.onnx": "\"w\"", "missing_output.onnx": "\"y\"", "double_definition.onnx": "\"a\"",
        "short_raw_data.onnx": "\"w\"", "huge_dims.onnx": "\"w\"", "overflow_dims.onnx": "\"w\"", "negative_dims.onnx": "\"w\"",
        "external_escape.onnx": "outside the model's folder", "wrong_attr_type.onnx": "strides", "cycle.onnx": "cycle",
        "self_loop.onnx": "cycle", "no_graph.onnx": "graph", "string_tensor.onnx": "string", "text.onnx": "Git LFS",
        "bad_reshape.onnx": "Reshape", "gather_out_of_range.onnx": "Gather", "split_sum.onnx": "Split", "topk_too_many.onnx": "TopK",
    ]

    @Test("all 54 files are there")
    func filesAreThere() { #expect(Self.files.count == 54) }

    @Test("file is refused by name and reason, or is valid", .timeLimit(.minutes(Hang.minutes)), arguments: files)
    func file(_ name: String) throws {
        try soon(within: 60, name) { try expectJudgement(of: name) }
    }

    private func expectJudgement(of name: String) throws {
        let url = Self.folder.appendingPathComponent(name)
        if Self.valid.contains(name) {
            let model = try ONNXModel.load(contentsOf: url)
            let executor = Executor(try model.plan())
            try executor.run()
            #expect((model.firstNonFinite() == nil) == (name != "nan_weights.onnx"))
            return
        }
        let failure = #expect(throws: Failure.self) { _ = try ONNXModel.load(contentsOf: url).plan() }
        guard let failure else { return }
        #expect(failure.kind == .data)
        let line = failure.description
        #expect(line.contains(name), "\(line)")
        #expect(!line.contains("\n"), "\(line)")
        if let part = Self.named[name] { #expect(line.contains(part), "\(line)") }
    }

    @Test("NaN weights are named by tensor and position")
    func nonFiniteWeights() throws {
        let model = try ONNXModel.load(contentsOf: Self.folder.appendingPathComponent("nan_weights.onnx"))
        #expect(model.firstNonFinite() == NonFiniteValue(tensor: "w", index: 0, isNaN: true))
    }

    @Test("a file that is not there is a missing input, not damaged data")
    func missingFile() {
        let failure = #expect(throws: Failure.self) {
            _ = try ONNXModel.load(contentsOf: Self.folder.appendingPathComponent("none.onnx"))
        }
        #expect(failure?.kind == .noInput)
    }

    @Test("a model cut at any byte is refused", arguments: ["malformed/valid.onnx", "external/model.onnx"])
    func cutAnywhere(_ path: String) throws {
        let url = Shared.fixture("onnx").appendingPathComponent(path)
        let bytes = Array(try Data(contentsOf: url))
        _ = try ONNXModel.load(bytes, from: url).plan()
        for count in 0..<bytes.count {
            let failure = #expect(throws: Failure.self, "cut after \(count) bytes") {
                _ = try soon { try ONNXModel.load(Array(bytes[..<count]), from: url).plan() }
            }
            #expect(failure?.kind == .data)
        }
    }

    @Test("flipped bytes never crash the reader, the plan or a run", .timeLimit(.minutes(Hang.minutes)))
    func flippedBytes() throws {
        var generator = SeededGenerator(seed: 2026)
        var limits = Plan.Limits()
        (limits.elements, limits.arenaBytes, limits.foldedBytes) = (1 << 20, 8 << 20, 8 << 20)
        var outcomes = (refused: 0, ran: 0)
        let models = ONNXCase.all(in: Shared.fixture("onnx/selection")).map { Shared.fixture("onnx/selection").appendingPathComponent($0.file) }
        for url in models + [Self.folder.appendingPathComponent("valid.onnx")] {
            let original = Array(try Data(contentsOf: url))
            for _ in 0..<60 {
                var bytes = original
                for _ in 0..<Int.random(in: 1...4, using: &generator) {
                    bytes[Int.random(in: bytes.indices, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
                }
                do {
                    try soon(url.lastPathComponent) {
                        let model = try ONNXModel.load(bytes, from: url)
                        _ = model.firstNonFinite()
                        // Open dimensions get a size, so that more files come as far as the plan.
                        let shapes = Dictionary(uniqueKeysWithValues: model.inputs.map { ($0.name, $0.shape.map { $0 ?? 2 }) })
                        try Executor(try model.plan(inputShapes: shapes, limits: limits)).run()
                    }
                    outcomes.ran += 1
                } catch let failure as Failure {
                    #expect(failure.kind == .data)
                    outcomes.refused += 1
                }
            }
        }
        // The flips reach both ends: a test that refuses everything at the door would prove little. The seed is fixed;
        // about one file in sixteen survives its flips.
        #expect(outcomes.refused > 5000 && outcomes.ran > 500, "\(outcomes)")
    }
}
