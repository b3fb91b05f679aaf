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
        var box: Box
        var lastFound: Double
    }

    /// How long flow goes on at a person who is not found any more, in seconds.
    private static let longest = 0.3
    /// Other points go with a joint within this share of the body's size.
    private static let reach = 0.12
    /// Who is found overlaps the one who was followed there by at least this.
    private static let sameOverlap = 0.5

    private var poses: [Followed] = []

    public init() {}

    /// Where people were in the last frame.
    public var boxes: [Box] { poses.map(\.box) }

    /// How the followed points moved from the last frame to the present one. The poses move with it.
    public mutating func sample(_ motion: any FrameMotion) -> SampledMotion {
        guard !motion.isCut else {
            poses.removeAll()
            return SampledMotion(isCut: true, isReturn: motion.isReturn)
        }
        var bodies: [SampledMotion.Body] = []
        var moved: [Followed] = []
        for var pose in poses {
            guard let points = motion.move(pose.joints), points.count == pose.joints.count else { continue }
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

    /// Takes who was found in the frame at `time`.
    public mutating func add(_ people: [Person], at time: Double) {
        let found = people.map(\.asRecorded).compactMap { person -> Followed? in
            let joints = person.keypoints.filter { !$0.isMissing }.map(\.position)
            return joints.isEmpty ? nil : Followed(joints: joints, box: person.box, lastFound: time)
        }
        poses.removeAll { old in
            !(time - old.lastFound <= Self.longest + 1e-6) || found.contains { $0.box.overlap(old.box) >= Self.sameOverlap }
        }
        poses = found + poses
    }
}
