import Diagnostics

/// Chooses boxes by score and drops those that overlap a better one of their class (ONNX's definition).
///
/// Inputs: boxes [N, B, 4], scores [N, C, B], then optional scalars: boxes kept a class (0 without it), IoU above which a box
/// is dropped (0), score that a box must exceed. Output: [K, 3] int64: picture, class, box; by picture, class, score.
public struct NonMaxSuppression: DataDependentOperator {
    /// Boxes are x, y of the centre, width, height; else two opposite corners y, x, y, x.
    public var boxesAreCentred: Bool
    public init(boxesAreCentred: Bool = false) { self.boxesAreCentred = boxesAreCentred }

    public func infer(_ inputs: [ValueInfo?]) throws -> [ValueInfo] {
        let (boxes, scores) = (try required(inputs, 0), try required(inputs, 1))
        try requireType(boxes, among: [.float32])
        try requireType(scores, among: [.float32])
        guard boxes.shape.count == 3, scores.shape.count == 3, boxes.shape[2] == 4, boxes.shape[0] == scores.shape[0],
            boxes.shape[1] == scores.shape[2]
        else { throw misfit("boxes of shape \(Shape.text(boxes.shape)) with scores of shape \(Shape.text(scores.shape))") }
        for (index, type) in [(2, ElementType.int64), (3, .float32), (4, .float32)] {
            guard let scalar = optional(inputs, index) else { continue }
            try requireType(scalar, among: [type])
            guard Shape.limitedCount(scalar.shape) == 1 else { throw misfit("input \(index) is no scalar") }
        }
        return [ValueInfo(.int64, [0, 3])]
    }

    public func computeAny(_ inputs: [TensorView?]) throws -> [Tensor] {
        let (boxView, scoreView) = (try required(inputs, 0), try required(inputs, 1))
        let limit = optionalView(inputs, 2).map { $0.elements(Int64.self)[0] } ?? 0
        let overlap = optionalView(inputs, 3).map { $0.floats[0] } ?? 0
        let threshold = optionalView(inputs, 4).map { $0.floats[0] } ?? -.infinity
        let (count, classes) = (boxView.shape[1], scoreView.shape[1])
        var chosen: [Int64] = []
        for picture in 0..<boxView.shape[0] {
            let frames = (0..<count).map { corners(boxView.floats, picture * count + $0) }
            for kind in 0..<classes {
                let first = (picture * classes + kind) * count
                let scores = scoreView.floats
                let order = (0..<count).filter { scores[first + $0] > threshold }.sorted {
                    scores[first + $0] == scores[first + $1] ? $0 < $1 : scores[first + $0] > scores[first + $1]
                }
                var kept: [Int] = []
                for box in order where kept.count < limit {
                    if kept.allSatisfy({ frames[$0].overlap(frames[box]) <= overlap }) { kept.append(box) }
                }
                for box in kept { chosen += [Int64(picture), Int64(kind), Int64(box)] }
            }
        }
        return [Tensor(chosen, shape: [chosen.count / 3, 3])]
    }

    private struct Corners {
        var (top, left, bottom, right): (Float, Float, Float, Float)
        var area: Float { (bottom - top) * (right - left) }

        /// Intersection over union.
        func overlap(_ other: Corners) -> Float {
            let height = min(bottom, other.bottom) - max(top, other.top)
            let width = min(right, other.right) - max(left, other.left)
            guard height > 0, width > 0 else { return 0 }
            return height * width / (area + other.area - height * width)
        }
    }

    private func corners(_ boxes: UnsafeMutableBufferPointer<Float>, _ index: Int) -> Corners {
        let (a, b, c, d) = (boxes[4 * index], boxes[4 * index + 1], boxes[4 * index + 2], boxes[4 * index + 3])
        return boxesAreCentred
            ? Corners(top: b - d / 2, left: a - c / 2, bottom: b + d / 2, right: a + c / 2)
            : Corners(top: min(a, c), left: min(b, d), bottom: max(a, c), right: max(b, d))
    }
}

/// Positions of all elements that are not 0: [rank, K] int64, in row-major order.
public struct NonZero: DataDependentOperator {
    public init() {}

    public func infer(_ inputs: [ValueInfo?]) throws -> [ValueInfo] {
        let input = try required(inputs, 0)
        try requireType(input, among: ElementType.numbers + [.bool, .uint8, .int8])
        return [ValueInfo(.int64, [max(input.shape.count, 1), 0])]
    }

    public func computeAny(_ inputs: [TensorView?]) throws -> [Tensor] {
        let input = try required(inputs, 0)
        let places: [Int] =
            switch input.elementType {
            case .float32: places(input.floats) { $0 != 0 }
            case .float64: places(input.elements(Double.self)) { $0 != 0 }
            case .int64: places(input.elements(Int64.self)) { $0 != 0 }
            case .int32: places(input.elements(Int32.self)) { $0 != 0 }
            default: places(input.elements(UInt8.self)) { $0 != 0 }
            }
        let shape = input.shape.isEmpty ? [1] : input.shape
        let strides = Shape.strides(shape)
        let coordinates = shape.indices.flatMap { axis in places.map { Int64($0 / strides[axis] % shape[axis]) } }
        return [Tensor(coordinates, shape: [shape.count, places.count])]
    }

    private func places<T>(_ elements: UnsafeMutableBufferPointer<T>, _ isWanted: (T) -> Bool) -> [Int] {
        elements.indices.filter { isWanted(elements[$0]) }
    }
}
