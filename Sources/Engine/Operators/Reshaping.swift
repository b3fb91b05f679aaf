import Diagnostics

/// A layer that gives its first input's elements in the same order under another shape.
protocol ReshapingOperator: ViewOperator {
    func outputShape(_ inputs: [ValueInfo?]) throws -> [Int]
}

extension ReshapingOperator {
    public func infer(_ inputs: [ValueInfo?]) throws -> [ValueInfo] {
        [ValueInfo(try required(inputs, 0).elementType, try checked(try outputShape(inputs)))]
    }
}

/// Its input, unchanged (ONNX `Identity`, and `Dropout` at inference).
public struct Identity: ReshapingOperator {
    public init() {}

    func outputShape(_ inputs: [ValueInfo?]) throws -> [Int] { try required(inputs, 0).shape }
}

/// Another shape for the same elements: a target size may be -1 (what remains, once) or, unless `allowZero`, 0 (copied from
/// the input's dimension at that place). The target is `shape` or a second input.
public struct Reshape: ReshapingOperator {
    public var shape: [Int]?
    public var allowZero: Bool

    public init(to shape: [Int]? = nil, allowZero: Bool = false) {
        self.shape = shape
        self.allowZero = allowZero
    }

    func outputShape(_ inputs: [ValueInfo?]) throws -> [Int] {
        let input = try required(inputs, 0)
        guard var target = try integers(shape, orConstant: optional(inputs, 1), "the target shape") else {
            throw misfit("the target shape is missing")
        }
        for (axis, size) in target.enumerated() where size == 0 && !allowZero {
            guard axis < input.shape.count else { throw misfit("target \(target) copies dimension \(axis) of \(input.shape)") }
            target[axis] = input.shape[axis]
        }
        let count = try checked(input.shape).reduce(1, *)
        let open = target.indices.filter { target[$0] == -1 }
        guard open.count <= 1 else { throw misfit("target \(target) has more than one -1") }
        if let open = open.first {
            guard let known = Shape.limitedCount(target.enumerated().filter { $0.offset != open }.map(\.element)), known > 0,
                count % known == 0
            else { throw misfit("shape \(input.shape) cannot become \(target)") }
            target[open] = count / known
        }
        guard Shape.limitedCount(target) == count else { throw misfit("shape \(input.shape) cannot become \(target)") }
        return target
    }
}

/// Two dimensions: those before `axis` and those from it on.
public struct Flatten: ReshapingOperator {
    public var axis: Int
    public init(axis: Int = 1) { self.axis = axis }

    func outputShape(_ inputs: [ValueInfo?]) throws -> [Int] {
        let shape = try checked(try required(inputs, 0).shape)
        // One past the last axis is allowed here.
        guard axis >= -shape.count, axis <= shape.count else { throw misfit("axis \(axis) of \(shape.count) dimensions") }
        let split = axis < 0 ? axis + shape.count : axis
        return [shape[..<split].reduce(1, *), shape[split...].reduce(1, *)]
    }
}

/// Drops dimensions of size 1: those named by `axes` or a second input, or all.
public struct Squeeze: ReshapingOperator {
    public var axes: [Int]?
    public init(axes: [Int]? = nil) { self.axes = axes }

    func outputShape(_ inputs: [ValueInfo?]) throws -> [Int] {
        let shape = try required(inputs, 0).shape
        guard let named = try integers(axes, orConstant: optional(inputs, 1), "the list of axes") else {
            return shape.filter { $0 != 1 }
        }
        let dropped = try checkedAxes(named, rank: shape.count)
        for axis in dropped where shape[axis] != 1 { throw misfit("axis \(axis) of \(shape) is not 1") }
        return shape.indices.filter { !dropped.contains($0) }.map { shape[$0] }
    }
}

/// Inserts dimensions of size 1 so that they stand at `axes` (or a second input) of the result.
public struct Unsqueeze: ReshapingOperator {
    public var axes: [Int]?
    public init(axes: [Int]? = nil) { self.axes = axes }

    func outputShape(_ inputs: [ValueInfo?]) throws -> [Int] {
        let shape = try required(inputs, 0).shape
        guard let named = try integers(axes, orConstant: optional(inputs, 1), "the list of axes") else {
            throw misfit("the list of axes is missing")
        }
        let rank = shape.count + named.count
        guard rank <= Shape.rankLimit else { throw misfit("\(rank) dimensions are more than \(Shape.rankLimit)") }
        let added = try checkedAxes(named, rank: rank)
        var old = shape.makeIterator()
        return (0..<rank).map { added.contains($0) ? 1 : old.next() ?? 1 }
    }
}
