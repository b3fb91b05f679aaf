/// A rewriting of a graph that keeps its results up to rounding.
public protocol GraphPass: Sendable {
    func apply(to graph: Graph) throws -> Graph
}

extension Array where Element == any GraphPass {
    /// What every plan does: constants computed once.
    public static var standard: [any GraphPass] { [ConstantFolding()] }
    /// Every layer as it was written.
    public static var none: [any GraphPass] { [] }
}

extension Graph {
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
