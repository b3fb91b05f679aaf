import Media
import Records

extension GapRecord {
    init(_ gap: SourceGap, source: String? = nil) {
        let reason: Reason = switch gap.reason {
        case .stalled: .stalled
        case .reconnected: .reconnected
        case .corrupt: .corrupt
        case .discontinuity: .discontinuity
        }
        self.init(time: gap.time, seconds: gap.seconds, reason: reason, source: source)
    }
}

extension FrameRecord.Live {
    /// What is written of a live picture at this moment: its latency ends here.
    init(_ mark: LiveMark) {
        let latency = (ContinuousClock.now - mark.moment) / .milliseconds(1)
        self.init(wall: WallTime(milliseconds: mark.wall / 1000), latency: max(0, latency), dropped: mark.dropped)
    }
}
