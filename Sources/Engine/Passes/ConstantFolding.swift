/// Computes once what depends on constants only: weights stored as float16 and cast, shape arithmetic.
///
/// What depends on the inputs' shapes is folded later, in the plan, which knows them.
public struct ConstantFolding: GraphPass {
    /// Constants above this size stay as layers.
    public var byteLimit = 1 << 30

    public init() {}

    public func apply(to graph: Graph) throws -> Graph {
        var graph = graph
        var bytes = 0
        var kept: [Node] = []
        for node in graph.neededNodes() {
            guard !(node.op is any DataDependentOperator),
                node.inputs.allSatisfy({ $0 == nil || $0.flatMap { graph.constants[$0] } != nil })
            else { kept.append(node); continue }
            let inputs = node.inputs.map { $0.flatMap { graph.constants[$0] }.map { ValueInfo($0) } }
            // What does not fit is reported by the plan.
            guard let outputs = try? node.op.infer(inputs), outputs.count >= node.outputs.count else { kept.append(node); continue }
            let sizes = outputs.map { Shape.byteCount($0.shape, $0.elementType) ?? Int.max }
            guard sizes.allSatisfy({ $0 <= byteLimit }), bytes + sizes.reduce(0, +) <= byteLimit else { kept.append(node); continue }
            bytes += sizes.reduce(0, +)
            let tensors = try node.named { try Self.compute(node.op, inputs, outputs) }
            for (value, tensor) in zip(node.outputs, tensors) { graph.constants[value] = tensor }
        }
        graph.nodes = kept
        return graph
    }

    /// The outputs of an operator whose inputs are all constant.
    static func compute(_ op: any Operator, _ inputs: [ValueInfo?], _ outputs: [ValueInfo]) throws -> [Tensor] {
        if op is any ViewOperator, let content = inputs.first??.constant, let shape = outputs.first?.shape,
            Shape.count(shape) == content.count
        {
            return [content.reshaped(shape)]
        }
        let tensors = outputs.map { $0.constant ?? Tensor(shape: $0.shape, elementType: $0.elementType) }
        if outputs.allSatisfy({ $0.constant != nil }) { return tensors }
        let kernel = try op.prepare(inputs, outputs)
        let scratch = TensorStorage(byteCount: kernel.scratchBytes)
        try kernel.run(inputs.map { $0?.constant.map(TensorView.init) }, into: tensors.map(TensorView.init), scratch: scratch.bytes)
        withExtendedLifetime((inputs, scratch)) {}
        return tensors
    }

    static func computeAny(_ op: any DataDependentOperator, _ inputs: [ValueInfo?]) throws -> [Tensor] {
        defer { withExtendedLifetime(inputs) {} }
        return try op.computeAny(inputs.map { $0?.constant.map(TensorView.init) })
    }
}

extension TensorView {
    /// The tensor's own memory: whoever uses the view keeps the tensor alive, and writes only what nobody shares yet.
    init(_ tensor: Tensor) {
        self.init(shape: tensor.shape, elementType: tensor.elementType, bytes: tensor.storage.start + tensor.byteOffset)
    }
}
