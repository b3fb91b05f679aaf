import CKernels
import Sampling

/// OpenCV's cubic resize of floats (INTER_CUBIC), with the working memory for one width after the other.
struct CubicResize {
    private var taps: [ps_cubic_tap] = []
    private var lines: [Float] = []

    /// Resizes `map`, whose rows lie `row` floats apart, into `target`, whose rows lie `targetRow` floats apart.
    ///
    /// - Parameter step: the map's pixels for each of the target's, across and down.
    mutating func callAsFunction(
        _ map: UnsafePointer<Float>, row: Int, size: InputSize, step: (x: Double, y: Double), into target: UnsafeMutablePointer<Float>,
        row targetRow: Int, size targetSize: InputSize
    ) {
        if taps.count < targetSize.width {
            taps = Array(repeating: ps_cubic_tap(), count: targetSize.width)
            lines = Array(repeating: 0, count: 4 * targetSize.width)
        }
        ps_resize_cubic_f32(
            map, row, Int32(size.height), Int32(size.width), step.x, step.y, &taps, &lines, target, targetRow, Int32(targetSize.height),
            Int32(targetSize.width))
    }
}
