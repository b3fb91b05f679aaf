import Synchronization

/// A source of which only the wanted pictures are given. Numbers and times stay those of the whole source.
///
/// The sound of pictures that are left out in between rides along with the next one that is given.
public final class SelectedSource: FrameSource, @unchecked Sendable {
    // Safe to share: the one stage that calls `next` owns what changes, `isOver` is an atomic, and the source beneath
    // allows its own calls.

    public let selection: FrameSelection
    private let source: any FrameSource
    /// The last interval of `maximumRate` that a picture was taken from.
    private var interval: Double?
    /// The last wanted picture before `from`.
    private var leadIn: VideoFrame?
    /// The picture after the lead-in.
    private var pending: VideoFrame?
    private let isOver = Atomic(false)
    /// Of pictures that were left out since the last one that was given.
    private var companions: [PassthroughPacket] = []
    private var dropped = 0
    private var gap: SourceGap?

    /// - Parameter source: its own `SourceOptions.selection` may have skipped what is not needed.
    public init(_ source: any FrameSource, _ selection: FrameSelection) {
        self.source = source
        self.selection = selection
    }

    public var description: SourceDescription { source.description }
    public var statistics: DecodeStatistics {
        var statistics = source.statistics
        // Who stops before the end does not know whether more would have come.
        if isOver.load(ordering: .relaxed) { statistics.isTruncated = false }
        return statistics
    }
    public var passthroughStreams: [PassthroughStream] { source.passthroughStreams }
    public var warnings: [String] { source.warnings }
    public var trailingPackets: [PassthroughPacket] {
        // After `to` nothing more is heard; at the end of the source its own last packets follow.
        companions + (isOver.load(ordering: .relaxed) ? [] : source.trailingPackets)
    }

    /// The same source, nothing of it read yet, with another selection.
    package func selecting(_ other: FrameSelection) -> SelectedSource { SelectedSource(source, other) }

    /// Whether reading ended at `selection.to`, before the end of the source.
    public var hasReachedLimit: Bool { isOver.load(ordering: .relaxed) }

    public func cancel() { source.cancel() }

    /// How many pictures will come; nil when unknown.
    public var expectedFrames: Int? { selection.expectedFrames(of: source.description) }

    /// The next wanted picture; with a `leadIn` the first ones lie before `from` where there is such a picture.
    public func next() throws -> VideoFrame? {
        if let pending {
            self.pending = nil
            return pending
        }
        if isOver.load(ordering: .relaxed) { return nil }
        while let frame = try source.next() {
            if let to = selection.to, !FrameSelection.isBefore(frame.time, to) {
                isOver.store(true, ordering: .relaxed)
                // Lets go of the source; what it counted stays.
                source.cancel()
                _ = try? source.next()
                return nil
            }
            let isWanted = takes(frame)
            if selection.isLeadIn(frame) {
                guard isWanted, let length = selection.leadIn, let from = selection.from else { continue }
                // One that lies further back is only wanted when no other follows.
                if FrameSelection.isBefore(frame.time, from - length) {
                    leadIn = frame
                    continue
                }
                leadIn = nil
                return frame
            }
            guard let leadIn else {
                guard isWanted else {
                    leaveOut(frame)
                    continue
                }
                return try withLeftOut(frame)
            }
            self.leadIn = nil
            if isWanted { pending = try withLeftOut(frame) } else { leaveOut(frame) }
            return leadIn
        }
        return nil
    }

    private func leaveOut(_ frame: VideoFrame) {
        companions += frame.companions
        guard let mark = frame.live else { return }
        dropped += mark.dropped
        if let later = mark.gap { gap = gap.map { $0.joined(with: later) } ?? later }
    }

    /// The picture with what came with those that were left out before it: their sound, gaps, and the count of dropped pictures.
    private func withLeftOut(_ frame: VideoFrame) throws -> VideoFrame {
        defer { (companions, dropped, gap) = ([], 0, nil) }
        guard var mark = frame.live, dropped > 0 || gap != nil else {
            return companions.isEmpty ? frame : try VideoFrame(frame, preceding: companions)
        }
        mark.dropped += dropped
        if let gap { mark.gap = mark.gap.map { gap.joined(with: $0) } ?? gap }
        return try VideoFrame(frame, live: mark, preceding: companions)
    }

    private func takes(_ frame: VideoFrame) -> Bool {
        guard frame.index % selection.every == 0 else { return false }
        guard let rate = selection.maximumRate else { return true }
        let number = FrameSelection.interval(frame.time, rate)
        if let interval, number <= interval { return false }
        interval = number
        return true
    }
}
