import CFFmpeg
import CShims
import Diagnostics

/// Demuxer, decoder, clock and picture preparation of one video, put together: gives finished frames.
///
/// Owned by one source and used by one thread at a time.
final class Reader {
    let log: FFmpegLog
    let codecName: String

    /// FFmpeg's name of the container format.
    var formatName: String { demuxer.formatName }

    private let demuxer: Demuxer
    private let isLive: Bool
    private var lastTime = 0.0
    private let decoder: PictureDecoder
    private let preparer: PicturePreparer
    private var timeline: Timeline
    private let streamOrientation: Orientation
    private let exportsMotionVectors: Bool
    private var firstOrientation = Orientation.upright
    private let frame: UnsafeMutablePointer<AVFrame>
    private var decoded = 0
    /// Number of the next picture, from the start of the source.
    private var number = 0
    private var damaged = 0
    private var hasEnded = false
    private var isInterlaced = false

    init(_ location: InputLocation, _ options: SourceOptions, _ interrupt: ReadInterrupt, _ log: FFmpegLog) throws {
        let demuxer = try Demuxer(location, options: options, interrupt: interrupt, log: log)
        let stream = demuxer.stream
        decoder = try PictureDecoder(demuxer, options: options)
        guard let frame = av_frame_alloc() else { throw Failure.outOfMemory("cannot decode video") }
        self.frame = frame
        self.demuxer = demuxer
        self.log = log
        let codec = stream.pointee.codecpar?.pointee.codec_id ?? AV_CODEC_ID_NONE
        codecName = String(cString: avcodec_get_name(codec))
        preparer = PicturePreparer(
            assumesBT601: options.assumesBT601, isJPEG: codec == AV_CODEC_ID_MJPEG || codec == AV_CODEC_ID_MJPEGB)
        timeline = Timeline(
            timeBase: Rational(stream.pointee.time_base),
            frameRate: Rational(known: stream.pointee.avg_frame_rate) ?? Rational(known: stream.pointee.r_frame_rate),
            start: stream.pointee.start_time.asTimestamp, isLive: demuxer.isLive)
        isLive = demuxer.isLive
        streamOrientation = Orientation(of: stream) ?? .upright
        exportsMotionVectors = options.exportsMotionVectors
    }

    deinit {
        var owned: UnsafeMutablePointer<AVFrame>? = frame
        av_frame_free(&owned)
    }

    /// The next picture; nil at the end.
    func next() throws -> VideoFrame? {
        guard try decoder.receive(into: frame) else {
            hasEnded = true
            return nil
        }
        return try takeFrame()
    }

    /// Makes a finished frame of the picture that was received.
    private func takeFrame() throws -> VideoFrame {
        defer { av_frame_unref(frame) }
        let isCorrupt = frame.pointee.decode_error_flags != 0 || frame.pointee.flags & AV_FRAME_FLAG_CORRUPT != 0
        if isCorrupt { damaged += 1 }
        if frame.pointee.interlaced_frame != 0 { isInterlaced = true }
        let duration = max(0, ps_frame_duration(frame))
        let place = timeline.place(stamp: frame.pointee.best_effort_timestamp.asTimestamp, duration: duration)
        let orientation = Orientation(of: frame) ?? streamOrientation
        if decoded == 0 { firstOrientation = orientation }
        let motionVectors = exportsMotionVectors ? MotionVector.all(of: frame, turned: orientation) : []
        let mark = isLive ? self.mark(place) : nil
        let (picture, image) = try preparer.prepare(frame, orientation: orientation)
        defer {
            decoded += 1
            lastTime = place.time
            number += 1
        }
        return VideoFrame(
            taking: picture, image: image, index: number, pts: place.pts, time: place.time,
            duration: duration > 0 ? Double(duration) * av_q2d(demuxer.stream.pointee.time_base) : nil, isCorrupt: isCorrupt,
            companions: decoder.takeCompanions(), motionVectors: motionVectors, live: mark)
    }

    /// When a live picture was captured, as far as the sender tells.
    private func mark(_ place: Timeline.Place) -> LiveMark {
        var mark = LiveMark.now()
        let unit = demuxer.stream.pointee.time_base
        let microseconds = frame.pointee.best_effort_timestamp.asTimestamp.map {
            av_rescale_q(min(max($0, -(1 << 60)), 1 << 60), unit, AVRational(num: 1, den: 1_000_000))
        }
        if demuxer.location.isDevice, let microseconds {
            mark = .captured(atWall: microseconds)
        } else if let zero = demuxer.context.pointee.start_time_realtime.asTimestamp, zero > 0, let microseconds {
            // The sender's clock tells when, but it may be wrong: latency is counted from the arrival.
            mark.wall = zero.addingReportingOverflow(microseconds).partialValue
        }
        if place.hasJumped { mark.gap = SourceGap(time: lastTime, seconds: place.time - lastTime, reason: .discontinuity) }
        return mark
    }

