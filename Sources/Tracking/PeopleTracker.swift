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
    ///   - people: found in this frame, in any order. Ids are only looked at where flow carried the person here (`carried`).
    ///   - frame: when the frame is shown, its size, and how the picture moved since the frame before.
    /// - Returns: the people that belong to a track, each with its id and state, in ascending id. Doubles of one person and
    ///   people of low score that continue no track are left out.
    mutating func link(_ people: [Person], in frame: TrackedFrame) -> [Person]

    /// Where the people of the last frame are expected in `frame`: boxes for the pose network beside those of the detector
    /// (Xiao et al. 2018, section 3.1). Empty when the motion is not known. Asked before `link` of the same frame.
    func predictedBoxes(in frame: TrackedFrame) -> [ScoredBox]

    /// The boxes for the pose network: those of the detector and those of the last frame's people, moved, without doubles
    /// (Xiao et al. 2018, section 3.1; spec: tracking, 1.2). Asked before `link` of the same frame.
    ///
    /// - Parameter detected: the detector's boxes, best first.
    func boxes(joining detected: [ScoredBox], in frame: TrackedFrame) -> [ScoredBox]

    /// The people of the last frame as flow carries them to `frame`: what a frame gives where no network runs. Asked before `link`
    /// of the same frame, to which some of them may be given in place of poses. Empty when the motion is not known.
    func carried(in frame: TrackedFrame) -> [CarriedPerson]

    /// Whether a person who was seen lately is not seen now.
    var isAnyoneLost: Bool { get }
}

/// A person as flow carried it from the frame before.
public struct CarriedPerson: Hashable, Sendable {
    /// With the id, `origin` being `.flow`.
    public var person: Person
    /// Share of the joints that flow surely followed.
    public var quality: Double
    /// The middle distance between where the joints went and where the body as a whole went, in body heights.
    public var residual: Double
    /// When the network last ran for this person, in seconds of presentation time.
    public var lastNetwork: Double
    /// The box for the network, if it is to run, with the score that the detector would give.
    public var box: ScoredBox

    public init(person: Person, quality: Double, residual: Double, lastNetwork: Double, box: ScoredBox) {
        self.person = person
        self.quality = quality
        self.residual = residual
        self.lastNetwork = lastNetwork
        self.box = box
    }
}

extension PeopleTracker {
    public func carried(in frame: TrackedFrame) -> [CarriedPerson] { [] }
    public var isAnyoneLost: Bool { false }

    public func boxes(joining detected: [ScoredBox], in frame: TrackedFrame) -> [ScoredBox] {
        BoxUnion()(detected: detected, propagated: predictedBoxes(in: frame))
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

    /// A time with the digits that records keep.
    public static func recorded(_ time: Double) -> Double { time.isFinite ? (time * 1e6).rounded() / 1e6 : 0 }

    public init(time: Double, width: Double, height: Double, motion: any FrameMotion = NoMotion()) {
        self.time = time
        self.width = width
        self.height = height
        self.motion = motion
    }
}
