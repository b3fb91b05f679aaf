import Geometry

/// Greedy non-maximum suppression of boxes: the best box stays and removes all that overlap it too much, then the next.
///
/// The variants are those of the detectors' own codes (spec: networks-bottomup section 6).
public struct BoxSuppression: Sendable, Hashable {
    public enum Areas: Sendable, Hashable {
        /// width * height.
        case plain
        /// (width + 1) * (height + 1), corners being pixels that belong to the box; intersections likewise.
        case inclusivePixels
    }

    /// Intersection over union beyond which a box goes.
    public var threshold: Double
    public var areas: Areas
    /// Whether a box goes when its overlap equals the threshold exactly.
    public var removesAtThreshold: Bool

    public init(threshold: Double, areas: Areas = .plain, removesAtThreshold: Bool = false) {
        self.threshold = threshold
        self.areas = areas
        self.removesAtThreshold = removesAtThreshold
    }

    /// The boxes that stay, best first. Equal scores keep their order; a NaN overlap (two empty boxes) removes nothing.
    public func callAsFunction(_ boxes: [ScoredBox]) -> [ScoredBox] {
        indices(boxes).map { boxes[$0] }
    }

    /// Indices of the boxes that stay, best first.
    public func indices(_ boxes: [ScoredBox]) -> [Int] {
        var order = Array(boxes.indices)
        order.sort { boxes[$0].score == boxes[$1].score ? $0 < $1 : boxes[$0].score > boxes[$1].score }
        var removed = [Bool](repeating: false, count: boxes.count)
        var kept: [Int] = []
        for (place, best) in order.enumerated() where !removed[best] {
            kept.append(best)
            for other in order[(place + 1)...] where !removed[other] {
                let overlap = overlap(boxes[best].box, boxes[other].box)
                removed[other] = overlap > threshold || (removesAtThreshold && overlap == threshold)
            }
        }
        return kept
    }

    private func overlap(_ a: Box, _ b: Box) -> Double {
        guard areas == .inclusivePixels else { return a.iou(b) }
        let width = max(0, min(a.right, b.right) - max(a.x, b.x) + 1)
        let height = max(0, min(a.bottom, b.bottom) - max(a.y, b.y) + 1)
        let shared = width * height
        return shared / ((a.width + 1) * (a.height + 1) + (b.width + 1) * (b.height + 1) - shared)
    }
}
