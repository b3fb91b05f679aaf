import CKernels
import Sampling

/// A person put together from peaks.
package struct PeakAssembly: Sendable, Hashable {
    /// By joint: which of all peaks, counted through the joints' lists; nil where none was connected.
    package var peaks: [Int?]
    /// Sum of the joints' scores and the limbs' affinities; about 31 for a person who is all there.
    package var score: Double
    /// Joints that count for the score.
    package var count: Int
}

/// Puts joints together along the part affinity fields (`group_keypoints` of Lightweight OpenPose; spec:
/// networks-bottomup 1.4). The fields are enlarged only at the points that are looked at.
package struct LimbGrouping: Sendable {
    /// Two joints of `KeypointSet.openPose18` and the first of the two channels of their field.
    private struct Limb {
        let from, to, channel: Int

        init(_ from: Int, _ to: Int, _ channel: Int) {
            self.from = from
            self.to = to
            self.channel = channel
        }
    }

    private static let limbs = [
        Limb(1, 2, 12), Limb(1, 5, 20), Limb(2, 3, 14), Limb(3, 4, 16), Limb(5, 6, 22), Limb(6, 7, 24), Limb(1, 8, 0), Limb(8, 9, 2),
        Limb(9, 10, 4), Limb(1, 11, 6), Limb(11, 12, 8), Limb(12, 13, 10), Limb(1, 0, 28), Limb(0, 14, 30), Limb(14, 16, 34),
        Limb(0, 15, 32), Limb(15, 17, 36), Limb(2, 16, 18), Limb(5, 17, 26),
    ]
    /// From this limb on (shoulder to ear) people are only completed.
    private static let firstCompleting = 17
    private static let joints = 18
    package static let channels = 38

    /// The least field along a limb.
    private static let leastAffinity: Float = 0.05
    private static let leastCount = 3
    private static let leastMeanScore = 0.2

    package init() {}

    /// - Parameters:
    ///   - peaks: by joint; at most 32767 each.
    ///   - fields: [38, size.height, size.width], which enlarged `factor` times have the peaks' pixels.
    /// - Returns: the people, in the order in which they came up.
    package func people(_ peaks: [[PartPeak]], fields: UnsafeBufferPointer<Float>, size: InputSize, factor: Int) -> [PeakAssembly] {
        precondition(fields.count >= Self.channels * size.width * size.height)
        guard let first = fields.baseAddress else { return [] }
        return people(peaks, size: size, factor: factor) { first + $0 * size.width * size.height }
    }

    /// The same for fields that are made when they are needed.
    ///
    /// - Parameter field: the two maps of a limb, [2, size.height, size.width], by the number of the first; good until it is
    ///   asked again.
    package func people(
        _ peaks: [[PartPeak]], size: InputSize, factor: Int, field: (_ channel: Int) -> UnsafePointer<Float>
    ) -> [PeakAssembly] {
        precondition(peaks.count >= Self.joints)
        let points = peaks.map { $0.map { ps_peak(x: Int32($0.x), y: Int32($0.y), score: $0.score) } }
        // Where a joint's peaks begin among all.
        var first = [0]
        for list in peaks { first.append(first[first.count - 1] + list.count) }
        var people: [PeakAssembly] = []
        for (index, limb) in Self.limbs.enumerated() {
            guard !points[limb.from].isEmpty, !points[limb.to].isEmpty else { continue }
            for link in links(points[limb.from], points[limb.to], field(limb.channel), size, factor) {
                let a = first[limb.from] + Int(link.a), b = first[limb.to] + Int(link.b)
                let scoreA = Double(peaks[limb.from][Int(link.a)].score), scoreB = Double(peaks[limb.to][Int(link.b)].score)
                if index >= Self.firstCompleting {
                    Self.complete(&people, limb, a, b)
                    continue
                }
                var isHeld = false
                for person in people.indices where index > 0 && people[person].peaks[limb.from] == a {
                    people[person].peaks[limb.to] = b
                    people[person].count += 1
                    people[person].score += scoreB + link.affinity
                    isHeld = true
                }
                if isHeld { continue }
                var person = PeakAssembly(peaks: Array(repeating: nil, count: Self.joints), score: scoreA + scoreB + link.affinity, count: 2)
                person.peaks[limb.from] = a
                person.peaks[limb.to] = b
                people.append(person)
            }
        }
        return people.filter { $0.count >= Self.leastCount && $0.score / Double($0.count) >= Self.leastMeanScore }
    }

    /// Connections of one limb, each end in at most one of them, best first. Of equal ones the later candidate counts more.
    private func links(_ from: [ps_peak], _ to: [ps_peak], _ field: UnsafePointer<Float>, _ size: InputSize, _ factor: Int) -> [ps_limb] {
        var candidates = [ps_limb](unsafeUninitializedCapacity: from.count * to.count) { buffer, count in
            count = ps_connected_limbs(
                field, Int32(size.height), Int32(size.width), Int32(factor), from, Int32(from.count), to, Int32(to.count),
                Self.leastAffinity, buffer.baseAddress)
        }
        candidates.sort { ($0.affinity, $0.b, $0.a) > ($1.affinity, $1.b, $1.a) }
        var (takenFrom, takenTo) = (Set<Int32>(), Set<Int32>())
        return candidates.filter { candidate in
            guard !takenFrom.contains(candidate.a), !takenTo.contains(candidate.b) else { return false }
            takenFrom.insert(candidate.a)
            takenTo.insert(candidate.b)
            return true
        }
    }

    /// Gives people who hold one end the other, where they have none; scores stay.
    private static func complete(_ people: inout [PeakAssembly], _ limb: Limb, _ a: Int, _ b: Int) {
        for person in people.indices {
            if people[person].peaks[limb.from] == a, people[person].peaks[limb.to] == nil {
                people[person].peaks[limb.to] = b
            } else if people[person].peaks[limb.to] == b, people[person].peaks[limb.from] == nil {
                people[person].peaks[limb.from] = a
            }
        }
    }
}
