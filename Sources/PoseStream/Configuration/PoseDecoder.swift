import Estimation

/// How people are read from a pose network's outputs: `pose.decoder`.
public enum PoseDecoder: String, Sendable, CaseIterable {
    /// One heatmap a joint: the largest value as it is.
    case none
    /// The largest value, a quarter pixel towards its larger neighbour: SimpleBaseline, HRNet.
    case quarter
    /// As mmpose has it.
    case mmpose
    /// The centre of the Gaussian near the largest value (DARK, Zhang et al. 2020): between pixels, for networks trained for it and small ones.
    case dark
    /// CPN's crops, blurred maps and scores.
    case cpn
    /// Part affinity fields of the whole picture: Lightweight OpenPose.
    case paf
    /// Keypoints and boxes of the whole picture, dealt out by a pose residual network: MultiPoseNet.
    case prn
    /// A row of scores for each axis of each joint: RTMPose.
    case simcc
    /// Boxes with their joints, of the whole picture: YOLO pose networks.
    case yoloPose = "yolo-pose"

    /// Whether people are found from their joints, without a detector.
    var findsPeople: Bool { self == .paf || self == .prn || self == .yoloPose }

    /// How a heatmap's maximum is refined; nil for decoders that do more.
    var refinement: HeatmapDecoder.Refinement? {
        switch self {
        case .none: HeatmapDecoder.Refinement.none
        case .quarter: .quarter
        case .mmpose: .mmpose
        case .dark: .dark
        case .cpn, .paf, .prn, .simcc, .yoloPose: nil
        }
    }
}
