import Diagnostics
import Foundation
import Synchronization

/// A camera, a screen or a network stream: one that may be lost and come back.
///
/// When it falls silent or its connection breaks it is opened again, after a wait that doubles from half a second to ten. Frame
/// numbers go on; `time` goes on by the clock, so that whoever counts seconds knows how long nobody looked, and the first
/// picture after it carries the gap. When nothing helps for `SourceOptions.reconnectFor` seconds, `next()` throws.
///
/// A playlist that says that it is complete, and a stream over HTTP that ends in order, are at their end; a camera never is.
public final class LiveSource: FrameSource, @unchecked Sendable {
    // Safe to share: `lock` admits one caller at a time, what may be asked meanwhile lies in `snapshot`, and `interrupt` is
    // made of atomics.

    public let description: SourceDescription
    public let passthroughStreams: [PassthroughStream]

    private let location: InputLocation
    private let options: SourceOptions
    private let interrupt: ReadInterrupt
    /// A source that was opened before this one was made has a switch of its own.
    private let opened: VideoFileSource?
    private let lock = NSLock()
    private let snapshot = Mutex(Snapshot())
    // Guarded by `lock`.
    private var connection: Connection?
    private var line = LiveTimeLine()
    private var pacer: Pacer?

    private struct Snapshot {
        /// Of the connections before the present one.
        var past = DecodeStatistics()
        var present = DecodeStatistics()
        var warnings: [String] = []
    }

    private struct Connection {
        let source: VideoFileSource
        /// No picture of it was given yet.
        var isFresh = true
    }

    /// - Parameter opened: the source at that location, if it was opened already.
    /// - Throws: as `openSource`.
    init(_ location: InputLocation, _ options: SourceOptions, opened: VideoFileSource? = nil) throws {
        let interrupt = ReadInterrupt(within: options.interrupt)
        var inner = options
        inner.interrupt = interrupt
        (self.location, self.options, self.interrupt, self.opened) = (location, inner, interrupt, opened)
        let source = try opened ?? Self.first(location, inner)
        description = source.description
        passthroughStreams = source.passthroughStreams
        connection = Connection(source: source)
        // What comes over HTTP comes in bursts, a segment at a time; it was meant to be seen at its own pace.
        if location.kind == .network, source.formatName == "hls" { pacer = Pacer(longestLead: 30) }
    }

    public var statistics: DecodeStatistics {
        snapshot.withLock { $0.past.adding($0.present) }
    }
    public var warnings: [String] { snapshot.withLock { $0.warnings } }

    public func cancel() {
        interrupt.cancel()
        opened?.cancel()
    }

    /// The next picture in presentation order, after as many reconnections as it takes; nil at the end and after `cancel()`.
    /// - Throws: `Failure` of kind `.unavailable` when the source stayed away.
    public func next() throws -> VideoFrame? {
        try lock.withLock {
            while !interrupt.isCancelled {
                guard let current = connection else { return nil }
                let loss: String
                do {
                    if let frame = try current.source.next() { return try give(frame) }
                    if interrupt.isCancelled { return nil }
                    guard !isAtItsEnd(current.source) else { return finish() }
                    loss = "it ended"
                } catch let failure as Failure where failure.kind == .unavailable || failure.kind == .inputOutput {
                    loss = failure.why
                }
                retire(current)
                guard try reconnect(after: loss) else { return nil }
            }
            return nil
        }
    }

    /// A first connection, tried again when that is wished for.
    private static func first(_ location: InputLocation, _ options: SourceOptions) throws -> VideoFileSource {
        var attempts = Backoff(limit: options.retriesFirstConnection ? options.reconnectFor : 0)
        while true {
            do {
                return try VideoFileSource(location, options)
            } catch let failure as Failure where failure.mayPass {
                guard let wait = attempts.next() else { throw attempts.count == 0 ? failure : attempts.givingUp(failure) }
                if attempts.count == 1 { options.report?("\(location.uri): \(failure.why); trying again") }
                guard sleep(wait, options.interrupt) else { throw CancellationError() }
            }
        }
    }

