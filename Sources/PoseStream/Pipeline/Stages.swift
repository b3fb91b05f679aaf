import Detection
import Estimation
import Tracking

/// The stages that a frame walks through. Each is used by one thread at a time and owns its state; put in your own to
/// change what a stage does.
public struct Stages {
    /// nil for systems that find people from their joints.
    public var detector: (any Detector)?
    public var estimator: any PoseEstimator
    public var tracker: any PeopleTracker

    public init(detector: (any Detector)?, estimator: any PoseEstimator, tracker: any PeopleTracker) {
        self.detector = detector
        self.estimator = estimator
        self.tracker = tracker
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
