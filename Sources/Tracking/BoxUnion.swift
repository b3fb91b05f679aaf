import Pose

/// Joins the boxes of the detector and those that the flow carried over from the frame before (Xiao et al. 2018, section 3.1;
/// spec: tracking, 1.2).
public struct BoxUnion: Sendable, Hashable {
    public static let standard = BoxUnion()

    /// IoU beyond which the weaker of two boxes goes.
    public var threshold: Double

    /// Whether all detected boxes stay, also those that overlap: the detector has sorted out its doubles, and two people who pass
    /// one another must not become one at that very moment.
    public var keepsDetected: Bool

    public init(threshold: Double = 0.5, keepsDetected: Bool = false) {
        self.threshold = threshold
        self.keepsDetected = keepsDetected
    }

    /// The boxes that stay, best first; on a tie the detected one comes first. Without propagated boxes all detected ones stay.
    public func callAsFunction(detected: [ScoredBox], propagated: [ScoredBox]) -> [ScoredBox] {
        guard !propagated.isEmpty else { return detected }
        guard keepsDetected else { return BoxSuppression(threshold: threshold)(detected + propagated) }
        let free = propagated.filter { box in !detected.contains { $0.box.iou(box.box) > threshold } }
        return detected + BoxSuppression(threshold: threshold)(free)
    }
}
