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

    /// The input at `index` while running; `infer` has asked for it.
    func present(_ inputs: [TensorView?], _ index: Int) throws -> TensorView {
        guard index < inputs.count, let input = inputs[index] else { throw misfit("input \(index) is missing") }
        return input
    }

    /// The input at `index` while running, if there is one.
    func optional(_ inputs: [TensorView?], _ index: Int) -> TensorView? {
        index < inputs.count ? inputs[index] : nil
    }

    /// An axis in -rank ..< rank as one in 0 ..< rank.
    func axis(_ axis: Int, rank: Int) throws -> Int {
        guard axis >= -rank, axis < rank else { throw misfit("axis \(axis) of \(rank)") }
        return axis < 0 ? axis + rank : axis
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
