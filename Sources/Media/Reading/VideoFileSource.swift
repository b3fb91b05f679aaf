import CFFmpeg
import CShims
import Diagnostics
import Foundation
import Synchronization

/// The pictures of a video: a file, a named pipe, standard input, a network address.
///
/// The first picture is decoded when the source is opened, so that everything that is wrong with an input is known before an
/// output is made, and the description tells the truth about what comes.
public final class VideoFileSource: FrameSource, @unchecked Sendable {
    // Safe to share: `lock` admits one caller to the decoder at a time, what may be asked meanwhile lies in `snapshot`,
    // and `interrupt` is made of atomics.

    public let description: SourceDescription
    public let passthroughStreams: [PassthroughStream]
    /// FFmpeg's name of the container format.
    let formatName: String

    private let lock = NSLock()
    private let interrupt: ReadInterrupt
    private let snapshot = Mutex(Snapshot())
    private let location: InputLocation
    // Guarded by `lock`; nil after the end, when FFmpeg is let go.
    private var reader: Reader?
    private var first: VideoFrame?

    private struct Snapshot {
        var statistics = DecodeStatistics()
        var trailing: [PassthroughPacket] = []
        var warnings: [String] = []
    }

    /// Opens a file, whatever characters its name holds; a named pipe as well.
    /// - Throws: `Failure`: `.noInput` when it cannot be read, `.data` when it is no video or holds no picture, `.unavailable`
    ///   when FFmpeg lacks the decoder, `.usage` for an option that nobody knows. `CancellationError` when interrupted.
    public convenience init(path: String, options: SourceOptions = SourceOptions()) throws {
        try self.init(.file(path), options)
    }

    /// Reads an open descriptor, which stays open: standard input is 0.
    public convenience init(descriptor: Int32, options: SourceOptions = SourceOptions()) throws {
        let name = descriptor == 0 ? "stdin" : "pipe:\(descriptor)"
        try self.init(.descriptor(descriptor, name: name, uri: descriptor == 0 ? "-" : name), options)
    }

    init(_ location: InputLocation, _ options: SourceOptions) throws {
        let interrupt = ReadInterrupt(within: options.interrupt)
        let log = FFmpegLog()
        let reader = try log.during { try Reader(location, options, interrupt, log) }
        guard let first = try log.during({ try reader.next() }) else {
            let failures = OpenFailures(location: location, log: log)
            throw reader.refused > 0 ? failures.undecodable(codec: reader.codecName) : failures.noFrame
        }
        self.location = location
        self.interrupt = interrupt
        description = reader.describe(first: first)
        formatName = reader.formatName
        let (chosen, wanted) = try Self.skip(from: first, reader, location, options, interrupt)
        passthroughStreams = chosen.passthroughStreams
        self.reader = chosen
        self.first = wanted
        publish(chosen, end: [])
    }

    /// Jumps over the pictures that `options.selection` does not need. Where their number cannot be known without decoding them
    /// nothing is skipped: reading begins with the first picture.
    private static func skip(
        from first: VideoFrame, _ reader: Reader, _ location: InputLocation, _ options: SourceOptions, _ interrupt: ReadInterrupt
    ) throws -> (Reader, VideoFrame?) {
        guard let times = try reader.log.during({ try reader.times(until: options.selection, first: first, options) }) else {
            return (reader, first)
        }
        let index = options.selection.firstNeeded(of: reader.seconds(times))
        if index == 0 { return (reader, first) }
        // The part begins after the end: the last picture says so.
        if let frame = try reader.log.during({ try reader.jump(to: min(index, times.ticks.count - 1), times) }) { return (reader, frame) }
        let log = FFmpegLog()
        let fresh = try log.during { try Reader(location, options, interrupt, log) }
        return (fresh, try log.during { try fresh.next() })
    }

    public var statistics: DecodeStatistics { snapshot.withLock { $0.statistics } }
    public var trailingPackets: [PassthroughPacket] { snapshot.withLock { $0.trailing } }
    public var warnings: [String] { snapshot.withLock { $0.warnings } }

    public func cancel() { interrupt.cancel() }

    /// The next picture in presentation order; nil at the end and after `cancel()`.
    /// - Throws: `Failure` of kind `.unavailable` when a network source falls silent, of kind `.data` for a picture of a format
    ///   that cannot be read. Damage is not thrown but counted.
    public func next() throws -> VideoFrame? {
        try lock.withLock {
            if interrupt.isCancelled { return finish(trailing: []) }
            if let first {
                self.first = nil
                return first
            }
            guard let reader else { return nil }
            do {
                let frame = try reader.log.during { try reader.next() }
                guard let frame else { return finish(trailing: reader.takeCompanions()) }
                publish(reader, end: nil)
                return frame
            } catch is CancellationError {
                return finish(trailing: reader.takeCompanions())
            } catch {
                _ = finish(trailing: reader.takeCompanions())
                throw error
            }
        }
    }

    /// Lets go of FFmpeg.
    private func finish(trailing: [PassthroughPacket]) -> VideoFrame? {
        first = nil
        guard let reader else { return nil }
        publish(reader, end: trailing)
        self.reader = nil
        return nil
    }

    /// Counts after each picture; the warnings, which are lines of text, only when opened and at the end.
    private func publish(_ reader: Reader, end trailing: [PassthroughPacket]?) {
        let statistics = reader.statistics
        let warnings = trailing == nil ? nil : reader.warnings
        snapshot.withLock {
            $0.statistics = statistics
            if let warnings { $0.warnings = warnings }
            if let trailing { $0.trailing = trailing }
        }
    }
}
