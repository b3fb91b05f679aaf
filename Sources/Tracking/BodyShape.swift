import Geometry
import Pose

/// How long a person's limbs are, as shares of the height: what stays the same while people pass each other
/// (spec: tracking, 2.5).
struct BodyShape: Hashable, Sendable, Codable {
    /// So many sightings are remembered of each limb.
    private static let length = 30

    /// Shares of the last sightings of torso, thigh and upper arm.
    private var torso: [Double] = []
    private var thigh: [Double] = []
    private var upperArm: [Double] = []

    init() {}

    /// A single sighting.
    init(_ person: Person, limbs: LimbIndices, jointScore: Double) {
        add(person, limbs: limbs, jointScore: jointScore)
    }

    mutating func add(_ person: Person, limbs: LimbIndices, jointScore: Double) {
        guard person.box.height > 0 else { return }
        func share(_ pairs: [(Int, Int)]) -> Double? {
            let joints = person.keypoints
            let lengths = pairs.compactMap { a, b -> Double? in
                guard joints.indices.contains(a), joints.indices.contains(b), joints[a].score >= jointScore, joints[b].score >= jointScore
                else { return nil }
                return (joints[a].position - joints[b].position).length
            }
            // Both sides, as one may be seen from the front: the longer one is seen better.
            return lengths.max().map { $0 / person.box.height }
        }
        func note(_ value: Double?, _ list: inout [Double]) {
            guard let value, value.isFinite else { return }
            list.append(value)
            if list.count > Self.length { list.removeFirst() }
        }
        note(share(limbs.torso), &torso)
        note(share(limbs.thigh), &thigh)
        note(share(limbs.upperArm), &upperArm)
    }

    /// How much the limbs differ, in shares of the height: the mean over the limbs known of both; 0 when there are none.
    func difference(_ other: BodyShape) -> Double {
        var sum = 0.0
        var count = 0.0
        for (a, b) in [(torso, other.torso), (thigh, other.thigh), (upperArm, other.upperArm)] where !a.isEmpty && !b.isEmpty {
            sum += (median(a) - median(b)).magnitude
            count += 1
        }
        return count > 0 ? sum / count : 0
    }
}

/// The joints at the ends of the limbs that tell people apart.
struct LimbIndices: Hashable, Sendable, Codable {
    // Looked up by name, never walked through: a dictionary's order decides nothing.
    private var ends: [String: [Int]] = [:]

    init(_ keypoints: KeypointSet) {
        for name in ["shoulder", "elbow", "hip", "knee"] {
            ends[name] = ["left_", "right_"].map { keypoints.names.firstIndex(of: $0 + name) ?? -1 }
        }
    }

    var torso: [(Int, Int)] { pairs("shoulder", "hip") }
    var thigh: [(Int, Int)] { pairs("hip", "knee") }
    var upperArm: [(Int, Int)] { pairs("shoulder", "elbow") }

    private func pairs(_ a: String, _ b: String) -> [(Int, Int)] { Array(zip(ends[a] ?? [], ends[b] ?? [])) }
}
