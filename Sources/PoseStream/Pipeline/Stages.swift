import Detection
import Estimation
import Flow
import Pose
import Tracking

/// The stages that a frame walks through. Each is used by one thread at a time and owns its state; put in your own to
/// change what a stage does.
public struct Stages {
    /// nil for systems that find people from their joints.
    public var detector: (any Detector)?
    public var estimator: any PoseEstimator
    /// nil: nothing is known of the motion between frames.
    public var flow: (any FlowProvider)?
    public var tracker: any PeopleTracker
    /// Takes the jitter out of what the tracker gives; nil: it goes out as it is.
    public var smoother: PoseSmoother?
    /// On which frames the detector and the pose network run.
    public var detectEvery = KeyFrames.all
    public var poseEvery = KeyFrames.all
    /// Whether boxes of the frame before, moved by the flow, join those of the detector.
    public var propagates = true
    /// Looks at what people wear, for the tracker; nil: nobody does.
    public var clothes: AppearanceSampler?

    public init(
        detector: (any Detector)?, estimator: any PoseEstimator, flow: (any FlowProvider)? = nil, tracker: any PeopleTracker,
        smoother: PoseSmoother? = nil
    ) {
        self.detector = detector
        self.estimator = estimator
        self.flow = flow
        self.tracker = tracker
        self.smoother = smoother
    }
}

/// Hands a value that is not Sendable to the one stage that will use it.
struct Handover<Value>: @unchecked Sendable {
    // Safe to share: the giver keeps no reference, and only the one stage that takes the value touches it.
    let value: Value

    init(_ value: sending Value) {
        self.value = value
    }
}
