import Estimation
import Flow
import Tracking

/// How a pipeline is built: which networks, with which settings. A value, parsed once; every stage gets its part.
public struct PipelineConfiguration: Sendable, Equatable {
    /// For people and for the header record.
    public var name: String
    /// The detector stage; nil for systems that find people from their joints.
    public var detect: Detect?
    public var pose: Pose
    /// How people are linked, but for what depends on the detector.
    public var track: TrackerConfiguration
    /// From which score of the box alone on a person may begin a track; usually what `track` says.
    public var highBox = Suited<Double>.auto
    /// How the motion between frames is found.
    public var flow: FlowMethod
    /// Whether boxes of the frame before, moved by flow, join those of the detector.
    public var propagate: Bool
    /// Whether jitter is taken out of the poses that are written.
    public var smooth: Bool

    public init(
        name: String = "custom", detect: Detect? = Detect(), pose: Pose = Pose(), track: TrackerConfiguration = TrackerConfiguration(),
        flow: FlowMethod = .lucasKanade, propagate: Bool = true, smooth: Bool = false
    ) {
        self.name = name
        self.detect = detect
        self.pose = pose
        self.track = track
        self.flow = flow
        self.propagate = propagate
        self.smooth = smooth
    }

    /// All that the tracker goes by.
    package var tracking: TrackerConfiguration {
        var tracking = track
        tracking.highBox = highBox.value(or: track.highBox)
        return tracking
    }

    /// Takes from `other` what links people; what it leaves to the detector stays, as the networks are those of before.
    package mutating func takeTracking(of other: PipelineConfiguration) {
        track = other.track
        smooth = other.smooth
        if other.highBox != .auto { highBox = other.highBox }
    }

    /// Which network finds people and what counts as one.
    public struct Detect: Sendable, Equatable {
        /// Registry name, stem of a file in a model folder, or path; `auto`: the best small one that is at hand.
        public var model = "auto"
        /// Boxes below this score are dropped.
        public var score = 0.3
        /// IoU above which the lower of two boxes is dropped; usually 0.65.
        public var nms = Suited<Double>.auto
        /// The frames on which the detector runs; in between flow carries the boxes.
        public var every = KeyFrames.all
        /// The best boxes of a frame that go on to the pose network.
        public var maxPeople = 100
        /// RetinaNet: pixels to which a picture's shorter side is scaled; nil: 800, as published.
        public var shorterSide: Int?

        public init() {}

        static let usualNMS = 0.65
        var overlap: Double { nms.value(or: Self.usualNMS) }
    }

    /// Which network finds joints, and how its maps are read.
    public struct Pose: Sendable, Equatable {
        /// Registry name, stem of a file in a model folder, or path; `auto`: the best small one that is at hand.
        public var model = "auto"
        /// Run the mirrored crop as well and average.
        public var flip = false
        /// The box is enlarged by this factor before it is cropped.
        public var padding = 1.25
        /// How people are read from the network's outputs; usually `quarter`.
        public var decoder = Suited<PoseDecoder>.auto
        /// Which joints come out.
        public var keypoints = KeypointChoice.coco17
        /// The frames on which the network runs for people who are known; in between flow carries their joints.
        public var every = KeyFrames.all
        /// Two people whose OKS is above this are one; 1 turns it off.
        public var nms = 0.9
        /// YOLO pose networks: people with a smaller score are dropped; nil: 0.25.
        public var score: Double?
        /// Whole-picture networks: pixels to which a picture's height is scaled; nil: the network's own.
        public var height: Int?
        /// Whole-picture networks: how they see a picture and their maps are read; nil: as their authors do with films.
        public var processing: PictureProcessing?
        /// Lightweight OpenPose: refinement stages that are run; nil: one, as published.
        public var stages: Int?
        /// MultiPoseNet: the pose residual network's model, where it is not in the file of `model`.
        public var prnModel: String?
        /// MultiPoseNet: joints that were not found are given where the residual network sees them most, with score 0.
        public var prnFill: Bool?

        public init() {}

        static let usualDecoder = PoseDecoder.quarter
        var reading: PoseDecoder { decoder.value(or: Self.usualDecoder) }
    }

    /// The joints that people come with.
    public enum KeypointChoice: String, Sendable, CaseIterable {
        /// COCO's 17, whatever the network has; what it lacks is missing.
        case coco17
        /// The network's own: 18 for Lightweight OpenPose, 16 for networks of MPII.
        case native
    }
}
