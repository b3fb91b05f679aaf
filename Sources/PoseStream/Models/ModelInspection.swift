import Checkpoints
import Diagnostics
import Foundation
import Networks
import Pose

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
        facts = [("file", "\(file.place)"), ("bytes", "\(try file.byteCount())")]
        let digest = try file.sha256()
        facts.append(("sha256", digest))
        if let model = file.registered ?? ModelRegistry.find(sha256: digest) {
            facts.append(("registry", "\(model.name), \(model.task.rawValue), \(model.licence), \(model.accuracy)"))
        }
        tensors = []
        if let model = try file.graphFile() {
            try describe(model)
        } else {
            try describe(file.checkpoint(), name: file.tellingName)
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
            try describe(recognition.network(checkpoint, place: name), recognition)
            if case .multiPoseNet = recognition.kind { try describeResidual(checkpoint, name: name) }
            facts += recognition.notes.map { ("note", $0) }
        } catch let failure as Failure {
            // Unknown or incomplete weights are still worth a look.
            facts.append(("architecture", "not usable: \(failure.why)"))
        }
        if let note = checkpoint.metadata["posestream"] { facts.append(("note", note)) }
        let count = checkpoint.names.compactMap { checkpoint.tensors[$0]?.count }.reduce(0, +)
        facts.append(("numbers", "\(count), running statistics included"))
        if let bad = checkpoint.firstNonFinite() { facts.append(("damaged", "\(bad)")) }
        tensors = checkpoint.names.compactMap { name in
            checkpoint.tensors[name].map {
                TensorRow(name: name, type: $0.elementType.rawValue, shape: $0.shape.map(String.init).joined(separator: "x"))
            }
        }
    }

    /// Architecture, input, joints, and the work of one picture.
    private mutating func describe(_ network: any Network, _ recognition: NetworkRecognition) throws {
        facts.append(("architecture", network.title))
        let usual = recognition.usualInput
        if let input = recognition.inputSize {
            facts.append(("input", "\(input.height)x\(input.width) (height x width)"))
        } else if case .poseResidualNetwork = recognition.kind {
            facts.append(("input", "a grid of \(PoseResidualNetwork.rows)x\(PoseResidualNetwork.columns)x\(PoseResidualNetwork.joints) a box"))
        } else {
            facts.append(("input", "any size"))
        }
        if let joints = recognition.joints {
            let set = [KeypointSet.coco17, .openPose18, .mpii16].first { $0.count == joints }?.name ?? "unknown set"
            facts.append(("keypoints", "\(joints) (\(set))"))
        }
        facts.append(("parameters", "\(network.parameters.trainedCount)"))
        let shape = network.inputShape(batch: 1, height: usual.height, width: usual.width)
        let work = try network.multiplyAdds(inputShape: shape)
        facts.append(("multiply-adds", "\(work) " + (shape[1] == 3 ? "at \(usual.height)x\(usual.width)" : "a box")))
    }

    /// The part of a MultiPoseNet that is a network of its own.
    private mutating func describeResidual(_ checkpoint: Checkpoint, name: String) throws {
        guard checkpoint.tensors["prn.dens1.weight"] != nil else {
            facts.append(("residual network", "none in this file: pose.prn.model must name one"))
            return
        }
        let configuration = PoseResidualNetwork.Configuration(
            prefix: "prn.", hasBottleneck: checkpoint.tensors["prn.bneck.weight"] != nil)
        let network = try PoseResidualNetwork(configuration, from: CheckpointWeights(checkpoint, place: name))
        let work = try network.multiplyAdds(inputShape: network.inputShape(batch: 1, height: 0, width: 0))
        facts.append(("residual network", "\(network.parameters.trainedCount) parameters, \(work) multiply-adds a box"))
    }
}

extension NetworkRecognition {
    /// The input for which the work is stated: what the weights were trained for, or what the published figures are for.
    fileprivate var usualInput: (height: Int, width: Int) {
        if let inputSize { return inputSize }
        return switch kind {
        case .lightweightOpenPose: (256, 456)
        case .multiPoseNet: (480, 480)
        case .retinaNet: (800, 1088)
        default: (256, 192)
        }
    }
}
