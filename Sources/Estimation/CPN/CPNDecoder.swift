import CKernels
import Geometry
import Sampling

/// Reads joints off CPN's heatmaps: the largest value of the blurred map, moved a quarter pixel towards the second largest
/// (`test_net` of the official code; spec: networks-topdown 8.3). Owns the working memory of one thread.
package final class CPNDecoder {
    /// A joint in a heatmap.
    package struct Joint: Sendable, Hashable {
        /// In the map's pixels.
        package var x: Double
        package var y: Double
        /// The official score: the map's value / 255 + 0.5, of the unblurred map.
        package var score: Double
    }

    private let size: InputSize
    private let scratch: UnsafeMutableBufferPointer<Double>

    /// `size` is that of the maps.
    package init(size: InputSize) {
        precondition(size.isSensible)
        self.size = size
        scratch = .allocate(capacity: ps_blurred_scratch(Int32(size.height), Int32(size.width)))
        scratch.initialize(repeating: 0)
    }

    deinit { scratch.deallocate() }

    /// nil for a map without anything positive.
    package func joint(_ map: UnsafeBufferPointer<Float>) -> Joint? {
        precondition(map.count >= size.width * size.height)
        var peaks = ps_blurred_peaks()
        guard ps_find_blurred_peaks(map.baseAddress, Int32(size.height), Int32(size.width), scratch.baseAddress, &peaks) != 0 else {
            return nil
        }
        var (x, y) = (Double(peaks.first_x), Double(peaks.first_y))
        let dx = Double(peaks.second_x - peaks.first_x), dy = Double(peaks.second_y - peaks.first_y)
        let distance = (dx * dx + dy * dy).squareRoot()
        if distance > 1e-3 {
            x += 0.25 * dx / distance
            y += 0.25 * dy / distance
        }
        x = min(max(x, 0), Double(size.width - 1))
        y = min(max(y, 0), Double(size.height - 1))
        let value = map[Int(y.rounded(.toNearestOrEven)) * size.width + Int(x.rounded(.toNearestOrEven))]
        return Joint(x: x, y: y, score: Double(value / 255 + 0.5))
    }

    /// The middle of a map's pixel in the picture, for maps of a quarter of the input's size.
    package static func position(_ joint: Joint, maps: InputSize, window: PictureWindow) -> Point {
        Point(
            x: (4 * joint.x + 2) / Double(4 * maps.width) * Double(window.width) + Double(window.x),
            y: (4 * joint.y + 2) / Double(4 * maps.height) * Double(window.height) + Double(window.y))
    }
}
