import Checkpoints
import Diagnostics
import Engine

/// What a parameter is in its layer; tells statistics from what training learns.
public enum ParameterRole: Sendable {
    /// Of a convolution or linear layer: two dimensions or more.
    case weight
    /// Of a convolution or linear layer.
    case bias
    /// Of a batch norm: its factor, its summand, and the statistics of the training data.
    case normScale, normShift, mean, variance

    public var isStatistic: Bool { self == .mean || self == .variance }
}

/// Where a network takes its weights from: a file, or a formula.
public protocol WeightSource: Sendable {
    /// For messages: the file's name.
    var place: String { get }

    /// All names that the source holds, as it calls them; empty when it can make any.
    var storedNames: [String] { get }

    /// What the source calls a parameter of the network.
    func storedName(of name: String) -> String

    /// The parameter, float32; nil when the source lacks it. Its shape may differ from the one that is asked for: the
    /// caller compares. Throws `Failure` of kind `.data` when it cannot serve as a weight.
    func tensor(_ name: String, shape: [Int], role: ParameterRole) throws -> Tensor?
}

/// Weights of a file, under the names of the program that wrote it.
public struct CheckpointWeights: WeightSource {
    public let checkpoint: Checkpoint
    public let place: String
    public let naming: KeyNaming

    public init(_ checkpoint: Checkpoint, place: String, naming: KeyNaming = .official) {
        self.checkpoint = checkpoint
        self.place = place
        self.naming = naming
    }

    public var storedNames: [String] { checkpoint.names }

    public func storedName(of name: String) -> String { naming.storedName(of: name) }

    public func tensor(_ name: String, shape: [Int], role: ParameterRole) throws -> Tensor? {
        let storedName = storedName(of: name)
        guard let tensor = checkpoint.tensors[storedName] else { return nil }
        if let value = checkpoint.firstNonFinite(in: storedName) {
            throw Failure(.data, "cannot use weights", at: place, because: "\(value)", remedy: "the file comes from a training that failed")
        }
        guard let floats = tensor.asFloat32() else {
            throw Failure(
                .data, "cannot use weights", at: place, because: "\(storedName) is \(tensor.elementType), not a floating-point type")
        }
        return floats
    }
}

/// How the names in a file differ from those of the authors' own code.
public enum KeyNaming: Sendable, Equatable {
    /// The authors' own.
    case official
    /// mmpose: `backbone.` before everything but the head, which stands under `keypoint_head.` (0.x) or `head.` (1.x).
    case mmpose(head: String)
    /// torchvision before 0.13: the head's convolutions as 0, 2, 4, 6 of one sequence, today 0.0, 1.0, 2.0, 3.0.
    case oldTorchvision

    func storedName(of name: String) -> String {
        switch self {
        case .official:
            return name
        case .mmpose(let head):
            let isHead = name.hasPrefix("deconv_layers.") || name.hasPrefix("final_layer.")
            return (isHead ? head : "backbone.") + name
        case .oldTorchvision:
            var parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
            // head.classification_head.conv.2.0.weight
            guard parts.count == 6, parts[0] == "head", parts[2] == "conv", let index = Int(parts[3]) else { return name }
            parts.remove(at: 4)
            parts[3] = String(2 * index)
            return parts.joined(separator: ".")
        }
    }
}
