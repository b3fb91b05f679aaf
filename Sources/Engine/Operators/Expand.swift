import Diagnostics

/// Stretches dimensions of size 1 so that the result has the broadcast shape of the input and `shape` (or a second input).
public struct Expand: Operator {
    public var shape: [Int]?
    public init(to shape: [Int]? = nil) { self.shape = shape }

    public func infer(_ inputs: [ValueInfo?]) throws -> [ValueInfo] {
        let input = try required(inputs, 0)
        guard let target = try integers(shape, orConstant: optional(inputs, 1), "the target shape") else {
            throw misfit("the target shape is missing")
        }
        return [ValueInfo(input.elementType, try broadcastShape([input.shape, try checked(target)]))]
    }

    public func compute(_ inputs: [TensorView?], into outputs: [TensorView], scratch: UnsafeMutableRawBufferPointer) throws {
        let (input, output) = (try required(inputs, 0), outputs[0])
        let lead = output.shape.count - input.shape.count
        let strides = Shape.strides(input.shape)
        let steps = output.shape.indices.map { $0 < lead || input.shape[$0 - lead] == 1 ? 0 : strides[$0 - lead] }
        copyStrided(input, sizes: output.shape, steps: steps, into: output)
    }
}

/// Repeats the whole tensor along each axis; the counts are an attribute or a second input, one for each dimension.
public struct Tile: Operator {
    public var repeats: [Int]?
    public init(repeats: [Int]? = nil) { self.repeats = repeats }

    public func infer(_ inputs: [ValueInfo?]) throws -> [ValueInfo] {
        let input = try required(inputs, 0)
        guard let repeats = try integers(repeats, orConstant: optional(inputs, 1), "the number of repeats") else {
            throw misfit("the number of repeats is missing")
        }
        let shape = try checked(input.shape)
        guard repeats.count == shape.count, Shape.limitedCount(repeats) != nil else { throw misfit("repeats \(repeats) of shape \(shape)") }
        return [ValueInfo(input.elementType, try checked(zip(shape, repeats).map { $0 * $1 }))]
    }

    public func compute(_ inputs: [TensorView?], into outputs: [TensorView], scratch: UnsafeMutableRawBufferPointer) throws {
        let (input, output) = (try required(inputs, 0), outputs[0])
        let strides = Shape.strides(input.shape)
        var (sizes, steps): ([Int], [Int]) = ([], [])
        for axis in input.shape.indices where input.shape[axis] > 0 {
            sizes += [output.shape[axis] / input.shape[axis], input.shape[axis]]
            steps += [0, strides[axis]]
        }
        guard output.count > 0 else { return }
        copyStrided(input, sizes: sizes, steps: steps, into: output)
    }
}
