import Diagnostics

/// alpha op(A) op(B) + beta C with A: [M, K], B: [K, N] (or transposed) and an optional C that can be stretched to [M, N].
public struct Gemm: Operator {
    public var alpha: Float
    public var beta: Float
    public var isATransposed: Bool
    public var isBTransposed: Bool

    public init(alpha: Float = 1, beta: Float = 1, isATransposed: Bool = false, isBTransposed: Bool = false) {
        self.alpha = alpha
        self.beta = beta
        self.isATransposed = isATransposed
        self.isBTransposed = isBTransposed
    }

    /// A fully connected layer: x [M, K], weights [N, K], bias [N].
    public static let linear = Gemm(isBTransposed: true)

    public func infer(_ inputs: [ValueInfo?]) throws -> [ValueInfo] {
        let (a, b) = (try floats(inputs, 0), try floats(inputs, 1))
        guard a.shape.count == 2, b.shape.count == 2 else {
            throw misfit("factors \(Shape.text(a.shape)) and \(Shape.text(b.shape)) are not matrices")
        }
        let (m, k, n) = size(a.shape, b.shape)
        guard b.shape[isBTransposed ? 1 : 0] == k else {
            throw misfit("factors \(Shape.text(a.shape)) and \(Shape.text(b.shape)) do not fit")
        }
        if let c = try optionalFloats(inputs, 2), columnSteps(c.shape, m, n) == nil {
            throw misfit("a term \(Shape.text(c.shape)) cannot be stretched to \(m)x\(n)")
        }
        return [ValueInfo(.float32, [m, n])]
    }

    private func size(_ a: [Int], _ b: [Int]) -> (m: Int, k: Int, n: Int) {
        (a[isATransposed ? 1 : 0], a[isATransposed ? 0 : 1], b[isBTransposed ? 0 : 1])
    }

    /// Step of C from row to row and from column to column.
    private func columnSteps(_ c: [Int], _ m: Int, _ n: Int) -> (row: Int, column: Int)? {
        let columns = c.last ?? 1, rows = c.count > 1 ? c[c.count - 2] : 1
        guard c.count <= 2, columns == n || columns == 1, rows == m || rows == 1 else { return nil }
        return (rows == 1 ? 0 : columns, columns == 1 ? 0 : 1)
    }

    public func compute(_ inputs: [TensorView?], into outputs: [TensorView], scratch: UnsafeMutableRawBufferPointer) throws {
        let a = try required(inputs, 0), b = try required(inputs, 1), result = outputs[0].pointer
        let (m, k, n) = size(a.shape, b.shape)
        var hasTerm = false
        if let c = optionalView(inputs, 2), let step = columnSteps(c.shape, m, n) {
            hasTerm = true
            for row in 0..<m { for column in 0..<n { result[row * n + column] = c.floats[row * step.row + column * step.column] } }
        }
        MatrixMultiply.run(
            m: m, n: n, k: k, alpha: alpha, a: a.pointer, aStep: a.shape[1], isATransposed: isATransposed, b: b.pointer,
            bStep: b.shape[1], isBTransposed: isBTransposed, beta: hasTerm ? beta : 0, c: result, cStep: n)
    }
}

/// Product of matrices in the last two axes, with the axes before them stretched to each other as numpy's matmul does; a
/// vector counts as a row on the left and as a column on the right.
public struct MatMul: Operator {
    public init() {}

    private func layout(_ a: [Int], _ b: [Int]) throws -> MatMulKernel {
        guard let aLast = a.last, let bLast = b.last else { throw misfit("a factor is a scalar") }
        let left = a.count == 1 ? [1, aLast] : a, right = b.count == 1 ? [bLast, 1] : b
        let (m, k) = (left[left.count - 2], left[left.count - 1])
        guard right[right.count - 2] == k else { throw misfit("factors \(Shape.text(a)) and \(Shape.text(b)) do not fit") }
        let n = right[right.count - 1]
        let rank = max(left.count, right.count) - 2
        func padded(_ shape: [Int]) -> [Int] { Array(repeating: 1, count: rank + 2 - shape.count) + shape.dropLast(2) }
        let (aBatch, bBatch) = (padded(left), padded(right))
        var batch: [Int] = []
        for (x, y) in zip(aBatch, bBatch) {
            guard x == y || x == 1 || y == 1 else { throw misfit("factors \(Shape.text(a)) and \(Shape.text(b)) do not fit") }
            batch.append(x == 1 ? y : x)
        }
        func steps(_ shape: [Int], _ matrix: Int) -> [Int] {
            var step = matrix
            return shape.reversed().map { size in
                defer { step *= size }
                return size == 1 ? 0 : step
            }.reversed()
        }
        let output = batch + (a.count == 1 ? [] : [m]) + (b.count == 1 ? [] : [n])
        return MatMulKernel(m: m, k: k, n: n, batch: batch, aSteps: steps(aBatch, m * k), bSteps: steps(bBatch, k * n), output: output)
    }

    public func infer(_ inputs: [ValueInfo?]) throws -> [ValueInfo] {
        [ValueInfo(.float32, try layout(try floats(inputs, 0).shape, try floats(inputs, 1).shape).output)]
    }

    public func prepare(_ inputs: [ValueInfo?], _ outputs: [ValueInfo]) throws -> any Kernel {
        try layout(try floats(inputs, 0).shape, try floats(inputs, 1).shape)
    }

    public func compute(_ inputs: [TensorView?], into outputs: [TensorView], scratch: UnsafeMutableRawBufferPointer) throws {
        try layout(try required(inputs, 0).shape, try required(inputs, 1).shape).run(inputs, into: outputs, scratch: scratch)
    }
}

/// Products of matrices, one after the other.
private struct MatMulKernel: Kernel {
    let m, k, n: Int
    /// Stretched axes before the matrices, and the matrices' steps along them.
    let batch, aSteps, bSteps: [Int]
    let output: [Int]
    var scratchBytes: Int { 0 }

    func run(_ inputs: [TensorView?], into outputs: [TensorView], scratch: UnsafeMutableRawBufferPointer) throws {
        guard let a = inputs[0]?.pointer, let b = inputs[1]?.pointer, outputs[0].count > 0 else { return }
        for index in 0..<outputs[0].count / (m * n) {
            var rest = index, aOffset = 0, bOffset = 0
            for axis in batch.indices.reversed() {
                let position = rest % batch[axis]
                rest /= batch[axis]
                aOffset += position * aSteps[axis]
                bOffset += position * bSteps[axis]
            }
            MatrixMultiply.run(
                m: m, n: n, k: k, a: a + aOffset, aStep: max(k, 1), b: b + bOffset, bStep: n,
                c: outputs[0].pointer + index * m * n, cStep: n)
        }
    }
}
