import Diagnostics

/// What operators on float32 pictures ask of their inputs.
extension Operator {
    /// The float32 input at `index`.
    func floats(_ inputs: [ValueInfo?], _ index: Int) throws -> ValueInfo {
        let input = try required(inputs, index)
        guard input.elementType == .float32 else { throw misfit("input \(index) is \(input.elementType), not float32") }
        return input
    }

    /// The float32 input at `index`, if there is one.
    func optionalFloats(_ inputs: [ValueInfo?], _ index: Int) throws -> ValueInfo? {
        optional(inputs, index) == nil ? nil : try floats(inputs, index)
    }

    /// A float32 vector of one value a channel.
    func perChannel(_ inputs: [ValueInfo?], _ index: Int, channels: Int, _ what: String) throws -> ValueInfo {
        let vector = try floats(inputs, index)
        guard vector.shape == [channels] else {
            throw misfit("\(what) is \(Shape.text(vector.shape)) for \(channels) channels")
        }
        return vector
    }
}

extension TensorView {
    /// The first float.
    var pointer: UnsafeMutablePointer<Float> { bytes.assumingMemoryBound(to: Float.self) }
}

/// Sum and product that stop at the largest integer: sizes of working memory, which the plan then refuses.
func saturatingProduct(_ factors: Int...) -> Int {
    factors.reduce(1) { product, factor in
        let (value, overflow) = product.multipliedReportingOverflow(by: factor)
        return overflow ? Int.max / 2 : value
    }
}
