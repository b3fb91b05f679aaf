import CKernels
import Geometry

/// Sparse pyramidal Lucas-Kanade between two pyramids (Bouguet; spec: optical-flow section 1), with OpenCV's results.
package struct LucasKanade {
    /// Side of the window in pixels of the level, odd, 3 to 31.
    package var window = 21
    /// The level where the search ends: 0 is the full picture, 1 half its size, …
    package var finest = 0
    /// Levels above the finest, where the pictures are large enough.
    package var coarserLevels = 3
    package var iterations = 30
    package var epsilon: Float = 0.01
    package var leastEigenvalue: Float = 1e-4
    package var exposure = Exposure.unchanged
    package var errorIsEigenvalue = false

    package init() {}

    /// What became of points.
    package struct Result: Sendable, Equatable {
        /// Where they went: x and y of each in turn, pixels.
        package var moved: [Float]
        /// 1, or 0 for what is lost.
        package var found: [UInt8]
        /// Mean absolute grey difference of the window; infinite for what is lost.
        package var error: [Float]

        func point(_ i: Int) -> Point { Point(x: Double(moved[2 * i]), y: Double(moved[2 * i + 1])) }
    }

    /// Follows points from one picture into the other.
    ///
    /// - Parameters:
    ///   - points: x and y of each in turn, pixels.
    ///   - guesses: where to begin, likewise; nil: where they were.
    package func track(
        from: GreyPyramid, to: GreyPyramid, points: [Float], guesses: [Float]? = nil, kernels: FlowKernels
    ) -> Result {
        precondition(window % 2 == 1 && (3...31).contains(window) && (0..<from.levelCount).contains(finest))
        precondition(from.width == to.width && from.height == to.height)
        precondition(points.count % 2 == 0 && guesses.map { $0.count == points.count } ?? true)
        let count = points.count / 2
        var how = ps_lk(
            window: Int32(window), finest: Int32(finest),
            coarsest: Int32(from.coarsestLevel(window: window, from: finest, atMost: coarserLevels)), iterations: Int32(iterations),
            epsilon: epsilon, least_eigenvalue: leastEigenvalue, gain: Float(exposure.gain), offset: Float(exposure.offset),
            starts_from_guess: guesses == nil ? 0 : 1, error_is_eigenvalue: errorIsEigenvalue ? 1 : 0)
        var result = Result(
            moved: guesses ?? points, found: [UInt8](repeating: 0, count: count), error: [Float](repeating: .infinity, count: count))
        from.withLayout { first in
            to.withLayout { second in
                kernels.table.track(&how, first, second, Int32(count), points, &result.moved, &result.found, &result.error)
            }
        }
        for i in 0..<count where result.found[i] == 0 { result.error[i] = .infinity }
        return result
    }
}
