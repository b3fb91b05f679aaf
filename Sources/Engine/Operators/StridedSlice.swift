import Diagnostics

/// A part of a tensor: along each named axis from `starts` to `ends` (not included) by `steps`, as Python slices: negative
/// numbers count from the end, numbers beyond it are cut, a negative step walks backwards.
///
/// Each list is an attribute or, where that is nil, an input: data, starts, ends, axes, steps.
public struct StridedSlice: Operator {
    public var starts: [Int]?
    public var ends: [Int]?
    public var axes: [Int]?
    public var steps: [Int]?

    public init(starts: [Int]? = nil, ends: [Int]? = nil, axes: [Int]? = nil, steps: [Int]? = nil) {
        self.starts = starts
        self.ends = ends
        self.axes = axes
        self.steps = steps
    }

    public var name: String { "Slice" }

    /// First index, step and number of elements along each axis.
    typealias Window = (start: Int, step: Int, count: Int)

    private func windows(shape: [Int], starts: [Int]?, ends: [Int]?, axes: [Int]?, steps: [Int]?) throws -> [Window] {
        guard let starts, let ends else { throw misfit("starts or ends are missing") }
        // An empty list of axes or steps, as some writers leave it, means the default.
        let axes = axes.flatMap { $0.isEmpty ? nil : $0 } ?? Array(starts.indices)
        let steps = steps.flatMap { $0.isEmpty ? nil : $0 } ?? starts.map { _ in 1 }
        guard starts.count == ends.count, axes.count == starts.count, steps.count == starts.count else {
            throw misfit("\(starts.count) starts, \(ends.count) ends, \(axes.count) axes and \(steps.count) steps")
        }
        _ = try checkedAxes(axes, rank: shape.count)
        var windows: [Window] = shape.map { (0, 1, $0) }
        for i in axes.indices {
            let axis = try checkedAxis(axes[i], rank: shape.count)
            guard steps[i] != 0 else { throw misfit("a step of 0") }
            windows[axis] = window(start: starts[i], end: ends[i], step: steps[i], size: shape[axis])
        }
        return windows
    }

    private func window(start: Int, end: Int, step: Int, size: Int) -> Window {
        // Steps beyond the size reach one element only; cutting them keeps the arithmetic small.
        let step = max(-size - 1, min(step, size + 1))
        let range = step > 0 ? 0...size : -1...(size - 1)
        func position(_ index: Int) -> Int {
            let fromFront = index < 0 ? (index < -size ? -size - 1 : index) + size : index
            return min(max(fromFront, range.lowerBound), range.upperBound)
        }
        let (first, last) = (position(start), position(end))
        let distance = step > 0 ? last - first : first - last
        return (first, step, distance <= 0 ? 0 : (distance + abs(step) - 1) / abs(step))
    }

    public func infer(_ inputs: [ValueInfo?]) throws -> [ValueInfo] {
        [ValueInfo(try required(inputs, 0).elementType, try constantWindows(inputs).map(\.count))]
    }

    /// What is taken along each axis, when that follows from constants.
    func constantWindows(_ inputs: [ValueInfo?]) throws -> [Window] {
        let input = try required(inputs, 0)
        return try windows(
            shape: try checked(input.shape),
            starts: try integers(starts, orConstant: optional(inputs, 1), "where the slice starts"),
            ends: try integers(ends, orConstant: optional(inputs, 2), "where the slice ends"),
            axes: try integers(axes, orConstant: optional(inputs, 3), "the list of axes"),
            steps: try integers(steps, orConstant: optional(inputs, 4), "the list of steps"))
    }

    public func compute(_ inputs: [TensorView?], into outputs: [TensorView], scratch: UnsafeMutableRawBufferPointer) throws {
        let input = try required(inputs, 0)
        let windows = try windows(
            shape: input.shape, starts: integers(starts, or: optionalView(inputs, 1)), ends: integers(ends, or: optionalView(inputs, 2)),
            axes: integers(axes, or: optionalView(inputs, 3)), steps: integers(steps, or: optionalView(inputs, 4)))
        guard windows.map(\.count) == outputs[0].shape else { throw misfit("the slice changed while it ran") }
        let strides = Shape.strides(input.shape)
        copyStrided(
            input, offset: zip(windows, strides).reduce(0) { $0 + $1.0.start * $1.1 }, sizes: windows.map(\.count),
            steps: zip(windows, strides).map { $0.step * $1 }, into: outputs[0])
    }
}
