/// What a layer's arithmetic is, for `bench --layers`.
package struct LayerCost: Sendable {
    package let name: String
    package let operatorName: String
    /// Multiply-adds of convolutions and products of matrices; 0 for all other layers.
    package let multiplyAdds: Int
    package let output: [Int]
}

extension Graph {
    /// The cost of each layer that runs, in order, as the graph stands before any pass.
    ///
    /// Throws as `Plan` does when shapes do not fit. Layers whose shape depends on content are left out.
    package func layerCosts(inputShapes: [String: [Int]] = [:]) throws -> [LayerCost] {
        var inference = try ShapeInference(self, inputShapes: inputShapes, limits: Plan.Limits())
        try inference.run()
        return inference.steps.map { node in
            let inputs = node.inputs.map { $0.flatMap { inference.infos[$0.index] }?.shape ?? [] }
            let output = node.outputs.first.flatMap { inference.infos[$0.index] }?.shape ?? []
            return LayerCost(
                name: node.name, operatorName: node.op.name, multiplyAdds: Self.multiplyAdds(node.op, inputs, output), output: output)
        }
    }

    private static func multiplyAdds(_ op: any Operator, _ inputs: [[Int]], _ output: [Int]) -> Int {
        func count(_ shape: some Sequence<Int>) -> Int { saturatingProduct(shape) }
        guard inputs.count >= 2 else { return 0 }
        switch op {
        // Every output value is a sum over one filter.
        case is Convolution: return saturatingProduct([count(output), count(inputs[1].dropFirst())])
        // Every input value goes into all outputs of its filter.
        case is ConvolutionTranspose: return saturatingProduct([count(inputs[0]), count(inputs[1].dropFirst())])
        case let op as Gemm: return saturatingProduct([count(output), inputs[0].isEmpty ? 0 : inputs[0][op.isATransposed ? 0 : 1]])
        case is MatMul: return saturatingProduct([count(output), inputs[0].last ?? 0])
        default: return 0
        }
    }

    private static func saturatingProduct(_ factors: some Sequence<Int>) -> Int {
        factors.reduce(1) { product, factor in
            let (value, overflow) = product.multipliedReportingOverflow(by: factor)
            return overflow ? Int.max : value
        }
    }
}
