import CFFmpeg

/// What a live source knows of a picture and a file does not.
public struct LiveMark: Sendable, Equatable {
    /// When the picture was captured, in microseconds since 1970 UTC. Where the sender does not tell: when it arrived.
    public var wall: Int64
    /// When it was captured or, from a network, when it arrived, on a clock that nobody sets. Latency is counted from here.
    public var moment: ContinuousClock.Instant
    /// Pictures that a live policy dropped between the one before and this one.
    public var dropped = 0
    /// The hole in time that this picture ends.
    public var gap: SourceGap?

    public init(wall: Int64, moment: ContinuousClock.Instant, dropped: Int = 0, gap: SourceGap? = nil) {
        (self.wall, self.moment, self.dropped, self.gap) = (wall, moment, dropped, gap)
    }

    /// A picture that is here now.
    public static func now() -> LiveMark { LiveMark(wall: av_gettime(), moment: .now) }

    /// A picture that was captured at a time of the wall clock; the moment follows from its age.
    static func captured(atWall wall: Int64) -> LiveMark {
        let (age, overflow) = av_gettime().subtractingReportingOverflow(wall)
        // A clock that was set meanwhile, or a device whose clock is wrong, says nothing about latency.
        let known = !overflow && 0..<5_000_000 ~= age ? age : 0
        return LiveMark(wall: wall, moment: .now - .microseconds(known))
    }
}

/// A hole in the time of a live source.
public struct SourceGap: Sendable, Equatable {
    public enum Reason: String, Sendable {
        /// Nothing came for a while.
        case stalled
        /// The connection was lost and made again.
        case reconnected
        /// Pictures could not be decoded.
        case corrupt
        /// The sender's time stamps jumped.
        case discontinuity
    }

    /// Where it begins, in seconds from the source's first picture.
    public var time: Double
    /// How long it is, in seconds.
    public var seconds: Double
    public var reason: Reason

    public init(time: Double, seconds: Double, reason: Reason) {
        (self.time, self.seconds, self.reason) = (time, seconds, reason)
    }

    /// Two holes with only dropped pictures between them are one.
    public func joined(with later: SourceGap) -> SourceGap {
        SourceGap(time: time, seconds: max(seconds, later.time + later.seconds - time), reason: later.reason)
    }
}
