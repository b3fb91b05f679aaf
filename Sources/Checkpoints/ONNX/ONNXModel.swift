import Diagnostics
import Engine
import Foundation

/// A network read from an ONNX file: the graph, and what the file says about itself.
///
///     let model = try ONNXModel.load(contentsOf: URL(fileURLWithPath: "yolox_nano.onnx"))
///     let executor = Executor(try model.plan())
///
/// Operator sets 8 to 20 of the domain ai.onnx are read.
public struct ONNXModel: Sendable {
    /// An input, output or stored tensor by name.
    public struct Value: Sendable, Equatable {
        public var name: String
        /// nil where the file does not say it.
        public var elementType: ElementType?
        /// Dimensions that are not fixed are nil.
        public var shape: [Int?]
    }

    public let graph: Graph
    /// For messages.
    public let file: String
    /// Version of the operator set.
    public let opset: Int
    /// Version of the file format.
    public let formatVersion: Int
    /// Who wrote the file: "pytorch 1.9"; may be empty.
    public let producer: String
    /// Key and value pairs that the writer left.
    public let metadata: [String: String]
    /// What must be given, without the stored tensors that old files list among the inputs.
    public let inputs: [Value]
    public let outputs: [Value]
    /// The stored tensors in the order of the file.
    public let initializers: [Value]
    /// Number of layers by operator: ["Conv": 113, …].
    public let operatorCounts: [String: Int]
    /// Stored tensors and tensors of Constant layers by name, for `firstNonFinite`.
    let constants: [(name: String, value: ValueID)]

    /// Elements of all stored floating-point tensors.
    public var parameterCount: Int {
        initializers.reduce(0) { sum, tensor in
            switch tensor.elementType {
            case .float32, .float64, .float16: sum + tensor.shape.reduce(1) { $0 * ($1 ?? 1) }
            default: sum
            }
        }
    }

    /// Reads a model, which stays mapped while its graph is in use, as do files of external data below its folder.
    ///
    /// Throws `Failure`: `.noInput` when the file cannot be opened; `.data`, naming the file and the layer or tensor, when
    /// it is damaged, contradicts itself or needs an operator that we do not have. Shapes are checked by `plan`, whether
    /// weights are finite by `firstNonFinite`.
    public static func load(contentsOf url: URL) throws -> ONNXModel {
        try load(ByteSlice(all: try ByteOwner(mapping: url)), from: url)
    }

    /// The same from memory, as if the bytes had been read from `url`.
    package static func load(_ bytes: [UInt8], from url: URL) throws -> ONNXModel {
        let owner = try ByteOwner(byteCount: bytes.count) { $0.copyBytes(from: bytes) }
        return try load(ByteSlice(all: owner), from: url)
    }

    private static func load(_ file: ByteSlice, from url: URL) throws -> ONNXModel {
        do {
            let source = try ONNXSource(file)
            let tensors = ONNXTensorReader(folder: url.deletingLastPathComponent(), fileSize: file.count)
            return try ONNXGraphBuilder(source, tensors, file: url.relativePath).model()
        } catch let malformed as Malformed {
            throw Failure(.data, "cannot read model", at: url.relativePath, because: malformed.why, remedy: malformed.remedy)
        }
    }

    /// The graph made ready to run; failures name the file too.
    ///
    /// - Parameter inputShapes: Shapes by input name; needed where the file leaves a dimension open.
    public func plan(
        inputShapes: [String: [Int]] = [:], passes: [any GraphPass] = .standard, kernels: KernelSelection? = nil,
        limits: Plan.Limits = Plan.Limits()
    ) throws -> Plan {
        do {
            return try Plan(graph, inputShapes: inputShapes, passes: passes, kernels: kernels, limits: limits)
        } catch var failure as Failure {
            failure.place = "\(file): \(failure.place)"
            throw failure
        }
    }

    /// The first stored tensor with a NaN or infinity; nil when all weights are finite.
    ///
    /// A single infinity is let pass: it is the bound of a Clip or the value of a mask, not a weight.
    public func firstNonFinite() -> NonFiniteValue? {
        for (name, value) in constants {
            guard let tensor = graph.constants[value], let found = tensor.firstNonFinite() else { continue }
            if tensor.count == 1, !found.isNaN { continue }
            return NonFiniteValue(tensor: name, index: found.position, isNaN: found.isNaN)
        }
        return nil
    }
}
