import Geometry
import Pose

/// The poses that flow follows from frame to frame: everybody who was found in the last frame, and for a moment those who were
/// not found again.
///
/// What is followed depends on what was found alone, not on the links: the motion can be stored with the poses and links made
/// later are the same (spec: tracking, 2.11).
public struct FollowedPoses: Hashable, Sendable, Codable {
    private struct Followed: Hashable, Sendable, Codable {
        var joints: [Point]
        /// Which joint each is.
        var indices: [Int]
        var box: Box
        var lastFound: Double
    }

    /// How long flow goes on at a person who is not found any more, in seconds.
    private static let longest = 0.3
    /// Other points go with a joint within this share of the body's size.
    private static let reach = 0.12
    /// Who is found overlaps the one who was followed there by at least this.
    private static let sameOverlap = 0.5
    /// Points along a bone that stand in for a joint that was lost.
    private static let supports = 4

    private var poses: [Followed] = []

    public init() {}

    /// Where people were in the last frame.
    public var boxes: [Box] { poses.map(\.box) }

    /// How the followed points moved from the last frame to the present one. The poses move with it.
    ///
    /// - Parameter skeleton: the bones of the poses, along which a lost joint looks for what it moves with.
    public mutating func sample(_ motion: any FrameMotion, skeleton: [KeypointSet.Edge] = []) -> SampledMotion {
        guard !motion.isCut else {
            poses.removeAll()
            return SampledMotion(isCut: true, isReturn: motion.isReturn)
        }
        var bodies: [SampledMotion.Body] = []
        var moved: [Followed] = []
        for var pose in poses {
            guard var points = motion.move(pose.joints), points.count == pose.joints.count else { continue }
            Self.mend(&points, of: pose, motion, skeleton)
            let samples = zip(pose.joints, points).map {
                SampledMotion.Sample(from: $0, to: $1.position.asRecorded, confidence: Recorded.score($1.confidence))
            }
            let extent = Box(bounding: pose.joints).map { max($0.width, $0.height) } ?? 0
            bodies.append(SampledMotion.Body(samples: samples, reach: Recorded.coordinate(Self.reach * extent)))
            guard 2 * samples.count(where: { $0.confidence >= 0.5 }) >= samples.count else { continue }
            pose.joints = samples.map(\.to)
            pose.box.x += median(samples.map { $0.to.x - $0.from.x })
            pose.box.y += median(samples.map { $0.to.y - $0.from.y })
            moved.append(pose)
        }
        poses = moved
        return SampledMotion(background: Recorded.map(motion.background), bodies: bodies)
    }

    /// Lets lost joints go with what is seen of their limbs: joints lie at edges and ends, where a window shows limb and background,
    /// the middle of a bone is easier to follow (spec: optical-flow, 1). Their confidence stays that of a lost joint.
    private static func mend(_ points: inout [MovedPoint], of pose: Followed, _ motion: any FrameMotion, _ skeleton: [KeypointSet.Edge]) {
        // A stored motion may hold fewer points than the pose it is asked about.
        guard pose.indices.count == points.count, points.contains(where: { $0.confidence < 0.5 }) else { return }
        var owners: [[Int]] = []
        var along: [Point] = []
        for bone in skeleton {
            guard let a = pose.indices.firstIndex(of: bone.from), let b = pose.indices.firstIndex(of: bone.to) else { continue }
            let lost = [a, b].filter { points[$0].confidence < 0.5 }
            guard !lost.isEmpty else { continue }
            for step in 1...supports {
                along.append(pose.joints[a] + (pose.joints[b] - pose.joints[a]) * (Double(step) / Double(supports + 1)))
                owners.append(lost)
            }
        }
        // The joints come along: what a body is, and how large, is told by all its points.
        guard !along.isEmpty, let moved = motion.move(pose.joints + along), moved.count == pose.joints.count + along.count else { return }
        for joint in points.indices where points[joint].confidence < 0.5 {
            let steps = along.indices.filter { owners[$0].contains(joint) && moved[pose.joints.count + $0].confidence >= 0.5 }
                .map { moved[pose.joints.count + $0].position - along[$0] }
            guard steps.count >= 2 else { continue }
            points[joint].position = pose.joints[joint] + Point(x: median(steps.map(\.x)), y: median(steps.map(\.y)))
            points[joint].confidence = max(points[joint].confidence, 0.25)
        }
    }

    /// Takes who was found in the frame at `time`.
    public mutating func add(_ people: [Person], at time: Double) {
        let found = people.map(\.asRecorded).compactMap { person -> Followed? in
            let joints = person.keypoints.filter { !$0.isMissing }.map(\.position)
            guard !joints.isEmpty else { return nil }
            let indices = person.keypoints.indices.filter { !person.keypoints[$0].isMissing }
            return Followed(joints: joints, indices: indices, box: person.box, lastFound: time)
        }
        poses.removeAll { old in
            !(time - old.lastFound <= Self.longest + 1e-6) || found.contains { $0.box.overlap(old.box) >= Self.sameOverlap }
        }
        poses = found + poses
    }
}
