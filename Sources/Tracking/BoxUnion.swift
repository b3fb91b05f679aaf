import Pose

/// Joins the boxes of the detector and those that the flow carried over from the frame before (Xiao et al. 2018, section 3.1;
/// spec: tracking, 1.2).
public struct BoxUnion: Sendable, Hashable {
    /// IoU beyond which the weaker of two boxes goes.
    public var threshold: Double

    public init(threshold: Double = 0.5) {
        self.threshold = threshold
    }

    /// The boxes that stay, best first; on a tie the detected one comes first.
    public func callAsFunction(detected: [ScoredBox], propagated: [ScoredBox]) -> [ScoredBox] {
        BoxSuppression(threshold: threshold)(detected + propagated)
    }
}
