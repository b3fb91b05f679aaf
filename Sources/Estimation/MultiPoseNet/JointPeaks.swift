import CKernels
import Geometry
import Sampling

/// Reads MultiPoseNet's keypoint maps (`get_joint_list` of MultiPoseNet.pytorch; spec: networks-bottomup 2.5).
package struct JointPeaks: Sendable {
    /// A place where a joint may be, in pixels of the map enlarged `factor` times.
    package struct Peak: Sendable, Hashable {
        package var x: Int
        package var y: Int
        package var score: Float
    }

    /// Values must be larger.
    private static let threshold: Float = 0.1
    /// Cells around a peak, on each side, in which its place is refined.
    private static let reach = 2
    /// The best peaks of a map that go on; maps of noise have thousands.
    private static let limit = 200

    private let size: InputSize
    private let factor: Int

    /// `size` is that of the maps; `factor` is from 1 to 16.
    package init(size: InputSize, factor: Int) {
        precondition(size.isSensible && (1...Int(PS_ENLARGE_MAX)).contains(factor))
        self.size = size
        self.factor = factor
    }

    /// In row order. A plateau has several.
    package func peaks(_ map: UnsafeBufferPointer<Float>) -> [Peak] {
        precondition(map.count >= size.width * size.height)
        var cells: [(x: Int, y: Int, value: Float)] = []
        for y in 0..<size.height {
            for x in 0..<size.width {
                let index = y * size.width + x
                let value = map[index]
                guard value > Self.threshold, x == 0 || value >= map[index - 1], x == size.width - 1 || value >= map[index + 1],
                    y == 0 || value >= map[index - size.width], y == size.height - 1 || value >= map[index + size.width]
                else { continue }
                cells.append((x, y, value))
            }
        }
        if cells.count > Self.limit {
            cells = cells.sorted { $0.value > $1.value }.prefix(Self.limit).sorted { ($0.y, $0.x) < ($1.y, $1.x) }
        }
        return cells.map { cell in
            let best = ps_enlarged_maximum(
                map.baseAddress, Int32(size.width), Int32(max(cell.x - Self.reach, 0)), Int32(max(cell.y - Self.reach, 0)),
                Int32(min(cell.x + Self.reach + 1, size.width)), Int32(min(cell.y + Self.reach + 1, size.height)), Int32(factor))
            return Peak(x: Int(best.x), y: Int(best.y), score: best.score)
        }
    }
}
