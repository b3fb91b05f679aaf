import Geometry
import Pose

/// Reads the one output of a YOLO pose network (YOLOv8-pose and later): for each cell centre x, y, width, height, score, and
/// x, y, score of each joint, all in pixels of the input, as columns `[1, 5 + 3 joints, cells]` or as rows.
///
/// Boxes below the score go; of boxes that overlap too much the best stays.
package struct YOLOPoseDecoder: Sendable, Hashable {
    package let joints: Int
    package let cells: Int
    /// Whether the numbers of a cell stand beside each other.
    private let isRowMajor: Bool
    package var scoreThreshold: Double
    package var suppression: BoxSuppression

    package struct Found: Sendable, Hashable {
        package var box: ScoredBox
        package var joints: [Keypoint]
    }

    /// nil when the shape is none of such an output.
    package init?(shape: [Int], joints: Int, scoreThreshold: Double = 0.25, overlapThreshold: Double = 0.7) {
        let numbers = 5 + 3 * joints
        guard shape.count == 3, shape[0] == 1, shape[1] != shape[2], shape.allSatisfy({ $0 > 0 }) else { return nil }
        if shape[1] == numbers {
            (cells, isRowMajor) = (shape[2], false)
        } else if shape[2] == numbers {
            (cells, isRowMajor) = (shape[1], true)
        } else {
            return nil
        }
        self.joints = joints
        self.scoreThreshold = scoreThreshold
        suppression = BoxSuppression(threshold: overlapThreshold)
    }

    /// The people in pixels of the input, best first.
    package func decode(_ output: UnsafeBufferPointer<Float>) -> [Found] {
        let numbers = 5 + 3 * joints
        guard output.count >= numbers * cells else { return [] }
        func value(_ cell: Int, _ number: Int) -> Double {
            Double(isRowMajor ? output[cell * numbers + number] : output[number * cells + cell])
        }
        var candidates: [(cell: Int, box: ScoredBox)] = []
        for cell in 0..<cells {
            let score = value(cell, 4)
            guard score >= scoreThreshold, score.isFinite else { continue }
            let (x, y, width, height) = (value(cell, 0), value(cell, 1), value(cell, 2), value(cell, 3))
            guard x.isFinite, y.isFinite, width.isFinite, height.isFinite, width > 0, height > 0 else { continue }
            candidates.append((cell, ScoredBox(box: Box(x: x - width / 2, y: y - height / 2, width: width, height: height), score: score)))
        }
        return suppression.indices(candidates.map(\.box)).map { index in
            let cell = candidates[index].cell
            let found = (0..<joints).map { joint -> Keypoint in
                let keypoint = Keypoint(x: value(cell, 5 + 3 * joint), y: value(cell, 6 + 3 * joint), score: value(cell, 7 + 3 * joint))
                let isSound = keypoint.position.x.isFinite && keypoint.position.y.isFinite && keypoint.score > 0 && keypoint.score.isFinite
                return isSound ? keypoint : .missing
            }
            return Found(box: candidates[index].box, joints: found)
        }
    }
}
