import Foundation
import Geometry

/// Non-maximum suppression of poses by their similarity (SimpleBaseline's and HRNet's `oks_nms`, `soft_oks_nms`).
public struct PoseSuppression: Sendable {
    /// A pose in the race: its joints, its area in pixels^2 and its score.
    public struct Candidate: Sendable {
        public var keypoints: [Keypoint]
        public var area: Double
        public var score: Double

        public init(keypoints: [Keypoint], area: Double, score: Double) {
            self.keypoints = keypoints
            self.area = area
            self.score = score
        }
    }

    public var similarity: ObjectKeypointSimilarity
    /// Similarity beyond which the weaker of two poses goes.
    public var threshold: Double

    public init(similarity: ObjectKeypointSimilarity, threshold: Double = 0.9) {
        self.similarity = similarity
        self.threshold = threshold
    }

    /// Indices of the poses that stay, best first. Of equal scores the later pose comes first, as in the official code.
    public func indices(_ poses: [Candidate]) -> [Int] {
        var removed = [Bool](repeating: false, count: poses.count)
        let order = Self.descending(Array(poses.indices)) { poses[$0].score }
        var kept: [Int] = []
        for (place, best) in order.enumerated() where !removed[best] {
            kept.append(best)
            for other in order[(place + 1)...] where !removed[other] {
                removed[other] = oks(poses[best], poses[other]) > threshold
            }
        }
        return kept
    }

    /// The soft variant: nothing is removed; each pose taken lowers the scores of those like it by exp(-oks^2 / threshold).
    ///
    /// - Returns: at most `limit` poses in the order taken, with the scores that they had then.
    public func softIndices(_ poses: [Candidate], limit: Int = 20) -> [(index: Int, score: Double)] {
        var scores = poses.map(\.score)
        var order = Array(poses.indices)
        var kept: [(index: Int, score: Double)] = []
        while kept.count < limit {
            order = Self.descending(order) { scores[$0] }
            guard let best = order.first else { break }
            order.removeFirst()
            kept.append((best, scores[best]))
            for other in order {
                let like = oks(poses[best], poses[other])
                scores[other] *= exp(-(like * like) / threshold)
            }
        }
        return kept
    }

    private func oks(_ a: Candidate, _ b: Candidate) -> Double {
        similarity(a.keypoints, area: a.area, b.keypoints, area: b.area)
    }

    private static func descending(_ indices: [Int], by score: (Int) -> Double) -> [Int] {
        indices.sorted { score($0) == score($1) ? $0 > $1 : score($0) > score($1) }
    }
}

extension Person {
    /// What the detector said of the box, where `score` is an `instanceScore`: the score without the joints' share in it, at most 1;
    /// 0 when no joint was found.
    public var boxScore: Double {
        let mean = instanceScore(box: 1, joints: keypoints)
        return mean > 0 ? min(1, score / mean) : 0
    }
}

/// Instance score of a top-down pose: the box's score times the mean of the joint scores above `threshold` (0 if none is).
///
/// SimpleBaseline's and HRNet's rescoring, in_vis_thre 0.2 (spec: networks-topdown 7.9).
public func instanceScore(box: Double, joints: [Keypoint], above threshold: Double = 0.2) -> Double {
    var sum = 0.0
    var count = 0
    for joint in joints where joint.score > threshold {
        sum += joint.score
        count += 1
    }
    return count == 0 ? 0 : sum / Double(count) * box
}
