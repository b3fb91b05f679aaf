import Diagnostics

/// Dense tensors cut into rows along one axis: element i of row (o, n) lies at o · size · inner + i · inner + n.
private struct AxisRows {
    let outer: Int
    let size: Int
    let inner: Int

    init(shape: [Int], axis: Int) {
        outer = shape[..<axis].reduce(1, *)
        size = shape[axis]
        inner = shape[(axis + 1)...].reduce(1, *)
    }
}

/// Position of the largest or smallest element along an axis, int64; the first of equals unless `selectsLast`.
public struct ArgExtreme: Operator {
    public enum Extreme: String, Sendable { case maximum = "ArgMax", minimum = "ArgMin" }

    public var extreme: Extreme
    public var axis: Int
    public var keepsDimensions: Bool
    public var selectsLast: Bool

    public init(_ extreme: Extreme, axis: Int = 0, keepsDimensions: Bool = true, selectsLast: Bool = false) {
        self.extreme = extreme
        self.axis = axis
        self.keepsDimensions = keepsDimensions
        self.selectsLast = selectsLast
    }

    public var name: String { extreme.rawValue }

    public func infer(_ inputs: [ValueInfo?]) throws -> [ValueInfo] {
        let input = try required(inputs, 0)
        try requireType(input, among: ElementType.numbers)
        let axis = try checkedAxis(axis, rank: input.shape.count)
        var shape = try checked(input.shape)
        guard shape[axis] > 0 else { throw misfit("nothing to choose from in shape \(Shape.text(shape))") }
        if keepsDimensions { shape[axis] = 1 } else { shape.remove(at: axis) }
        return [ValueInfo(.int64, shape)]
    }

    public func compute(_ inputs: [TensorView?], into outputs: [TensorView], scratch: UnsafeMutableRawBufferPointer) throws {
        let input = try required(inputs, 0)
        let rows = AxisRows(shape: input.shape, axis: try checkedAxis(axis, rank: input.shape.count))
        let result = outputs[0].elements(Int64.self)
        switch input.elementType {
        case .float32: choose(input.floats, rows, into: result)
        case .float64: choose(input.elements(Double.self), rows, into: result)
        case .int32: choose(input.elements(Int32.self), rows, into: result)
        case .int64: choose(input.elements(Int64.self), rows, into: result)
        default: throw misfit("type \(input.elementType.rawValue)")
        }
    }

    private func choose<T: Comparable>(
        _ x: UnsafeMutableBufferPointer<T>, _ rows: AxisRows, into result: UnsafeMutableBufferPointer<Int64>
    ) {
        for o in 0..<rows.outer {
            for n in 0..<rows.inner {
                let start = o * rows.size * rows.inner + n
                var (best, place) = (x[start], 0)
                for i in 1..<max(rows.size, 1) {
                    let value = x[start + i * rows.inner]
                    let isBetter = extreme == .maximum ? value > best : value < best
                    if isBetter || (selectsLast && value == best) { (best, place) = (value, i) }
                }
                result[o * rows.inner + n] = Int64(place)
            }
        }
    }
}

/// The `k` largest or smallest elements along an axis, best first, with their positions (int64); of equals the lower
/// position comes first. `k` is an attribute or a second input.
public struct TopK: Operator {
    public var k: Int?
    public var axis: Int
    public var takesLargest: Bool
    public var isSorted: Bool

    public init(k: Int? = nil, axis: Int = -1, takesLargest: Bool = true, isSorted: Bool = true) {
        self.k = k
        self.axis = axis
        self.takesLargest = takesLargest
        self.isSorted = isSorted
    }

    public func infer(_ inputs: [ValueInfo?]) throws -> [ValueInfo] {
        let input = try required(inputs, 0)
        try requireType(input, among: ElementType.numbers)
        let axis = try checkedAxis(axis, rank: input.shape.count)
        guard let count = try integers(k.map { [$0] }, orConstant: optional(inputs, 1), "k"), count.count == 1 else {
            throw misfit("k is not one number")
        }
        var shape = try checked(input.shape)
        guard count[0] >= 0, count[0] <= shape[axis] else { throw misfit("\(count[0]) of \(shape[axis]) elements") }
        shape[axis] = count[0]
        return [ValueInfo(input.elementType, shape), ValueInfo(.int64, shape)]
    }

