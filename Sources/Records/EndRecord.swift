/// The last line of a source. A file without one was cut (kill -9, power).
public struct EndRecord: Hashable, Sendable {
    public enum Reason: String, Sendable, CaseIterable {
        /// The source came to its end.
        case endOfFile = "eof"
        /// A signal or the caller ended the run.
        case interrupted
        /// `--to`, `--frames` or the like was reached.
        case limit
        /// The reader of another output went away.
        case outputClosed = "output-closed"
        case error
    }

    public var reason: Reason
    /// Frame lines that were written.
    public var frames: Int
    /// Pictures that were decoded.
    public var decoded: Int
    /// Pictures that a live policy dropped.
    public var dropped: Int
    /// Packets that could not be decoded.
    public var corrupt: Int
    /// Different people (ids) that were confirmed.
    public var people: Int
    /// How long the run took, in seconds.
    public var seconds: Double
    /// Frame lines a second of the run.
    public var fps: Double
    /// The error line when the reason is `error`.
    public var error: String?
    /// Name of the source when there are several; nil for one.
    public var source: String?

    public init(
        reason: Reason, frames: Int, decoded: Int, dropped: Int = 0, corrupt: Int = 0, people: Int, seconds: Double, fps: Double,
        error: String? = nil, source: String? = nil
    ) {
        self.source = source
        self.reason = reason
        self.frames = frames
        self.decoded = decoded
        self.dropped = dropped
        self.corrupt = corrupt
        self.people = people
        self.seconds = seconds
        self.fps = fps
        self.error = error
    }

    /// Reads one line, without its newline; nil when it is no end record.
    public init?(line: [UInt8]) {
        var decoder = RecordDecoder()
        guard case .end(let end)? = try? decoder.decode(line, in: 0..<line.count) else { return nil }
        self = end
    }
}
