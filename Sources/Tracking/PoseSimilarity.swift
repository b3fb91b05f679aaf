import Foundation
import Geometry
import Pose

/// How alike two poses are (spec: tracking, 1.3 and 2.3).
struct PoseSimilarity: Hashable, Sendable, Codable {
    /// 2 (2 sigma)² of each joint: the exponent's divisor for an area of 1.
    private let spreads: [Double]

    init(sigmas: [Double]) {
        spreads = sigmas.map { 8 * $0 * $0 }
    }

    /// Squared distance, in units of the area, beyond which every joint's term is below 0.01.
    var reach: Double { 5 * (spreads.max() ?? 0) }

    /// OKS over the joints that have at least `jointScore` in both poses, and how many those are; 0 below three.
    ///
    /// - Parameter area: the squared scale of the person, in square pixels.
    func oks(_ a: [Keypoint], _ b: [Keypoint], area: Double, jointScore: Double) -> (value: Double, joints: Int) {
        var sum = 0.0
        var joints = 0
        for index in 0..<min(a.count, b.count, spreads.count) {
            guard a[index].score >= jointScore, b[index].score >= jointScore else { continue }
            let (dx, dy) = (a[index].position.x - b[index].position.x, a[index].position.y - b[index].position.y)
            joints += 1
            let exponent = (dx * dx + dy * dy) / (spreads[index] * area)
            // Beyond this the term is below the last digit that counts, and most pairs of people are far apart.
            if exponent < 30 { sum += exp(-exponent) }
        }
        guard joints >= 3 else { return (0, joints) }
        return (sum / Double(joints), joints)
    }

    /// OKS blended with the IoU of the boxes where only few joints are common to both: with six or more it is OKS alone.
    func blended(_ a: [Keypoint], _ b: [Keypoint], area: Double, jointScore: Double, iou: Double) -> Double {
        let (oks, joints) = oks(a, b, area: area, jointScore: jointScore)
        guard joints < 6 else { return oks }
        let weight = Double(joints) / 6
        return weight * oks + (1 - weight) * iou
    }
}

extension Box {
    /// IoU that is 0 for empty boxes.
    func overlap(_ other: Box) -> Double {
        let iou = iou(other)
        return iou.isFinite ? iou : 0
    }

    /// Whether no point of one box is within the distance whose square is `squared` of the other.
    func isApart(_ other: Box, by squared: Double) -> Bool {
        let dx = max(0, x - other.right, other.x - right)
        let dy = max(0, y - other.bottom, other.y - bottom)
        return dx * dx + dy * dy > squared
    }
}

extension [Keypoint] {
    /// The rectangle of all joints that were found; nil for none.
    var extent: Box? {
        Box(bounding: compactMap { $0.isMissing ? nil : $0.position })
    }
}

/// The middle value; the mean of the two middle ones for an even count. 0 for none.
func median(_ values: [Double]) -> Double {
    guard !values.isEmpty else { return 0 }
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}
