import CFFmpeg
import CShims
import Diagnostics
import Foundation

/// Packets of a demuxer in, decoded pictures out: FFmpeg's send and receive with draining (spec/media.md, section 2.1).
///
/// Owned by one source and used by one thread at a time.
final class PictureDecoder {
    /// Packets that the decoder refused.
    private(set) var refused = 0
    /// Why decoding stopped before the end of the file; nil when it did not.
    private(set) var reasonToStop: String?
    /// Presentation end, in stream ticks, of the video packet that ends last.
    private(set) var lastPacketEnd: Int64?
    /// Packets of other streams since the last call of `takeCompanions`.
    private var companions: [PassthroughPacket] = []
    private var companionBytes = 0
    /// Other streams' packets that were thrown away since no picture came to carry them.
    private(set) var droppedCompanions = 0

    private let demuxer: Demuxer
    private let context: UnsafeMutablePointer<AVCodecContext>
    private let packet: UnsafeMutablePointer<AVPacket>
    /// JPEG pictures rather than Motion JPEG: libjpeg decodes them.
    private let isStillJPEG: Bool
    /// `packet` holds one that the decoder had no room for.
    private var isPacketWaiting = false
    private var isDraining = false
    /// Why a network source gave no more packets.
    private var breakage: Failure?
    /// After a jump: what comes before a key frame cannot be decoded.
    private var awaitsKeyFrame = false
    private var readErrorsInARow = 0
    private var refusedInARow = 0

    /// A read error may repeat for ever.
    private static let readErrorLimit = 100
    /// A recording that was cut between two key frames begins with some hundred packets that cannot be decoded.
    private static let refusalLimit = 1000
    /// A file whose sound comes long before its pictures must not fill the memory.
    private static let companionByteLimit = 64 << 20

    init(_ demuxer: Demuxer, options: SourceOptions) throws {
        let failures = OpenFailures(location: demuxer.location, log: demuxer.log)
        guard let parameters = demuxer.stream.pointee.codecpar else { throw failures.noFrame }
        let codecName = String(cString: avcodec_get_name(parameters.pointee.codec_id))
        guard let codec = avcodec_find_decoder(parameters.pointee.codec_id) else { throw failures.noDecoder(codec: codecName) }
        var owned = avcodec_alloc_context3(codec)
        guard let context = owned, let packet = av_packet_alloc() else {
            avcodec_free_context(&owned)
            throw Failure.outOfMemory("cannot decode video")
        }
        demuxer.log.attach(to: context)
        var code = avcodec_parameters_to_context(context, parameters)
        context.pointee.pkt_timebase = demuxer.stream.pointee.time_base
        context.pointee.max_pixels = Int64(options.maximumPixels)
        let cores = ProcessInfo.processInfo.activeProcessorCount
        context.pointee.thread_count = Int32(clamping: options.decoderThreads.map { max(1, $0) } ?? min(4, max(1, cores / 2)))
        if options.exportsMotionVectors {
            context.pointee.flags2 |= AV_CODEC_FLAG2_EXPORT_MVS
            context.pointee.thread_type = FF_THREAD_SLICE
        }
        // Frame threads hold back a picture each; slices do not.
        if demuxer.isLive { context.pointee.thread_type = FF_THREAD_SLICE }
        if code >= 0 { code = avcodec_open2(context, codec, nil) }
        guard code >= 0 else {
            avcodec_free_context(&owned)
            var unused: UnsafeMutablePointer<AVPacket>? = packet
            av_packet_free(&unused)
            throw Failure(
                .data, "cannot decode video", at: demuxer.location.uri, because: "\(codecName) decoder: \(ffmpegMessage(code))")
        }
        self.demuxer = demuxer
        self.context = context
        self.packet = packet
        let container = demuxer.context.pointee.iformat.flatMap { $0.pointee.name }.map { String(cString: $0) }
        isStillJPEG = parameters.pointee.codec_id == AV_CODEC_ID_MJPEG && ["image2", "image2pipe", "jpeg_pipe"].contains(container)
    }

    deinit {
        var closing: UnsafeMutablePointer<AVCodecContext>? = context
        avcodec_free_context(&closing)
        var unused: UnsafeMutablePointer<AVPacket>? = packet
        av_packet_free(&unused)
    }

    /// Puts the next picture into `frame`; false at the end.
    /// - Throws: `Failure` when a network source fell silent, `CancellationError` when interrupted.
    func receive(into frame: UnsafeMutablePointer<AVFrame>) throws -> Bool {
        while true {
            if demuxer.interrupt.isCancelled { throw CancellationError() }
            let code = avcodec_receive_frame(context, frame)
            if code >= 0 {
                readErrorsInARow = 0
                refusedInARow = 0
                return true
            }
            if code == ps_averror_eof() { return try end() }
            if code != ps_averror(EAGAIN) {
                refuse()
                if isDraining, refusedInARow > 2 * Self.refusalLimit { return try end() }
            } else if isDraining {
                return try end()
            }
            if isDraining { continue }
            if isStillJPEG, try decodeStill(into: frame) { return true }
            try feed()
        }
    }

