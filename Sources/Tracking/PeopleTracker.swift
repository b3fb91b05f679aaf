import Geometry
import Pose

/// Gives the people of each frame ids that hold from frame to frame.
///
/// Frames come in order of presentation. A tracker is a value: its whole memory is in it, so that it can be stored and
/// continued with the same results.
public protocol PeopleTracker: Sendable {
    /// Links the people that the networks found in a frame with those of earlier frames.
    ///
    /// - Parameters:
    ///   - people: found in this frame, in any order; ids and states they carry are not looked at.
    ///   - frame: when the frame is shown, its size, and how the picture moved since the frame before.
    /// - Returns: the people that belong to a track, each with its id and state, in ascending id. Doubles of one person and
    ///   people of low score that continue no track are left out.
    mutating func link(_ people: [Person], in frame: TrackedFrame) -> [Person]

    /// Where the people of the last frame are expected in `frame`: boxes for the pose network beside those of the detector
    /// (Xiao et al. 2018, section 3.1). Empty when the motion is not known. Asked before `link` of the same frame.
    func predictedBoxes(in frame: TrackedFrame) -> [ScoredBox]
}

extension PeopleTracker {
    /// The boxes for the pose network: those of the detector and those of the last frame's people, moved, without doubles
    /// (Xiao et al. 2018, section 3.1; spec: tracking, 1.2). Asked before `link` of the same frame.
    ///
    /// - Parameter detected: the detector's boxes, best first.
    public func boxes(joining detected: [ScoredBox], in frame: TrackedFrame) -> [ScoredBox] {
        let propagated = predictedBoxes(in: frame)
        return propagated.isEmpty ? detected : BoxUnion()(detected: detected, propagated: propagated)
    }
}

/// What a tracker knows of a frame beside its people.
public struct TrackedFrame: Sendable {
    /// Presentation time in seconds from the source's first picture.
    public var time: Double
    /// Size of the picture as shown, in pixels.
    public var width: Double
    public var height: Double
    /// How the picture moved since the frame that was linked before.
    public var motion: any FrameMotion

    public init(time: Double, width: Double, height: Double, motion: any FrameMotion = NoMotion()) {
        self.time = time
        self.width = width
        self.height = height
        self.motion = motion
    }
}
