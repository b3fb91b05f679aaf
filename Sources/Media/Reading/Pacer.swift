import Glibc

/// Holds pictures back until their time has come, so that what could be read faster than it happens runs as it happened.
package struct Pacer: Sendable {
    /// When the picture at second zero is due.
    private var zero: ContinuousClock.Instant?
    /// A picture that would be due later than this begins a new count: its time stamp is not believed.
    private let longestLead: Double
    /// A picture that comes later than this begins a new count: there was a stall, and nobody hurries to make up for it.
    private static let longestLag = 0.5

    package init(longestLead: Double = .infinity) { self.longestLead = longestLead }

    /// Seconds to wait for the picture at `time` (seconds of the source).
    package mutating func delay(until time: Double, now: ContinuousClock.Instant) -> Double {
        guard time.isFinite, abs(time) < 1e9 else { return 0 }
        if let zero {
            let delay = (zero + .seconds(time) - now) / .seconds(1)
            if -Self.longestLag...longestLead ~= delay { return max(0, delay) }
        }
        zero = now - .seconds(time)
        return 0
    }
}

/// A source that is played at its own pace, as if it were a camera: for live policies on files.
public final class PacedSource: FrameSource {
    public let description: SourceDescription
    private let source: any FrameSource
    private let interrupt = ReadInterrupt()
    private var pacer = Pacer()

    public init(_ source: any FrameSource) {
        self.source = source
        var description = source.description
        description.isLive = true
        self.description = description
    }

    public var statistics: DecodeStatistics { source.statistics }
    public var passthroughStreams: [PassthroughStream] { source.passthroughStreams }
    public var trailingPackets: [PassthroughPacket] { source.trailingPackets }
    public var warnings: [String] { source.warnings }

    public func cancel() {
        interrupt.cancel()
        source.cancel()
    }

    public func next() throws -> VideoFrame? {
        guard let frame = try source.next() else { return nil }
        let clock = ContinuousClock()
        let due = clock.now + .seconds(pacer.delay(until: frame.time, now: clock.now))
        while clock.now < due {
            if interrupt.isCancelled { return nil }
            // Exact to a fraction of a millisecond, and awake when it is cancelled.
            let rest = (due - clock.now) / .seconds(1)
            usleep(UInt32(min(max(rest, 0.0001), 0.02) * 1e6))
        }
        return try VideoFrame(frame, live: frame.live ?? .now())
    }
}
