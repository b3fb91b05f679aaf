/// Puts a batch normalisation into the weights and the bias of the convolution (or transposed convolution) before it, when
/// nobody else reads that convolution.
public struct BatchNormalizationFolding: GraphPass {
    public init() {}

    public func apply(to graph: Graph) throws -> Graph {
        var graph = graph
        let uses = GraphUses(graph)
        var removed = Set<Int>()
        for (index, node) in graph.nodes.enumerated() {
            guard let normalization = node.op as? BatchNormalization, let source = node.inputs.first ?? nil,
                let producer = uses.maker(of: source), uses.onlyReader(of: source) == index,
                let factors = factors(of: node, normalization, in: graph),
                let folded = fold(factors, into: graph.nodes[producer], in: &graph)
            else { continue }
            graph.nodes[producer] = folded
            graph.nodes[producer].outputs = [node.outputs[0]]
            removed.insert(index)
        }
        graph.nodes = graph.nodes.enumerated().filter { !removed.contains($0.offset) }.map(\.element)
        return graph
    }

    /// Each channel's factor and term, when all statistics are constant and belong together.
    private func factors(of node: Node, _ op: BatchNormalization, in graph: Graph) -> [(a: Double, b: Double)]? {
        let constants = node.inputs.dropFirst().compactMap { $0.flatMap { graph.constants[$0] } }
        guard node.inputs.count == 5, constants.count == 4,
            constants.allSatisfy({ $0.elementType == .float32 && $0.shape == constants[0].shape && $0.shape.count == 1 })
        else { return nil }
        let (scale, bias, mean, variance) = (constants[0].floats, constants[1].floats, constants[2].floats, constants[3].floats)
        return scale.indices.map {
            BatchNormalization.line(scale: scale[$0], bias: bias[$0], mean: mean[$0], variance: variance[$0], epsilon: op.epsilon)
        }
    }

    private func fold(_ factors: [(a: Double, b: Double)], into node: Node, in graph: inout Graph) -> Node? {
        guard node.inputs.count >= 2, let weights = node.inputs[1].flatMap({ graph.constants[$0] }),
            weights.elementType == .float32, weights.shape.count >= 3, weights.count > 0
        else { return nil }
        // Output channel of each row of `run` weights.
        let run: Int
        let channel: @Sendable (Int) -> Int
        switch node.op {
        case let op as Convolution where op.activation == .identity && weights.shape[0] == factors.count:
            run = weights.count / weights.shape[0]
            channel = { $0 }
        case let op as ConvolutionTranspose
        where op.activation == .identity && op.groups >= 1 && weights.shape[0] % op.groups == 0
            && weights.shape[1] * op.groups == factors.count:
            let (perGroup, inputs) = (weights.shape[1], weights.shape[0] / op.groups)
            run = weights.count / (weights.shape[0] * perGroup)
            channel = { row in row / perGroup / inputs * perGroup + row % perGroup }
        default: return nil
        }
        var bias = [Float](repeating: 0, count: factors.count)
        if node.inputs.count > 2, let value = node.inputs[2] {
            guard let constant = graph.constants[value], constant.elementType == .float32, constant.count == factors.count else { return nil }
            bias = constant.floats
        }
        let scaled = Tensor(weights) { values in
            for row in 0..<values.count / run {
                let factor = factors[channel(row)].a
                for i in row * run..<(row + 1) * run { values[i] = Float(Double(values[i]) * factor) }
            }
        }
        for i in bias.indices { bias[i] = Float(Double(bias[i]) * factors[i].a + factors[i].b) }
        var folded = node
        folded.inputs = [
            node.inputs[0], graph.addConstant(scaled),
            graph.addConstant(Tensor(bias, shape: [bias.count])),
        ]
        return folded
    }
}
