import Checkpoints
import Diagnostics
import Engine
import Foundation
import TestSupport
import Testing

@Suite("real ONNX models load and compute what ONNX Runtime computed")
struct ONNXModelTests {
    private struct Golden: Decodable {
        struct Network: Decodable {
            var sinSum: Double?, sinAbs: Double?
            var sinFirst: [Double]?
        }

        struct Output: Decodable { var sum: Double, abs: Double, first: [Double] }

        var pose: [String: Network] = [:]
        var detectors: [String: [String: Output]] = [:]

        private enum Key: String, CodingKey { case tensors }
        private struct Name: CodingKey {
            var stringValue: String
            var intValue: Int? { nil }
            init(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }

        init(from decoder: any Decoder) throws {
            let tensors = try decoder.container(keyedBy: Key.self).nestedContainer(keyedBy: Name.self, forKey: .tensors)
            for key in tensors.allKeys {
                if let outputs = try? tensors.decode([String: Output].self, forKey: key) {
                    detectors[key.stringValue] = outputs
                } else {
                    pose[key.stringValue] = try tensors.decode(Network.self, forKey: key)
                }
            }
        }

        static func load() throws -> Golden {
            let decoder = JSONDecoder()
            // Not from snake case in general: names of networks are keys too, and must stay what they are.
            decoder.keyDecodingStrategy = .custom { path in
                let last = path[path.count - 1]
                let names = ["sin_sum": "sinSum", "sin_abs": "sinAbs", "sin_first": "sinFirst"]
                return Name(stringValue: names[last.stringValue] ?? last.stringValue)
            }
            return try decoder.decode(Golden.self, from: Data(contentsOf: Shared.file("assets/weights/golden.json")))
        }
    }

    private func run(_ name: String, scale: Float) throws -> (ONNXModel, [String: Tensor]) {
        let model = try ONNXModel.load(contentsOf: Shared.file("assets/weights/\(name).onnx"))
        #expect(model.firstNonFinite() == nil)
        let input = try #require(model.inputs.first)
        #expect(model.inputs.count == 1)
        let shape = input.shape.map { $0 ?? 1 }
        let values = (0..<shape.reduce(1, *)).map { scale * Float(sin(Double(0.01 * Float($0)))) }
        let executor = Executor(try model.plan(inputShapes: [input.name: shape]))
        return (model, try executor.run([input.name: Tensor(values, shape: shape)]))
    }

    private func expectNear(_ got: Double, _ wanted: Double, _ what: String, scale: Double? = nil) {
        #expect((got - wanted).magnitude <= 1e-4 * (scale ?? wanted.magnitude), "\(what): \(got), not \(wanted)")
    }

    @Test(
        "pose network gives the golden sums", .enabled(if: Shared.isPresent, Comment(rawValue: Shared.absent)),
        arguments: ["ultralight_simplepose", "pp_tinypose_256x192", "pp_tinypose_128x96"])
    func poseNetwork(_ name: String) throws {
        let golden = try #require(try Golden.load().pose[name])
        let (model, results) = try run(name, scale: 1)
        let output = try #require(results[model.outputs[0].name]).floats.map { Double($0) }
        let absolute = output.reduce(0) { $0 + $1.magnitude }
        let largest = output.reduce(0) { max($0, $1.magnitude) }
        expectNear(output.reduce(0, +), try #require(golden.sinSum), "sum", scale: golden.sinAbs)
        expectNear(absolute, try #require(golden.sinAbs), "sum of absolute values")
        for (got, wanted) in zip(output, try #require(golden.sinFirst)) { expectNear(got, wanted, "value", scale: largest) }
    }

    @Test(
        "detector gives the golden sums for every output", .enabled(if: Shared.isPresent, Comment(rawValue: Shared.absent)),
        arguments: [("yolox_nano", Float(100)), ("nanodet_m", 1)])
    func detector(_ name: String, _ scale: Float) throws {
        let golden = try #require(try Golden.load().detectors[name])
        let (_, results) = try run(name, scale: scale)
        #expect(Set(results.keys) == Set(golden.keys))
        for (name, wanted) in golden {
            let output = try #require(results[name]).floats.map { Double($0) }
            let absolute = output.reduce(0) { $0 + $1.magnitude }
            let largest = output.reduce(0) { max($0, $1.magnitude) }
            expectNear(output.reduce(0, +), wanted.sum, "\(name) sum", scale: wanted.abs)
            expectNear(absolute, wanted.abs, "\(name) sum of absolute values")
            for (got, value) in zip(output, wanted.first) { expectNear(got, value, "\(name) value", scale: largest) }
        }
    }

    @Test(
        "a real model says what it is", .enabled(if: Shared.isPresent, Comment(rawValue: Shared.absent)),
        arguments: [
            ("yolox_nano", 11, 904_467, ["Conv": 113, "MaxPool": 3]), ("nanodet_m", 11, 941_818, ["Conv": 73, "Split": 16]),
            ("ultralight_simplepose", 8, 574_400, ["Clip": 34, "ConvTranspose": 3]),
            ("pp_tinypose_256x192", 13, 1_300_293, ["Conv": 269, "ArgMax": 1]),
            ("pp_tinypose_128x96", 13, 1_300_293, ["Cast": 538]),
        ])
    func description(_ name: String, _ opset: Int, _ parameters: Int, _ operators: [String: Int]) throws {
        let model = try ONNXModel.load(contentsOf: Shared.file("assets/weights/\(name).onnx"))
        #expect(model.opset == opset)
        #expect(model.parameterCount == parameters)
        for (name, count) in operators { #expect(model.operatorCounts[name] == count) }
        #expect(model.inputs.count == 1)
        #expect(model.inputs[0].shape.dropFirst() == [3] + model.inputs[0].shape.suffix(2))
    }

    @Test("weights in a file beside the model are read, and only from below its folder")
    func externalData() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("onnx-\(UUID().uuidString)")
        let inside = folder.appendingPathComponent("model")
        try FileManager.default.createDirectory(at: inside, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let model = inside.appendingPathComponent("model.onnx"), weights = inside.appendingPathComponent("weights.bin")
        try FileManager.default.copyItem(at: Shared.fixture("onnx/external/model.onnx"), to: model)
        try FileManager.default.copyItem(at: Shared.fixture("onnx/external/weights.bin"), to: weights)

        let executor = Executor(try ONNXModel.load(contentsOf: model).plan())
        let result = try executor.run(["x": Tensor([1, 2, 3] as [Float], shape: [3])])
        // As stored: w = 10, 20, 30 behind 64 bytes of something else.
        #expect(result["y"]?.floats == [11, 22, 33])

        let elsewhere = folder.appendingPathComponent("elsewhere.bin")
        try FileManager.default.moveItem(at: weights, to: elsewhere)
        #expect(throws: Failure.self, "the file is gone") { try ONNXModel.load(contentsOf: model) }

        try FileManager.default.createSymbolicLink(at: weights, withDestinationURL: elsewhere)
        let failure = #expect(throws: Failure.self, "a link leads out") { try ONNXModel.load(contentsOf: model) }
        #expect(failure?.why.contains("outside the model's folder") == true)

        try FileManager.default.removeItem(at: weights)
        try Data(repeating: 0, count: 70).write(to: weights)
        #expect(throws: Failure.self, "the file is short") { try ONNXModel.load(contentsOf: model) }
    }
}
