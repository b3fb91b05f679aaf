import Pose

/// The people of one picture.
public struct FrameRecord: Hashable, Sendable {
    /// What only a live source knows.
    public struct Live: Hashable, Sendable {
        /// When the picture was captured.
        public var wall: WallTime
        /// From capture to this line, in milliseconds.
        public var latency: Double
        /// Pictures that were dropped since the last line.
        public var dropped: Int

        public init(wall: WallTime, latency: Double, dropped: Int) {
            self.wall = wall
            self.latency = latency
            self.dropped = dropped
        }
    }

    /// Name of the source when there are several; nil for one.
    public var source: String?
    /// Frame number, time stamp, time and people. The encoder writes people in ascending id, people without an id last.
    public var result: FrameResult
    public var live: Live?
    /// Size of this picture, in pixels, when it is not that of the header.
    public var size: PictureSize?
    /// How the picture moved since the frame before; nil when that was not kept.
    public var motion: SampledMotion?

    /// Columns and rows of a picture.
    public struct PictureSize: Hashable, Sendable {
        public var width: Int
        public var height: Int

        public init(width: Int, height: Int) {
            self.width = width
            self.height = height
        }
    }

    public init(_ result: FrameResult, source: String? = nil, live: Live? = nil) {
        self.source = source
        self.result = result
        self.live = live
    }
}
