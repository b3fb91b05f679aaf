import Diagnostics

// Shapes come from a file: nothing here traps, whatever the numbers are.
extension Shape {
    /// Largest number of elements of one tensor. A model that asks for more is taken for damaged.
    static let elementLimit = 1 << 31
    static let rankLimit = 16

    /// Number of elements; nil when a size is negative or more than `elementLimit` elements would have to be counted
    /// (sizes of 0 left out, so that steps through an empty tensor stay small too).
    static func limitedCount(_ shape: some Sequence<Int>) -> Int? {
        var product = 1
        var isEmpty = false
        for size in shape {
            guard size >= 0, size <= elementLimit else { return nil }
            if size == 0 {
                isEmpty = true
                continue
            }
            product *= size
            guard product <= elementLimit else { return nil }
        }
        return isEmpty ? 0 : product
    }

    /// Steps in elements of a dense row-major tensor.
    static func strides(_ shape: [Int]) -> [Int] {
        var strides = [Int](repeating: 1, count: shape.count)
        for axis in shape.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * shape[axis + 1] }
        return strides
    }

    /// An axis counted from the front; nil when there is no such axis.
    static func axis(_ axis: Int, rank: Int) -> Int? {
        guard axis >= -rank, axis < rank else { return nil }
        return axis < 0 ? axis + rank : axis
    }

    /// The common shape under numpy's rule: aligned at the right, a size of 1 stretches.
    static func broadcast(_ a: [Int], _ b: [Int]) -> [Int]? {
        let rank = max(a.count, b.count)
        var shape = [Int](repeating: 1, count: rank)
        for back in 1...max(rank, 1) where back <= rank {
            let x = back <= a.count ? a[a.count - back] : 1
            let y = back <= b.count ? b[b.count - back] : 1
            guard x == y || x == 1 || y == 1 else { return nil }
            shape[rank - back] = x == 1 ? y : x
        }
        return shape
    }
}

// What most operators ask of their inputs, with the refusal in words.
extension Operator {
    func required(_ inputs: [TensorView?], _ index: Int) throws -> TensorView {
        guard index < inputs.count, let view = inputs[index] else { throw misfit("input \(index) is missing") }
        return view
    }

    func optionalView(_ inputs: [TensorView?], _ index: Int) -> TensorView? { index < inputs.count ? inputs[index] : nil }

    /// The shape, when one tensor may have it.
    func checked(_ shape: [Int]) throws -> [Int] {
        guard shape.count <= Shape.rankLimit else { throw misfit("\(shape.count) dimensions are more than \(Shape.rankLimit)") }
        guard Shape.limitedCount(shape) != nil else { throw misfit("size \(Shape.text(shape)) of the output is negative or too large") }
        return shape
    }

    func checkedAxis(_ axis: Int, rank: Int) throws -> Int {
        guard let axis = Shape.axis(axis, rank: rank) else { throw misfit("axis \(axis) of \(rank) dimensions") }
        return axis
    }

    /// Distinct axes, counted from the front, in ascending order.
    func checkedAxes(_ axes: [Int], rank: Int) throws -> [Int] {
        let result = try axes.map { try checkedAxis($0, rank: rank) }.sorted()
        guard Set(result).count == result.count else { throw misfit("axes \(axes) name one axis twice") }
        return result
    }

    func broadcastShape(_ shapes: [[Int]]) throws -> [Int] {
        var result: [Int] = shapes.first ?? []
        for shape in shapes.dropFirst() {
            guard let common = Shape.broadcast(result, shape) else { throw misfit("shapes \(result) and \(shape) cannot be broadcast") }
            result = common
        }
        return try checked(result)
    }

    func requireType(_ info: ValueInfo, among types: [ElementType]) throws {
        guard types.contains(info.elementType) else {
            throw misfit("\(info.elementType.rawValue) where \(types.map(\.rawValue).joined(separator: " or ")) is needed")
        }
    }

    /// Integers that are an attribute or a constant input (a target shape, axes, starts); nil when neither is there.
    func integers(_ attribute: [Int]?, orConstant info: ValueInfo?, _ what: String) throws -> [Int]? {
        if let attribute { return attribute }
        guard let info else { return nil }
        guard info.shape.count <= 1, let count = Shape.limitedCount(info.shape), count <= 4096 else {
            throw misfit("\(what) of shape \(info.shape) where a list is needed")
        }
        try requireType(info, among: ElementType.indices)
        guard let constant = info.constant else { throw DependsOnContent() }
        return switch info.elementType {
        case .int64: constant.withElements(as: Int64.self) { $0.map { Int($0) } }
        default: constant.withElements(as: Int32.self) { $0.map { Int($0) } }
        }
    }

    /// The same integers while the layer runs.
    func integers(_ attribute: [Int]?, or view: TensorView?) -> [Int]? {
        if let attribute { return attribute }
        guard let view else { return nil }
        return switch view.elementType {
        case .int64: view.elements(Int64.self).map { Int($0) }
        case .int32: view.elements(Int32.self).map { Int($0) }
        default: nil
        }
    }
}

extension ElementType {
    static let numbers: [ElementType] = [.float32, .float64, .int32, .int64]
    static let indices: [ElementType] = [.int32, .int64]
}
