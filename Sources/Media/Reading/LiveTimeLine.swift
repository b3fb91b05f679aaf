/// One line of frame numbers, time stamps and seconds over all connections of a live source.
///
/// Within a connection the sender's own time stamps count. Between two of them the clock does: the first picture after a loss stands
/// as many seconds after the last one before it as really passed.
struct LiveTimeLine {
    struct Place {
        var index: Int
        /// Ticks of the time base that the source had when it was first opened; nil when this picture has no stamp.
        var pts: Int64?
        /// Seconds from the source's first picture.
        var time: Double
        var gap: SourceGap?
    }

    /// Silence within a connection that is worth a gap record, in seconds.
    static let silence = 2.0

    private var count = 0
    private var last: (time: Double, moment: ContinuousClock.Instant, pts: Int64?)?
    /// Seconds that are added to the times of the present connection.
    private var offset = 0.0
    /// Ticks of the first picture of all.
    private var origin: Int64 = 0
    /// Connections after the first have another zero: their ticks are made from their times.
    private var isRebased = false

    /// - Parameters:
    ///   - isFresh: the first picture of a connection.
    ///   - isDamaged: something could not be decoded since the picture before.
    mutating func place(
        _ frame: VideoFrame, arrived: ContinuousClock.Instant, timeBase: Rational, isFresh: Bool, isDamaged: Bool
    ) -> Place {
        var gap: SourceGap?
        var time = frame.time + offset
        if isFresh, let last {
            let away = max((arrived - last.moment) / .seconds(1), frame.duration ?? 0.001)
            offset = last.time + away - frame.time
            time = last.time + away
            isRebased = true
            gap = SourceGap(time: last.time, seconds: away, reason: .reconnected)
        } else if let last, time - last.time >= Self.silence {
            gap = SourceGap(time: last.time, seconds: time - last.time, reason: isDamaged ? .corrupt : .stalled)
        }
        if count == 0 { origin = frame.pts ?? 0 }
        var pts = frame.pts
        if isRebased, pts != nil {
            pts = origin + Int64((time / timeBase.value).rounded())
            if let before = last?.pts, let made = pts, made <= before { pts = before + 1 }
        }
        defer {
            count += 1
            last = (time, arrived, pts ?? last?.pts)
        }
        return Place(index: count, pts: pts, time: time, gap: gap)
    }
}
