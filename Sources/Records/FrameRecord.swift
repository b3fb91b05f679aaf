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

    public init(_ result: FrameResult, source: String? = nil, live: Live? = nil) {
        self.source = source
        self.result = result
        self.live = live
    }
}
