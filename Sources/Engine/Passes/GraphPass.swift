/// A rewriting of a graph that keeps its results up to rounding.
public protocol GraphPass: Sendable {
    func apply(to graph: Graph) throws -> Graph
}

extension Array where Element == any GraphPass {
    /// What a plan does unless told otherwise: constants computed once, batch normalisation put into weights, activations
    /// applied by the layer before, convolutions over pixels that were spread over channels done on the picture itself.
    public static var standard: [any GraphPass] {
        [ConstantFolding(), BatchNormalizationFolding(), ActivationRecognition(), ActivationFusion(), SpaceToDepthFolding()]
    }
    /// Every layer as it was written.
    public static var none: [any GraphPass] { [] }
}

extension Graph {
    /// The graph after these passes. Plan the result with `passes: .none` where many plans (batch sizes) share its weights.
    public func rewritten(by passes: [any GraphPass] = .standard) throws -> Graph {
        try passes.reduce(self) { try $1.apply(to: $0) }
    }

    /// The layers that an output depends on, in order.
    func neededNodes() -> [Node] {
        var needed = Set(outputs.map(\.value))
        var kept: [Node] = []
        for node in nodes.reversed() where node.outputs.contains(where: needed.contains) {
            kept.append(node)
            needed.formUnion(node.inputs.compactMap { $0 })
        }
        return kept.reversed()
    }
}
