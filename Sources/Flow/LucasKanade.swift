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

    /// Follows points from one picture into the other.
    ///
    /// - Parameters:
    ///   - points: x and y of each in turn, pixels.
    ///   - moved: receives where they went; holds where to begin when `startsFromGuess`.
    ///   - found: receives 1, or 0 for what is lost.
    ///   - error: receives the mean absolute grey difference of the window; is left alone for what is lost.
    package func track(
        from: GreyPyramid, to: GreyPyramid, points: UnsafeBufferPointer<Float>, moved: UnsafeMutableBufferPointer<Float>,
        found: UnsafeMutableBufferPointer<UInt8>, error: UnsafeMutableBufferPointer<Float>, startsFromGuess: Bool = false, kernels: FlowKernels
    ) {
        precondition(window % 2 == 1 && (3...31).contains(window) && (0..<from.levelCount).contains(finest))
        precondition(from.width == to.width && from.height == to.height)
        let count = points.count / 2
        precondition(moved.count >= 2 * count && found.count >= count && error.count >= count)
        var how = ps_lk(
            window: Int32(window), finest: Int32(finest),
            coarsest: Int32(from.coarsestLevel(window: window, from: finest, atMost: coarserLevels)), iterations: Int32(iterations),
            epsilon: epsilon, least_eigenvalue: leastEigenvalue, gain: Float(exposure.gain), offset: Float(exposure.offset),
            starts_from_guess: startsFromGuess ? 1 : 0, error_is_eigenvalue: errorIsEigenvalue ? 1 : 0)
        from.withLayout { first in
            to.withLayout { second in
                kernels.table.track(
                    &how, first, second, Int32(count), points.baseAddress, moved.baseAddress, found.baseAddress, error.baseAddress)
            }
        }
    }
}
