import Geometry
import Pose

/// Two answers for one body: what is left of them after the suppression of boxes (spec: tracking, 2.7).
struct Doubles {
    var similarity: PoseSimilarity
    /// Indices of shoulders and hips, whose extent is the torso.
    var torso: [Int]

    /// Joints with less say nothing about a double; low, since both answers of one body share their unsure joints.
    private static let jointScore = 0.1
    private static let oks = 0.75
    private static let jointShare = 0.6
    private static let jointDistance = 0.1

    /// The people without doubles: of two that are one body the earlier in `people` stays.
    func refused(in people: [Person], area: (Person) -> Double) -> [Person] {
        var kept: [(person: Person, area: Double)] = []
        for person in people {
            let area = area(person)
            if !kept.contains(where: { isDouble(person, of: $0.person, area: max(area, $0.area)) }) { kept.append((person, area)) }
        }
        return kept.map(\.person)
    }

    func isDouble(_ a: Person, of b: Person, area: Double) -> Bool {
        if similarity.oks(a.keypoints, b.keypoints, area: area, jointScore: Self.jointScore).value > Self.oks { return true }
        return sharesJoints(a.keypoints, b.keypoints)
    }

    /// At least 60 % of the joints that both are sure of lie within a tenth of the torso's length of each other.
    private func sharesJoints(_ a: [Keypoint], _ b: [Keypoint]) -> Bool {
        guard let extent = torsoLength(a) ?? torsoLength(b) else { return false }
        var common = 0
        var near = 0
        for index in 0..<min(a.count, b.count) where a[index].score >= 0.3 && b[index].score >= 0.3 {
            common += 1
            if (a[index].position - b[index].position).length <= Self.jointDistance * extent { near += 1 }
        }
        return common >= 5 && Double(near) >= Self.jointShare * Double(common)
    }

    /// The longer side of the rectangle of shoulders and hips; nil unless all are sure.
    private func torsoLength(_ joints: [Keypoint]) -> Double? {
        let found = torso.compactMap { joints.indices.contains($0) && joints[$0].score >= 0.3 ? joints[$0].position : nil }
        guard found.count == torso.count, let box = Box(bounding: found) else { return nil }
        return max(box.width, box.height)
    }
}
