import COpenBLAS

/// The product of two row-major float matrices.
enum MatrixMultiply {
    /// The library would start threads of its own for large products; ours run one network a core.
    private static let oneThread: Void = openblas_set_num_threads(1)

    /// c = alpha op(a) op(b) + beta c with a: [m, k], b: [k, n], c: [m, n]; transposed operands are stored [k, m] and [n, k].
    ///
    /// - Parameters:
    ///   - aStep, bStep, cStep: elements from one stored row to the next.
    static func run(
        m: Int, n: Int, k: Int, alpha: Float = 1, a: UnsafePointer<Float>, aStep: Int, isATransposed: Bool = false,
        b: UnsafePointer<Float>, bStep: Int, isBTransposed: Bool = false, beta: Float = 0, c: UnsafeMutablePointer<Float>, cStep: Int
    ) {
        guard m > 0, n > 0 else { return }
        guard k > 0 else {
            for row in 0..<m { for column in 0..<n { c[row * cStep + column] = beta == 0 ? 0 : beta * c[row * cStep + column] } }
            return
        }
        _ = oneThread
        cblas_sgemm(
            CblasRowMajor, isATransposed ? CblasTrans : CblasNoTrans, isBTransposed ? CblasTrans : CblasNoTrans, blasint(m),
            blasint(n), blasint(k), alpha, a, blasint(aStep), b, blasint(bStep), beta, c, blasint(cStep))
    }
}
