import Checkpoints
import Diagnostics
import Foundation
import Networks

/// What a model file holds, for `posestream models inspect`.
public struct ModelInspection: Sendable {
    public struct TensorRow: Sendable {
        public var name: String
        public var type: String
        public var shape: String
    }

    /// "architecture", "SimpleBaseline ResNet-50" and the like, in the order in which they are shown.
    public var facts: [(topic: String, text: String)]
    public var tensors: [TensorRow]

    /// Reads the file and says what it is; executes nothing.
    ///
    /// - Throws: `Failure` when the file is missing (`.noInput`) or damaged (`.data`).
    public init(_ file: ModelFile) throws {
        facts = [("file", file.url.path)]
        let size = try file.url.resourceValues(forKeys: [.fileSizeKey]).fileSize ?? 0
        facts.append(("bytes", "\(size)"))
        facts.append(("sha256", try file.sha256()))
        if let model = file.registered {
            facts.append(("registry", "\(model.name), \(model.task.rawValue), \(model.licence), \(model.accuracy)"))
        }
        tensors = []
        if file.url.lastPathComponent.hasSuffix(".onnx") {
            try describe(ONNXModel.load(contentsOf: file.url))
        } else {
            try describe(Checkpoint.load(contentsOf: file.url), name: file.url.lastPathComponent)
        }
    }

    private mutating func describe(_ model: ONNXModel) throws {
        let shape = { (value: ONNXModel.Value) in
            "\(value.name) [\(value.shape.map { $0.map(String.init) ?? "?" }.joined(separator: ", "))]"
        }
        let operators = model.operatorCounts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        facts += [
            ("format", "ONNX, opset \(model.opset)" + (model.producer.isEmpty ? "" : ", written by \(model.producer)")),
            ("inputs", model.inputs.map(shape).joined(separator: "; ")),
            ("outputs", model.outputs.map(shape).joined(separator: "; ")),
            ("parameters", "\(model.parameterCount)"),
            ("operators", operators.map { "\($0.key) \($0.value)" }.joined(separator: ", ")),
        ]
        if let bad = model.firstNonFinite() { facts.append(("damaged", "\(bad)")) }
        tensors = model.initializers.map { initializer in
            TensorRow(
                name: initializer.name, type: initializer.elementType?.rawValue ?? "?",
                shape: initializer.shape.map { $0.map(String.init) ?? "?" }.joined(separator: "x"))
        }
    }

    private mutating func describe(_ checkpoint: Checkpoint, name: String) throws {
        facts.append(("format", "\(checkpoint.names.count) tensors"))
        do {
            let recognition = try NetworkRecognition(checkpoint, fileName: name)
            let network = try recognition.network(checkpoint, place: name)
            let size = recognition.inputSize ?? (height: 256, width: 192)
            facts.append(("architecture", network.title))
            if let input = recognition.inputSize { facts.append(("input", "\(input.height)x\(input.width) (height x width)")) }
            if let joints = recognition.joints { facts.append(("keypoints", "\(joints)")) }
            let macs = try network.multiplyAdds(inputShape: network.inputShape(batch: 1, height: size.height, width: size.width))
            facts.append(("multiply-adds", "\(macs) at \(size.height)x\(size.width)"))
            facts += recognition.notes.map { ("note", $0) }
        } catch let failure as Failure {
            // Unknown or incomplete weights are still worth a look.
            facts.append(("architecture", "not usable: \(failure.why)"))
        }
        let count = checkpoint.names.compactMap { checkpoint.tensors[$0]?.count }.reduce(0, +)
        facts.append(("numbers", "\(count), running statistics included"))
        if let bad = checkpoint.firstNonFinite() { facts.append(("damaged", "\(bad)")) }
        tensors = checkpoint.names.compactMap { name in
            checkpoint.tensors[name].map {
                TensorRow(name: name, type: $0.elementType.rawValue, shape: $0.shape.map(String.init).joined(separator: "x"))
            }
        }
    }
}