    /// Goes on to a later picture without decoding all before it: jumps to a key frame and decodes from there.
    ///
    /// - Parameter times: of all pictures from the first on, as far as `index`.
    /// - Returns: the picture of that number; nil when no jump led to it. The reader is of no more use then.
    func jump(to index: Int, _ times: PictureTimes) throws -> VideoFrame? {
        guard times.ticks.indices.contains(index) else { return nil }
        let target = times.ticks[index]
        // A key frame is found by its decoding time, or by any packet's in containers without an index, and may turn out to lie
        // behind the target. Sound that belongs to the target may stand somewhat before it.
        for margin in demuxer.passthrough.isEmpty ? [0, 1, 4, 16, 64] : [1.0, 4, 16, 64] {
            let ticks = Int64(margin / av_q2d(demuxer.stream.pointee.time_base))
            guard demuxer.seek(to: max(times.ticks[0], target - min(ticks, target))) else { continue }
            decoder.startAnew()
            var hasKeyFrame = false
            while try decoder.receive(into: frame) {
                guard let stamp = frame.pointee.best_effort_timestamp.asTimestamp, stamp <= target else { break }
                // Pictures that are shown before the key frame may lean on others that were jumped over.
                if frame.pointee.key_frame != 0 { hasKeyFrame = true }
                if stamp < target {
                    av_frame_unref(frame)
                    continue
                }
                guard hasKeyFrame else { break }
                number = index
                return try takeFrame()
            }
            av_frame_unref(frame)
        }
        return nil
    }

    /// When the pictures are shown, as far as the selection needs it; nil when that cannot be had without decoding them.
    func times(until selection: FrameSelection, first: VideoFrame, _ options: SourceOptions) throws -> PictureTimes? {
        let base = Rational(demuxer.stream.pointee.time_base)
        guard let from = selection.from, let start = first.pts, demuxer.canSeek, timeline.repaired == 0 else { return nil }
        return try PictureTimes(of: demuxer.location, options: options, interrupt: demuxer.interrupt, first: start) { ticks in
            FrameSelection.isBefore(Timeline.seconds(ticks, from: start, base), from)
        }
    }

    /// Seconds of pictures from the first one.
    func seconds(_ times: PictureTimes) -> [Double] {
        guard let first = times.ticks.first else { return [] }
        let base = Rational(demuxer.stream.pointee.time_base)
        return times.ticks.map { Timeline.seconds($0, from: first, base) }
    }

    func takeCompanions() -> [PassthroughPacket] { decoder.takeCompanions() }

    var passthroughStreams: [PassthroughStream] { demuxer.passthrough.values.sorted { $0.index < $1.index } }

    /// Packets that the decoder refused.
    var refused: Int { decoder.refused }

    var statistics: DecodeStatistics {
        var statistics = DecodeStatistics()
        statistics.decoded = decoded
        statistics.corrupt = damaged + decoder.refused
        statistics.repairedTimestamps = timeline.repaired
        statistics.isTruncated = hasEnded && isTruncated
        return statistics
    }

    func describe(first: VideoFrame) -> SourceDescription {
        let stream = demuxer.stream
        let picture = first.picture
        let rate = Rational(known: stream.pointee.avg_frame_rate) ?? Rational(known: stream.pointee.r_frame_rate)
        let start = demuxer.context.pointee.start_time.asTimestamp
        let aspect = Rational(known: picture.pointee.sample_aspect_ratio)
            ?? Rational(known: stream.pointee.sample_aspect_ratio).map {
                firstOrientation.transposes ? Rational($0.denominator, $0.numerator) : $0
            }
        return SourceDescription(
            name: demuxer.location.name, uri: demuxer.location.uri, width: first.width, height: first.height,
            rotation: firstOrientation.clockwiseDegrees, timeBase: Rational(stream.pointee.time_base),
            frameRate: rate?.value, frames: stream.pointee.nb_frames > 0 ? Int(stream.pointee.nb_frames) : nil,
            startTime: start.map { Double($0) / Double(AV_TIME_BASE) } ?? 0, isLive: isLive,
            averageFrameRate: rate, sampleAspectRatio: aspect,
            color: ColorDescription(of: picture))
    }

    /// The container promised more than came: a line of FFmpeg says it, or the last packet ends well before the stream should.
    private var isTruncated: Bool {
        if log.tellsTruncation || decoder.reasonToStop != nil { return true }
        let stream = demuxer.stream
        // Only an index that was written with the file knows its length; elsewhere FFmpeg estimates, or counts the sound in.
        guard stream.pointee.nb_frames > 0, let length = stream.pointee.duration.asTimestamp, length > 0,
            let start = stream.pointee.start_time.asTimestamp, let end = decoder.lastPacketEnd
        else { return false }
        let slack = max(length / 100, 2 * (length / stream.pointee.nb_frames))
        let (promised, overflow) = start.addingReportingOverflow(length)
        return !overflow && end < promised.subtractingReportingOverflow(slack).partialValue
    }

    /// What a user should be told, each once.
    var warnings: [String] {
        let place = demuxer.location.uri
        var lines: [String] = []
        let statistics = statistics
        if statistics.isTruncated {
            lines.append("\(place): ends too early (cut off or damaged); the \(decoded) pictures before that were taken")
        }
        if let reason = decoder.reasonToStop { lines.append("\(place): \(reason)") }
        if statistics.corrupt > 0 {
            lines.append("\(place): \(decoder.refused) packets refused and \(damaged) pictures marked as damaged by the decoder")
        }
        if demuxer.location.isDevice, let note = demuxer.otherSize { lines.append("\(place): \(note)") }
        if timeline.repaired > 1 || (timeline.repaired > 0 && !isLive) {
            lines.append("\(place): \(timeline.repaired) time stamps were missing or out of order and were made up")
        }
        if decoder.droppedCompanions > 0 {
            lines.append("\(place): \(decoder.droppedCompanions) sound packets stood too far from the pictures and were dropped")
        }
        if isInterlaced { lines.append("\(place): interlaced pictures are taken as they are") }
        return lines + log.firstLines.map { "\(place): \(Credentials.masked(in: $0))" }
    }
}
