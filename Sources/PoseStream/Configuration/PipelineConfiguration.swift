import Estimation
import Tracking

/// How a pipeline is built: which networks, with which settings. A value, parsed once; every stage gets its part.
public struct PipelineConfiguration: Sendable, Equatable {
    /// For people and for the header record.
    public var name: String
    /// The detector stage; nil for systems that find people from their joints.
    public var detect: Detect?
    public var pose: Pose
    public var track: TrackerConfiguration

    public init(name: String = "custom", detect: Detect? = Detect(), pose: Pose = Pose(), track: TrackerConfiguration = TrackerConfiguration()) {
        self.name = name
        self.detect = detect
        self.pose = pose
        self.track = track
    }

    /// Which network finds people and what counts as one.
    public struct Detect: Sendable, Equatable {
        /// Registry name, stem of a file in a model folder, or path.
        public var model = "yolox-nano"
        /// Boxes below this score are dropped.
        public var score = 0.3
        /// IoU above which the lower of two boxes is dropped.
        public var nms = 0.65
        /// The best boxes of a frame that go on to the pose network.
        public var maxPeople = 100

        public init() {}
    }

    /// Which network finds joints, and how its maps are read.
    public struct Pose: Sendable, Equatable {
        public var model = "pp-tinypose-256x192"
        /// Run the mirrored crop as well and average.
        public var flip = false
        /// The box is enlarged by this factor before it is cropped.
        public var padding = 1.25
        /// How a joint is read from its map.
        public var decoder = HeatmapDecoder.Refinement.quarter
        /// Two people whose OKS is above this are one; 1 turns it off.
        public var nms = 0.9

        public init() {}
    }
}
