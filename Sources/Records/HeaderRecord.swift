import Pose

/// The first line: where the pictures came from, what the numbers mean, and what made them.
public struct HeaderRecord: Hashable, Sendable {
    /// The source of the pictures.
    public struct Source: Hashable, Sendable {
        /// Short name; frame lines refer to it when there are several sources.
        public var name: String
        /// Path or URL. Credentials in a URL are masked when the line is written.
        public var uri: String
        /// Size of the picture as it is seen (rotation applied), in pixels.
        public var width: Int
        public var height: Int
        /// Clockwise rotation that was applied, in degrees.
        public var rotation: Int
        /// Seconds a tick of `pts`; nil when the source has no time stamps.
        public var timeBase: TimeBase?
        /// Frames a second as the container states it; nil when it does not.
        public var frameRate: Double?
        /// Number of pictures when it is known beforehand.
        public var frames: Int?
        /// Presentation time of the first picture in the source's own clock, in seconds; nil when the source has none.
        public var startTime: Double?
        public var isLive: Bool

        public init(
            name: String, uri: String, width: Int, height: Int, rotation: Int = 0, timeBase: TimeBase? = nil, frameRate: Double? = nil,
            frames: Int? = nil, startTime: Double? = nil, isLive: Bool = false
        ) {
            self.name = name
            self.uri = uri
            self.width = width
            self.height = height
            self.rotation = rotation
            self.timeBase = timeBase
            self.frameRate = frameRate
            self.frames = frames
            self.startTime = startTime
            self.isLive = isLive
        }
    }

    /// A fraction of a second: `numerator / denominator`.
    public struct TimeBase: Hashable, Sendable {
        public var numerator: Int
        public var denominator: Int

        public init(_ numerator: Int, _ denominator: Int) {
            self.numerator = numerator
            self.denominator = denominator
        }
    }

    /// A network that took part.
    public struct Model: Hashable, Sendable {
        public var name: String
        /// SHA-256 of the file, in small hexadecimal digits.
        public var sha256: String

        public init(name: String, sha256: String) {
            self.name = name
            self.sha256 = sha256
        }
    }

    /// Version of the program that wrote the line.
    public var version: String
    public var source: Source
    /// Only name, joint names and skeleton are written.
    public var keypoints: KeypointSet
    /// The resolved configuration: as a pipeline file it is valid input.
    public var pipeline: JSONValue
    public var models: [Model]
    /// What the run was asked beside its pipeline: `from`, `to`, `every`, `max_fps`, `roi`, `mask` (SHA-256), `track`, `store_flow`, `precision`;
    /// nil when nothing was.
    public var options: JSONValue?

    public init(
        version: String, source: Source, keypoints: KeypointSet, pipeline: JSONValue, models: [Model], options: JSONValue? = nil
    ) {
        self.version = version
        self.source = source
        self.keypoints = keypoints
        self.pipeline = pipeline
        self.models = models
        self.options = options
    }

    /// The header as a reader of its line gets it: with the digits and names that a line keeps. Comparing what was stored with
    /// what would be stored now needs this form.
    public var asRead: HeaderRecord {
        var encoder = RecordEncoder()
        encoder.encode(.header(self))
        return (try? RecordReader(.bytes(encoder.line, name: "header")).header) ?? self
    }
}
