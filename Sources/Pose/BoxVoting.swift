import Geometry

/// Box voting (Gidaris, Komodakis, "Object detection via a multi-region & semantic segmentation-aware CNN model", ICCV 2015, section 4):
/// a box that non-maximum suppression left takes the mean, by score, of all boxes that show the same thing. Neighbouring cells err
/// independently, so the mean lies closer, and jumps less from frame to frame.
public struct BoxVoting: Sendable, Hashable {
    /// Intersection over union from which a box has a vote.
    public var threshold: Double

    public init(threshold: Double = 0.65) {
        self.threshold = threshold
    }

    /// The boxes with their sides moved; scores and order stay. A box without a voter stays where it is.
    public func callAsFunction(_ boxes: [ScoredBox], voters: [ScoredBox]) -> [ScoredBox] {
        boxes.map { scored in
            var (left, top, right, bottom, votes) = (0.0, 0.0, 0.0, 0.0, 0.0)
            for voter in voters where voter.box.iou(scored.box) >= threshold {
                left += voter.score * voter.box.x
                top += voter.score * voter.box.y
                right += voter.score * voter.box.right
                bottom += voter.score * voter.box.bottom
                votes += voter.score
            }
            guard votes > 0 else { return scored }
            return ScoredBox(box: Box(left: left / votes, top: top / votes, right: right / votes, bottom: bottom / votes), score: scored.score)
        }
    }
}
