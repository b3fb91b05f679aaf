import Foundation
import Sampling

/// The place of a joint between a heatmap's pixels: DARK (Zhang, Zhu, Dai, Ye, Zhu, "Distribution-Aware Coordinate
/// Representation for Human Pose Estimation", CVPR 2020, section 3.1 and 3.2).
///
/// A network's map is taken for a Gaussian around the joint. It is blurred with about the Gaussian of the training targets, since
/// real maps have several small maxima; then one Newton step on its logarithm goes from the largest value to the Gaussian's centre.
struct GaussianRefinement: Sendable, Hashable {
    /// Weights of the blur, the middle one first.
    private let weights: [Double]

    /// The official sizes: 11 for maps of 64 rows, 17 for those of 96.
    static func suited(to size: InputSize) -> GaussianRefinement { size.height < 96 ? usual : fine }

    private static let usual = GaussianRefinement(reach: 5)
    private static let fine = GaussianRefinement(reach: 8)

    private init(reach: Int) {
        // OpenCV's deviation for a kernel without one.
        let deviation = 0.3 * Double(reach - 1) + 0.8
        let weights = (0...reach).map { exp(-Double($0 * $0) / (2 * deviation * deviation)) }
        let sum = weights[0] + 2 * weights[1...].reduce(0, +)
        self.weights = weights.map { $0 / sum }
    }

    /// How far the joint lies from the largest value, in the map's pixels; zero at the border and where the map has no such form.
    ///
    /// - Parameter map: `[size.height, size.width]`, its largest value at (x, y).
    func offset(_ map: UnsafeBufferPointer<Float>, _ size: InputSize, x: Int, y: Int) -> (x: Double, y: Double) {
        guard x > 1, x < size.width - 2, y > 1, y < size.height - 2, map.count >= size.width * size.height else { return (0, 0) }
        let near = logarithms(map, size, x: x, y: y)
        func at(_ dx: Int, _ dy: Int) -> Double { near[(dy + 2) * 5 + dx + 2] }
        let gradient = (x: 0.5 * (at(1, 0) - at(-1, 0)), y: 0.5 * (at(0, 1) - at(0, -1)))
        let xx = 0.25 * (at(2, 0) - 2 * at(0, 0) + at(-2, 0))
        let yy = 0.25 * (at(0, 2) - 2 * at(0, 0) + at(0, -2))
        let xy = 0.25 * (at(1, 1) - at(1, -1) - at(-1, 1) + at(-1, -1))
        let determinant = xx * yy - xy * xy
        guard determinant != 0 else { return (0, 0) }
        let step = (x: (xy * gradient.y - yy * gradient.x) / determinant, y: (xy * gradient.x - xx * gradient.y) / determinant)
        // Beyond the blur's reach nothing was looked at; the comparison also fails for NaN.
        let limit = Double(weights.count)
        guard abs(step.x) < limit, abs(step.y) < limit else { return (0, 0) }
        return step
    }

    /// Logarithms of the blurred map at the 5x5 pixels around (x, y), row-major. Beyond the border the map is zero.
    private func logarithms(_ map: UnsafeBufferPointer<Float>, _ size: InputSize, x: Int, y: Int) -> [25 of Double] {
        let reach = weights.count - 1
        var blurred = [25 of Double](repeating: 0)
        for row in max(y - 2 - reach, 0)...min(y + 2 + reach, size.height - 1) {
            for column in 0..<5 {
                let middle = x + column - 2
                var sum = 0.0
                for u in max(middle - reach, 0)...min(middle + reach, size.width - 1) {
                    sum += weights[abs(u - middle)] * Double(map[row * size.width + u])
                }
                for line in max(0, row - y + 2 - reach)...min(4, row - y + 2 + reach) {
                    blurred[line * 5 + column] += weights[abs(row - (y + line - 2))] * sum
                }
            }
        }
        for index in blurred.indices { blurred[index] = log(max(blurred[index], 1e-10)) }
        return blurred
    }
}