    public func compute(_ inputs: [TensorView?], into outputs: [TensorView], scratch: UnsafeMutableRawBufferPointer) throws {
        let input = try required(inputs, 0)
        let axis = try checkedAxis(axis, rank: input.shape.count)
        let rows = AxisRows(shape: input.shape, axis: axis)
        let (count, indices) = (outputs[0].shape[axis], outputs.count > 1 ? outputs[1].elements(Int64.self) : nil)
        switch input.elementType {
        case .float32: choose(input.floats, rows, count, into: outputs[0].floats, indices)
        case .float64: choose(input.elements(Double.self), rows, count, into: outputs[0].elements(Double.self), indices)
        case .int32: choose(input.elements(Int32.self), rows, count, into: outputs[0].elements(Int32.self), indices)
        case .int64: choose(input.elements(Int64.self), rows, count, into: outputs[0].elements(Int64.self), indices)
        default: throw misfit("type \(input.elementType.rawValue)")
        }
    }

    private func choose<T: Comparable>(
        _ x: UnsafeMutableBufferPointer<T>, _ rows: AxisRows, _ count: Int, into values: UnsafeMutableBufferPointer<T>,
        _ indices: UnsafeMutableBufferPointer<Int64>?
    ) {
        for o in 0..<rows.outer {
            for n in 0..<rows.inner {
                let start = o * rows.size * rows.inner + n
                let order = (0..<rows.size).sorted { a, b in
                    let (x, y) = (x[start + a * rows.inner], x[start + b * rows.inner])
                    return x == y ? a < b : takesLargest ? x > y : x < y
                }
                for i in 0..<count {
                    let to = o * count * rows.inner + i * rows.inner + n
                    values[to] = x[start + order[i] * rows.inner]
                    indices?[to] = Int64(order[i])
                }
            }
        }
    }
}

/// Running sums along an axis, which is an attribute or a second input (one integer).
public struct CumulativeSum: Operator {
    public var axis: Int?
    /// Each sum leaves out its own element.
    public var isExclusive: Bool
    /// From the end to the front.
    public var isReversed: Bool

    public init(axis: Int? = nil, isExclusive: Bool = false, isReversed: Bool = false) {
        self.axis = axis
        self.isExclusive = isExclusive
        self.isReversed = isReversed
    }

    public var name: String { "CumSum" }

    public func infer(_ inputs: [ValueInfo?]) throws -> [ValueInfo] {
        let input = try required(inputs, 0)
        try requireType(input, among: ElementType.numbers)
        guard let axis = try integers(axis.map { [$0] }, orConstant: optional(inputs, 1), "the axis"), axis.count == 1 else {
            throw misfit("the axis is not one number")
        }
        _ = try checkedAxis(axis[0], rank: input.shape.count)
        return [ValueInfo(input.elementType, try checked(input.shape))]
    }

    public func compute(_ inputs: [TensorView?], into outputs: [TensorView], scratch: UnsafeMutableRawBufferPointer) throws {
        let input = try required(inputs, 0)
        guard let axis = integers(axis.map { [$0] }, or: optionalView(inputs, 1))?.first else { throw misfit("the axis is missing") }
        let rows = AxisRows(shape: input.shape, axis: try checkedAxis(axis, rank: input.shape.count))
        switch input.elementType {
        case .float32: add(input.floats, rows, into: outputs[0].floats, zero: 0) { $0 + $1 }
        case .float64: add(input.elements(Double.self), rows, into: outputs[0].elements(Double.self), zero: 0) { $0 + $1 }
        case .int32: add(input.elements(Int32.self), rows, into: outputs[0].elements(Int32.self), zero: 0) { $0 &+ $1 }
        case .int64: add(input.elements(Int64.self), rows, into: outputs[0].elements(Int64.self), zero: 0) { $0 &+ $1 }
        default: throw misfit("type \(input.elementType.rawValue)")
        }
    }

    private func add<T>(
        _ x: UnsafeMutableBufferPointer<T>, _ rows: AxisRows, into y: UnsafeMutableBufferPointer<T>, zero: T, _ plus: (T, T) -> T
    ) {
        for o in 0..<rows.outer {
            for n in 0..<rows.inner {
                var sum = zero
                for i in 0..<rows.size {
                    let place = o * rows.size * rows.inner + (isReversed ? rows.size - 1 - i : i) * rows.inner + n
                    let next = plus(sum, x[place])
                    y[place] = isExclusive ? sum : next
                    sum = next
                }
            }
        }
    }
}
