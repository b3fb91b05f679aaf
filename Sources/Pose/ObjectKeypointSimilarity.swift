import Foundation
import Geometry

/// Object keypoint similarity: how well two poses agree, from 0 to 1, measured in units of the person's size.
///
/// COCO's form: the mean over the joints of exp(-d^2 / (2 area (2 sigma)^2)) (spec: keypoints, networks-topdown 7.10).
public struct ObjectKeypointSimilarity: Sendable {
    /// Per-joint spread, as in `KeypointSet.sigmas`.
    private let variances: [Double]
    /// np.spacing(1), which the official codes add to areas so that an empty person divides by something.
    private static let spacing = 0x1p-52

    public init(sigmas: [Double]) {
        variances = sigmas.map { ($0 * 2) * ($0 * 2) }
    }

    public init(_ set: KeypointSet) {
        self.init(sigmas: set.sigmas)
    }

    /// What one joint adds: 1 where both agree, falling with the distance (pixels^2) in units of the person's area.
    public static func likeness(squaredDistance: Double, variance: Double, area: Double) -> Double {
        exp(-(squaredDistance / variance / area / 2))
    }

    /// Similarity of two results: the mean of both areas, all joints counted.
    ///
    /// - Parameters:
    ///   - area: pixels^2; the official top-down codes give the padded, aspect-corrected box.
    ///   - visibleAbove: when given, only joints of `other` with a larger score count (0 if there is none), which is what
    ///     the official codes' `in_vis_thre` does.
    public func callAsFunction(
        _ pose: [Keypoint], area: Double, _ other: [Keypoint], area otherArea: Double, visibleAbove threshold: Double? = nil
    ) -> Double {
        let size = (area + otherArea) / 2 + Self.spacing
        var sum = 0.0
        var count = 0
        for joint in 0..<min(variances.count, pose.count, other.count) {
            if let threshold, !(other[joint].score > threshold) { continue }
            let dx = other[joint].position.x - pose[joint].position.x
            let dy = other[joint].position.y - pose[joint].position.y
            sum += exp(-((dx * dx + dy * dy) / variances[joint] / size / 2))
            count += 1
        }
        return count == 0 ? 0 : sum / Double(count)
    }

    /// Similarity of a result to an annotation, exactly as COCOeval: the mean over the annotated joints; for an annotation
    /// without any, the distances to its box doubled on every side, over all joints.
    public func callAsFunction(_ pose: [Keypoint], truth: AnnotatedPose) -> Double {
        let size = truth.area + Self.spacing
        let joints = min(variances.count, pose.count, truth.joints.count)
        let anyVisible = truth.joints.contains { $0.isAnnotated }
        let wide = truth.box.expanded(by: 1)
        var sum = 0.0
        var count = 0
        for joint in 0..<joints {
            let p = pose[joint].position
            let (dx, dy): (Double, Double)
            if anyVisible {
                guard truth.joints[joint].isAnnotated else { continue }
                (dx, dy) = (p.x - truth.joints[joint].position.x, p.y - truth.joints[joint].position.y)
            } else {
                // x + 2 w, not (x - w) + 3 w: the same number as in COCOeval to the last bit.
                dx = max(0, wide.x - p.x) + max(0, p.x - (truth.box.x + truth.box.width * 2))
                dy = max(0, wide.y - p.y) + max(0, p.y - (truth.box.y + truth.box.height * 2))
            }
            sum += exp(-((dx * dx + dy * dy) / variances[joint] / size / 2))
            count += 1
        }
        return count == 0 ? 0 : sum / Double(count)
    }
}

/// A person as annotators marked it, for measuring results against it.
public struct AnnotatedPose: Sendable, Hashable {
    public struct Joint: Sendable, Hashable {
        public var position: Point
        /// Whether the annotators gave a position at all (COCO's v > 0; visible or not).
        public var isAnnotated: Bool

        public init(position: Point, isAnnotated: Bool) {
            self.position = position
            self.isAnnotated = isAnnotated
        }
    }

    public var joints: [Joint]
    /// The annotation's own area in pixels^2 (COCO: of the segment, not of the box).
    public var area: Double
    public var box: Box

    public init(joints: [Joint], area: Double, box: Box) {
        self.joints = joints
        self.area = area
        self.box = box
    }
}
