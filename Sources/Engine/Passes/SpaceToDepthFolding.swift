/// Every second row and column of a picture, four times, joined along the channels and convolved with stride 1 (YOLOX's
/// "focus"): a convolution of twice the size with stride 2 on the picture itself. Same products, no copies.
public struct SpaceToDepthFolding: GraphPass {
    public init() {}

    public func apply(to graph: Graph) throws -> Graph {
        var graph = graph
        let uses = GraphUses(graph)
        for (index, node) in graph.nodes.enumerated() {
            guard let op = node.op as? Convolution, op.groups == 1, op.window.autoPad == .explicit,
                op.window.strides.allSatisfy({ $0 == 1 }), op.window.dilations.allSatisfy({ $0 == 1 }),
                node.inputs.count >= 2, let joined = node.inputs[0], let weights = node.inputs[1].flatMap({ graph.constants[$0] }),
                weights.elementType == .float32, weights.shape.count == 4, weights.shape[1] % 4 == 0,
                let concat = uses.maker(of: joined), let join = graph.nodes[concat].op as? Concat, join.axis == 1,
                graph.nodes[concat].inputs.count == 4
            else { continue }
            let parts = graph.nodes[concat].inputs.compactMap { $0.flatMap { part(of: $0, graph, uses) } }
            guard parts.count == 4, let picture = parts.first?.picture, parts.allSatisfy({ $0.picture == picture }),
                Set(parts.map { $0.y * 2 + $0.x }).count == 4
            else { continue }
            var larger = op
            larger.kernel = nil
            larger.window.strides = [2, 2]
            larger.window.padding = op.window.padding.map { $0 <= 1 << 16 ? $0 * 2 : $0 }
            graph.nodes[index].op = larger
            graph.nodes[index].inputs[0] = picture
            graph.nodes[index].inputs[1] = graph.addConstant(spread(weights, parts.map { ($0.y, $0.x) }))
        }
        graph.nodes = graph.neededNodes()
        return graph
    }

    /// Which pixels of which picture a value holds, when it is every second one of each axis.
    private func part(of value: ValueID, _ graph: Graph, _ uses: GraphUses) -> (picture: ValueID, y: Int, x: Int)? {
        var value = value
        var starts: [Int: Int] = [:]
        while starts.count < 2, let maker = uses.maker(of: value), let slice = graph.nodes[maker].op as? StridedSlice,
            let input = graph.nodes[maker].inputs.first ?? nil
        {
            let node = graph.nodes[maker]
            func list(_ attribute: [Int]?, _ index: Int) -> [Int]? {
                if let attribute { return attribute }
                guard index < node.inputs.count, let tensor = node.inputs[index].flatMap({ graph.constants[$0] }), tensor.count <= 4 else { return nil }
                switch tensor.elementType {
                case .int64: return tensor.integers.map { Int($0) }
                case .int32: return tensor.withElements(as: Int32.self) { $0.map { Int($0) } }
                default: return nil
                }
            }
            guard let first = list(slice.starts, 1), let ends = list(slice.ends, 2), let axes = list(slice.axes, 3),
                let steps = list(slice.steps, 4), first.count == axes.count, steps.count == axes.count, ends.count == axes.count,
                steps.allSatisfy({ $0 == 2 }), first.allSatisfy({ $0 == 0 || $0 == 1 }), ends.allSatisfy({ $0 > 1 << 14 })
            else { return nil }
            for (axis, start) in zip(axes, first) {
                guard axis == 2 || axis == 3, starts[axis] == nil else { return nil }
                starts[axis] = start
            }
            value = input
        }
        guard let y = starts[2], let x = starts[3] else { return nil }
        return (value, y, x)
    }

    /// [O, 4 C, kh, kw] as [O, C, 2 kh, 2 kw].
    private func spread(_ weights: Tensor, _ places: [(y: Int, x: Int)]) -> Tensor {
        let (outputs, channels, height, width) = (weights.shape[0], weights.shape[1] / 4, weights.shape[2], weights.shape[3])
        let from = weights.floats
        var to = [Float](repeating: 0, count: from.count)
        for o in 0..<outputs {
            for (part, place) in places.enumerated() {
                for c in 0..<channels {
                    for y in 0..<height {
                        for x in 0..<width {
                            to[((o * channels + c) * 2 * height + 2 * y + place.y) * 2 * width + 2 * x + place.x] =
                                from[((o * 4 * channels + part * channels + c) * height + y) * width + x]
                        }
                    }
                }
            }
        }
        return Tensor(to, shape: [outputs, channels, 2 * height, 2 * width])
    }
}
