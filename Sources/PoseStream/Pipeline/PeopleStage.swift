import Estimation
import Media
import Pose
import Tracking

/// A frame with what the detector found in it.
struct DetectedFrame: Sendable {
    var frame: VideoFrame
    /// Best first; empty when people are found from their joints.
    var boxes: [ScoredBox]
}

/// From a frame and the detector's boxes to people with ids.
///
/// Motion since the frame before → boxes of the people of the frame before, moved → poses → links. Frames come in order; all
/// memory is in the tracker.
struct PeopleStage {
    private let estimator: any PoseEstimator
    private let usesBoxes: Bool
    private var tracker: any PeopleTracker
    private let times: StageTimes

    /// - Parameter times: counts the busy time of poses and links.
    init(_ stages: Stages, times: StageTimes) {
        estimator = stages.estimator
        usesBoxes = stages.detector != nil
        tracker = stages.tracker
        self.times = times
    }

    mutating func process(_ found: DetectedFrame) throws -> ProcessedFrame {
        let frame = found.frame
        let place = TrackedFrame(time: frame.time, width: Double(frame.width), height: Double(frame.height))
        let boxes = usesBoxes ? tracker.boxes(joining: found.boxes, in: place) : []
        let people = try times.measure(.pose) { try estimator.estimate(frame, boxes: boxes) }
        let linked = times.measure(.track) { tracker.link(people, in: place) }
        let result = FrameResult(frame: frame.index, pts: frame.pts, time: frame.time, people: linked)
        return ProcessedFrame(frame: frame, result: result)
    }
}