    /// Opens it again; false when it is at its end or was cancelled.
    private func reconnect(after loss: String) throws -> Bool {
        var attempts = Backoff(limit: options.reconnectFor)
        var last = Failure(.unavailable, "source lost", at: location.uri, because: loss)
        guard options.reconnectFor > 0 else { throw last }
        options.report?("\(location.uri): \(loss); connecting again")
        while let wait = attempts.next() {
            guard Self.sleep(wait, interrupt) else { return false }
            do {
                let source = try VideoFileSource(location, options)
                // The playlist was completed while nobody looked, and would be read from its beginning.
                guard source.description.isLive else {
                    _ = finish()
                    return false
                }
                connection = Connection(source: source)
                options.report?("\(location.uri): connected again")
                return true
            } catch let failure as Failure {
                // It was open with the same options, so whatever it says now may pass: a screen that is just going away even says
                // that it is asked for too much.
                last = failure
            } catch is CancellationError {
                return false
            }
        }
        throw attempts.givingUp(last)
    }

    /// Waits in small steps, since nothing else wakes it; false when it was cancelled.
    private static func sleep(_ seconds: Double, _ interrupt: ReadInterrupt?) -> Bool {
        let clock = ContinuousClock()
        let end = clock.now + .seconds(seconds)
        while clock.now < end {
            if interrupt?.isCancelled == true { return false }
            usleep(20_000)
        }
        return interrupt?.isCancelled != true
    }

    /// Puts a picture of the present connection onto the one time line of the source.
    private func give(_ frame: VideoFrame) throws -> VideoFrame? {
        let isFresh = connection?.isFresh ?? false
        connection?.isFresh = false
        let statistics = connection?.source.statistics ?? DecodeStatistics()
        let damaged = snapshot.withLock { snapshot in
            defer { snapshot.present = statistics }
            return statistics.corrupt > snapshot.present.corrupt
        }
        var mark = frame.live ?? .now()
        let place = line.place(
            frame, arrived: mark.moment, timeBase: description.timeBase, isFresh: isFresh, isDamaged: damaged)
        if var pacer {
            guard Self.sleep(pacer.delay(until: place.time, now: .now), interrupt) else { return nil }
            self.pacer = pacer
            mark = LiveMark(wall: LiveMark.now().wall, moment: .now, gap: mark.gap)
        }
        mark.gap = place.gap ?? mark.gap.map { SourceGap(time: place.time - $0.seconds, seconds: $0.seconds, reason: $0.reason) }
        return try VideoFrame(frame, index: place.index, pts: place.pts, time: place.time, duration: frame.duration, live: mark)
    }

    private func isAtItsEnd(_ source: VideoFileSource) -> Bool {
        guard source.description.isLive else { return true }
        guard location.kind == .network, location.url.lowercased().hasPrefix("http") else { return false }
        // A list that is still being written ends when its server does; opening it again tells which it was.
        return !["hls", "mpjpeg"].contains(source.formatName)
    }

    private func retire(_ connection: Connection) {
        self.connection = nil
        let (statistics, warnings) = (connection.source.statistics, connection.source.warnings)
        let hadSound = !passthroughStreams.isEmpty
        snapshot.withLock {
            $0.past = $0.past.adding(statistics)
            $0.present = DecodeStatistics()
            for warning in warnings where $0.warnings.count < 20 && !$0.warnings.contains(warning) { $0.warnings.append(warning) }
            let note = "\(location.uri): sound ends where the connection was lost"
            if hadSound, !$0.warnings.contains(note) { $0.warnings.append(note) }
        }
    }

    private func finish() -> VideoFrame? {
        if let connection { retire(connection) }
        return nil
    }
}

extension Failure {
    /// Trying again later may help: nobody answers, or what answers is not ready.
    fileprivate var mayPass: Bool { kind == .unavailable || kind == .inputOutput || kind == .data || kind == .noInput }
}

extension DecodeStatistics {
    func adding(_ other: DecodeStatistics) -> DecodeStatistics {
        var sum = self
        sum.decoded += other.decoded
        sum.corrupt += other.corrupt
        sum.repairedTimestamps += other.repairedTimestamps
        return sum
    }
}