    /// Decodes the next packet with libjpeg, whose samples are those that networks were trained and published figures measured
    /// on; FFmpeg's decoder rounds one in twenty otherwise. False for what libjpeg cannot read: the packet waits for FFmpeg.
    private func decodeStill(into frame: UnsafeMutablePointer<AVFrame>) throws -> Bool {
        guard !isPacketWaiting, try readVideoPacket() else { return false }
        let code = ps_jpeg_decode(packet.pointee.data, Int(max(0, packet.pointee.size)), context.pointee.max_pixels, frame)
        guard code > 0 else {
            isPacketWaiting = true
            return false
        }
        frame.pointee.pts = packet.pointee.pts
        frame.pointee.best_effort_timestamp = packet.pointee.pts
        ps_set_frame_duration(frame, packet.pointee.duration)
        av_packet_unref(packet)
        return true
    }

    /// A network source that broke off ends with that, after the pictures that were still on their way.
    private func end() throws -> Bool {
        guard let breakage else { return false }
        self.breakage = nil
        throw breakage
    }

    /// Forgets everything of the pictures before: the demuxer has jumped.
    func startAnew() {
        avcodec_flush_buffers(context)
        av_packet_unref(packet)
        (isPacketWaiting, isDraining, awaitsKeyFrame) = (false, false, true)
        (readErrorsInARow, refusedInARow) = (0, 0)
        _ = takeCompanions()
    }

    /// The packets of other streams that were read since the last call.
    func takeCompanions() -> [PassthroughPacket] {
        defer {
            companions = []
            companionBytes = 0
        }
        return companions
    }

    /// Gives the decoder one packet, or tells it that the end has come.
    private func feed() throws {
        if !isPacketWaiting {
            guard try readVideoPacket() else {
                isDraining = true
                avcodec_send_packet(context, nil)
                return
            }
        }
        let code = avcodec_send_packet(context, packet)
        isPacketWaiting = code == ps_averror(EAGAIN)
        if isPacketWaiting { return }
        av_packet_unref(packet)
        if code < 0 { refuse() }
    }

    private func refuse() {
        refused += 1
        refusedInARow += 1
        guard refusedInARow >= Self.refusalLimit, !isDraining else { return }
        reasonToStop = "\(refusedInARow) packets in a row could not be decoded"
        isDraining = true
        avcodec_send_packet(context, nil)
    }

    /// Reads on to the next video packet, keeping what belongs to a stream that is copied; false at the end.
    private func readVideoPacket() throws -> Bool {
        while true {
            if isDraining { return false }
            let code = demuxer.read(into: packet)
            if code < 0 {
                if demuxer.interrupt.isCancelled { throw CancellationError() }
                if let silence = demuxer.silence {
                    breakage = silence
                    return false
                }
                if code == ps_averror_eof() {
                    breakage = demuxer.breakage
                    return false
                }
                if code == ps_averror(EAGAIN) {
                    usleep(5000)
                    continue
                }
                readErrorsInARow += 1
                // Damaged data may be followed by sound data; a device or disk that fails will fail again.
                if code == ps_averror_invalid_data(), readErrorsInARow < Self.readErrorLimit { continue }
                if demuxer.location.kind == .network || demuxer.location.isLive {
                    breakage = OpenFailures(location: demuxer.location, log: demuxer.log).lost(code)
                } else {
                    reasonToStop = "reading failed: \(ffmpegMessage(code))"
                }
                return false
            }
            let index = Int(packet.pointee.stream_index)
            if index == Int(demuxer.stream.pointee.index) {
                noteEnd()
                if awaitsKeyFrame, packet.pointee.flags & AV_PKT_FLAG_KEY == 0 {
                    av_packet_unref(packet)
                    continue
                }
                awaitsKeyFrame = false
                return true
            }
            if let stream = demuxer.passthrough[index] {
                keep(try PassthroughPacket(taking: packet, of: stream))
            }
            av_packet_unref(packet)
        }
    }

    private func noteEnd() {
        guard let start = packet.pointee.pts.asTimestamp ?? packet.pointee.dts.asTimestamp else { return }
        let (end, overflow) = start.addingReportingOverflow(max(0, packet.pointee.duration))
        if !overflow { lastPacketEnd = max(lastPacketEnd ?? end, end) }
    }

    private func keep(_ companion: PassthroughPacket) {
        guard companionBytes + companion.byteCount <= Self.companionByteLimit else {
            droppedCompanions += 1
            return
        }
        companions.append(companion)
        companionBytes += companion.byteCount
    }
}
