import Geometry
import Pose
import Sampling

/// Reads joints off SimCC heads (Li et al. 2022; RTMPose): for each joint one row of scores over the columns of the input and
/// one over its rows, each pixel split into `splits` bins. The largest bin of each is the joint.
///
/// As mmpose's `get_simcc_maximum`: first maximum, score the smaller of the two maxima.
package struct SimCCDecoder: Sendable, Hashable {
    package let joints: Int
    /// Bins of the rows x and y.
    package let columns: Int
    package let rows: Int
    private let input: InputSize

    /// nil when the bins do not divide the input's pixels evenly.
    package init?(joints: Int, columns: Int, rows: Int, input: InputSize) {
        guard joints > 0, input.isSensible, columns > 0, rows > 0, columns % input.width == 0, rows % input.height == 0,
            columns / input.width == rows / input.height
        else { return nil }
        (self.joints, self.columns, self.rows, self.input) = (joints, columns, rows, input)
    }

    /// Bins a pixel: 2 in every published network.
    package var splits: Int { columns / input.width }

    /// The joints in pixels of the network's input; a joint whose score is not positive is missing.
    ///
    /// - Parameters:
    ///   - x: `[joints, columns]`
    ///   - y: `[joints, rows]`
    package func decode(_ x: UnsafeBufferPointer<Float>, _ y: UnsafeBufferPointer<Float>) -> [Keypoint] {
        guard x.count >= joints * columns, y.count >= joints * rows else { return Array(repeating: .missing, count: joints) }
        return (0..<joints).map { joint in
            let (column, right) = Self.maximum(UnsafeBufferPointer(rebasing: x[joint * columns..<(joint + 1) * columns]))
            let (row, lower) = Self.maximum(UnsafeBufferPointer(rebasing: y[joint * rows..<(joint + 1) * rows]))
            let score = min(right, lower)
            guard score > 0, score.isFinite else { return .missing }
            return Keypoint(x: Double(column) / Double(splits), y: Double(row) / Double(splits), score: Double(score))
        }
    }

    /// Averages with the rows of the mirrored picture, as the flip test does: columns run backwards, and left and right joints
    /// change places.
    ///
    /// - Parameter partners: for each joint the one that takes its place in a mirror.
    package func merge(
        _ x: inout [Float], _ y: inout [Float], mirroredX: UnsafeBufferPointer<Float>, mirroredY: UnsafeBufferPointer<Float>, partners: [Int]
    ) {
        guard x.count == joints * columns, y.count == joints * rows, partners.count == joints, mirroredX.count >= x.count,
            mirroredY.count >= y.count
        else { return }
        for joint in 0..<joints {
            let (ownX, ownY) = (joint * columns, joint * rows)
            let (otherX, otherY) = (partners[joint] * columns, partners[joint] * rows)
            for column in 0..<columns { x[ownX + column] = (x[ownX + column] + mirroredX[otherX + columns - 1 - column]) * 0.5 }
            for row in 0..<rows { y[ownY + row] = (y[ownY + row] + mirroredY[otherY + row]) * 0.5 }
        }
    }

    private static func maximum(_ values: UnsafeBufferPointer<Float>) -> (Int, Float) {
        var (best, value) = (0, -Float.infinity)
        for index in values.indices where values[index] > value { (best, value) = (index, values[index]) }
        return (best, value)
    }
}
