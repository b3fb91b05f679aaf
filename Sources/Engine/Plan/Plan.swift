import Diagnostics

/// An input or output of a plan.
public struct PlannedValue: Sendable {
    public let name: String
    /// Empty when `isDataDependent`.
    public let shape: [Int]
    public let elementType: ElementType
    /// The shape is known only after each run (what follows a NonMaxSuppression).
    public let isDataDependent: Bool
}

/// A graph made ready for fixed input shapes: layers in order with their kernels, inferred shapes, folded constants, and
/// one memory layout for everything that lives between layers.
///
/// A value: share it between threads, each with its own `Executor`. Weights are shared.
public struct Plan: Sendable {
    /// What a plan refuses, so that a hostile model cannot take the machine's memory.
    public struct Limits: Sendable {
        /// Elements of one tensor.
        public var elements = Int(Int32.max)
        /// Bytes between layers, alive at once.
        public var arenaBytes = 4 << 30
        /// Bytes of constants computed while planning; what exceeds them is computed in each run.
        public var foldedBytes = 1 << 30
        public var layers = 50_000

        public init() {}
    }

    /// A layer whose shapes are known.
    struct Step: Sendable {
        let name: String
        let operatorName: String
        let kernel: any Kernel
        let inputs: [Int?]
        let outputs: [Int]
        /// Offset in the arena, bytes.
        let scratch: Int
    }

    /// Where a value lies.
    enum Place: Sendable {
        /// Bytes from the start of the arena.
        case arena(Int)
        case constant(Tensor)
        /// Made anew in each run by a dynamic step.
        case dynamic
        /// Of no use to any step.
        case nowhere
    }

    struct Value: Sendable {
        var shape: [Int]
        var elementType: ElementType
        var place: Place
    }

    public let inputs: [PlannedValue]
    public let outputs: [PlannedValue]
    /// Bytes of memory of each executor, for all that lives between layers.
    public let arenaBytes: Int
    /// Bytes of weights and folded constants, shared by all executors.
    public let constantBytes: Int

    /// How many may work on one layer.
    public let threads: Int

    let inputValues: [Int]
    let outputValues: [Int]
    let values: [Value]
    let steps: [Step]
    /// Layers that depend on the content of a value, and all that follow them. Run after all `steps`.
    let dynamicSteps: [Node]
    let limits: Limits

    /// Infers all shapes and lays out memory.
    ///
    /// - Parameters:
    ///   - graph: The network.
    ///   - inputShapes: Shapes by input name; needed where the graph leaves a dimension open, optional elsewhere.
    ///   - passes: Rewritings of the graph that keep its results.
    ///   - kernels: What computes each layer; nil takes the fast ones, on the instructions that `POSESTREAM_ISA` names, else the best.
    ///   - threads: How many may work on one layer; the results do not depend on it.
    /// - Throws: `Failure` of kind `.data` that names the layer, when shapes do not fit or are beyond the limits.
    public init(
        _ graph: Graph, inputShapes: [String: [Int]] = [:], passes: [any GraphPass] = .standard,
        kernels: KernelSelection? = nil, threads: Int = 1, limits: Limits = Limits()
    ) throws {
        var inference = try ShapeInference(try graph.rewritten(by: passes), inputShapes: inputShapes, limits: limits)
        try inference.run()
        let kernels = try kernels ?? KernelSelection(
            instructions: try InstructionSet.wanted(), precision: graph.precision, measured: graph.measured)
        let network = try LayoutBuilder(inference, kernels: kernels, threads: max(threads, 1)).network()
        self = try PlanLayout(inference, network, threads: max(threads, 1)).plan()
    }

    init(
        inputs: [PlannedValue], outputs: [PlannedValue], arenaBytes: Int, constantBytes: Int, threads: Int,
        inputValues: [Int], outputValues: [Int], values: [Value], steps: [Step], dynamicSteps: [Node], limits: Limits
    ) {
        self.inputs = inputs
        self.outputs = outputs
        self.arenaBytes = arenaBytes
        self.constantBytes = constantBytes
        self.threads = threads
        self.inputValues = inputValues
        self.outputValues = outputValues
        self.values = values
        self.steps = steps
        self.dynamicSteps = dynamicSteps
        self.limits = limits
    }

    /// Position of the input or output of this name.
    public func inputIndex(_ name: String) -> Int? { inputs.firstIndex { $0.name == name } }
    public func outputIndex(_ name: String) -> Int? { outputs.firstIndex { $0.name == name } }

    /// A layer that runs, for `bench --layers`.
    public struct Layer: Sendable {
        public let name: String
        public let operatorName: String
        /// Multiplications with additions of the plain method; 0 where nobody counts them.
        public let macs: Int
        /// How it is computed: "1x32x64x48 3x3 winograd4".
        public let method: String
    }

    /// The layers in the order in which they run; dynamic ones are left out.
    public var layers: [Layer] {
        steps.map { Layer(name: $0.name, operatorName: $0.operatorName, macs: $0.kernel.macs, method: $0.kernel.method) }
    }

    /// The memory of the packed weights, for tests of who shares it.
    package var packedWeights: [ObjectIdentifier] { steps.compactMap { ($0.kernel as? BlockedConvolutionKernel)?.weightsIdentity } }

    /// The layers that run, for messages and tests: "Conv", "Concat".
    package var operatorNames: [String] { steps.map(\.operatorName) + dynamicSteps.map(\.op.name) }
}

extension Plan.Limits {
    /// Throws unless a tensor of this shape may exist.
    func check(_ shape: [Int], _ elementType: ElementType, at place: String) throws {
        guard let count = Shape.count(shape), count <= elements, Shape.byteCount(shape, elementType) != nil else {
            throw Failure(
                .data, "network does not fit", at: place, because: "a tensor of \(Shape.text(shape)) elements is too large")
        }
    }
}

extension Node {
    /// For messages: `layer "conv1" (Conv)`.
    var place: String { name.isEmpty ? "layer \(op.name)" : "layer \"\(name)\" (\(op.name))" }

    /// Runs `body` and puts this layer's name into what it throws.
    func named<Result>(_ body: () throws -> Result) throws -> Result {
        do { return try body() } catch var failure as Failure {
            if !failure.place.hasPrefix("layer ") { failure.place = place }
            throw failure
        }
    }
}
