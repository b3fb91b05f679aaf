/// Lets a convolution (or transposed convolution) apply the activation that follows it, when nobody else reads what lies
/// between. Knows activations that files spell out as several layers: see `ActivationRecognition`, which runs before.
public struct ActivationFusion: GraphPass {
    public init() {}

    public func apply(to graph: Graph) throws -> Graph {
        var graph = graph
        let uses = GraphUses(graph)
        var removed = Set<Int>()
        for (index, node) in graph.nodes.enumerated() {
            guard let activation = node.op as? Activate, let source = node.inputs.first ?? nil,
                let producer = uses.maker(of: source), uses.onlyReader(of: source) == index,
                let op = fuse(activation.function, into: graph.nodes[producer].op)
            else { continue }
            graph.nodes[producer].op = op
            graph.nodes[producer].outputs = [node.outputs[0]]
            removed.insert(index)
        }
        graph.nodes = graph.nodes.enumerated().filter { !removed.contains($0.offset) }.map(\.element)
        return graph
    }

    private func fuse(_ activation: Activation, into op: any Operator) -> (any Operator)? {
        if var convolution = op as? Convolution, convolution.activation == .identity {
            convolution.activation = activation
            return convolution
        }
        if var convolution = op as? ConvolutionTranspose, convolution.activation == .identity {
            convolution.activation = activation
            return convolution
        }
        return nil
    }
}

/// Names activations that files spell out: x sigmoid(x) is SiLU, x hardSigmoid(x) with 1/6 and 1/2 is hard swish, a clip
/// with constant bounds needs no inputs.
public struct ActivationRecognition: GraphPass {
    public init() {}

    public func apply(to graph: Graph) throws -> Graph {
        var graph = graph
        let uses = GraphUses(graph)
        var removed = Set<Int>()
        for (index, node) in graph.nodes.enumerated() {
            if node.op is Clip, let (op, input) = constantClip(node, in: graph) {
                graph.nodes[index].op = op
                graph.nodes[index].inputs = [input]
            } else if let (gate, function, x) = gatedProduct(node, index, in: graph, uses) {
                graph.nodes[index].op = Activate(function)
                graph.nodes[index].inputs = [x]
                removed.insert(gate)
            }
        }
        graph.nodes = graph.nodes.enumerated().filter { !removed.contains($0.offset) }.map(\.element)
        return graph
    }

    private func constantClip(_ node: Node, in graph: Graph) -> (Activate, ValueID)? {
        guard let input = node.inputs.first ?? nil else { return nil }
        let bounds = node.inputs.dropFirst().compactMap { $0 }.map { graph.constants[$0] }
        // The type of the bounds is the type of x.
        guard !bounds.isEmpty, bounds.allSatisfy({ $0?.elementType == .float32 && $0?.count == 1 }) else { return nil }
        func bound(_ index: Int) -> Float? { index < node.inputs.count ? node.inputs[index].flatMap { graph.constants[$0]?.floats[0] } : nil }
        return (Activate(.clip(min: bound(1) ?? -.infinity, max: bound(2) ?? .infinity)), input)
    }

    /// x * gate(x) with a gate that nobody else reads.
    private func gatedProduct(
        _ node: Node, _ index: Int, in graph: Graph, _ uses: GraphUses
    ) -> (gate: Int, Activation, x: ValueID)? {
        guard let product = node.op as? Arithmetic, product.function == .multiply, node.inputs.count == 2,
            let a = node.inputs[0], let b = node.inputs[1]
        else { return nil }
        for (x, gated) in [(a, b), (b, a)] {
            guard let gate = uses.maker(of: gated), uses.onlyReader(of: gated) == index,
                let activation = graph.nodes[gate].op as? Activate, graph.nodes[gate].inputs.first == x
            else { continue }
            switch activation.function {
            case .sigmoid: return (gate, .silu, x)
            case .hardSigmoid(let alpha, let beta) where abs(alpha - 1 / 6) < 1e-6 && beta == 0.5: return (gate, .hardSwish, x)
            default: continue
            }
        }
        return nil
    }
}
