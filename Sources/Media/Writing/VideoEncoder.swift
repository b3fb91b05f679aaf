import CFFmpeg
import CShims
import Diagnostics
import Foundation

/// One opened encoder. The wanted one, or the first of the container's list that opens.
final class VideoEncoder {
    let name: String
    let context: UnsafeMutablePointer<AVCodecContext>
    /// Takes what the encoder would print; held so that it outlives the context.
    private let log: FFmpegLog

    /// What an encoder is asked for.
    struct Wish {
        /// Even numbers.
        var width: Int
        var height: Int
        var container: OutputContainer
        var source: SourceDescription
        /// What the encoded samples mean; `range` is set here.
        var color: ColorDescription
        var isLowLatency: Bool
        var options: VideoWriterOptions
        var needsGlobalHeader: Bool
    }

    /// - Throws: `.unavailable` naming the encoder, `.usage` for an option that it does not take.
    init(_ wish: Wish, for format: UnsafePointer<AVOutputFormat>, at destination: String, log: FFmpegLog) throws {
        self.log = log
        if let wanted = wish.options.encoder {
            guard let codec = avcodec_find_encoder_by_name(wanted), codec.pointee.type == AVMEDIA_TYPE_VIDEO else {
                throw Failure(
                    .unavailable, "cannot encode video", at: wanted, because: "this FFmpeg has no such encoder",
                    remedy: Self.remedy(wish.container))
            }
            guard wish.container.holds(codec.pointee.id, format) else {
                throw Failure(
                    .usage, "cannot encode video", at: wanted, because: "\(wish.container.rawValue) cannot hold what it makes",
                    remedy: Self.remedy(wish.container))
            }
            context = try Self.open(codec, wish, log)
            name = wanted
            return
        }
        var reasons: [String] = []
        for candidate in wish.container.encoders {
            guard let codec = avcodec_find_encoder_by_name(candidate) else {
                reasons.append("\(candidate) is not in this FFmpeg")
                continue
            }
            do {
                context = try Self.open(codec, wish, log)
                name = candidate
                return
            } catch let failure as Failure where failure.kind == .unavailable {
                reasons.append("\(candidate): \(failure.why)")
            }
        }
        throw Failure(
            .unavailable, "cannot encode video", at: destination, because: reasons.joined(separator: "; "),
            remedy: "install an FFmpeg with libx264")
    }

    deinit {
        var owned: UnsafeMutablePointer<AVCodecContext>? = context
        avcodec_free_context(&owned)
    }

    /// Samples of 0 to 255, which only Motion JPEG wants.
    var isFullRange: Bool { context.pointee.color_range == AVCOL_RANGE_JPEG }
    var timeBase: AVRational { context.pointee.time_base }

    /// Hands over a picture; nil ends the stream.
    func send(_ picture: UnsafeMutablePointer<AVFrame>?) -> Int32 { avcodec_send_frame(context, picture) }

    /// The next packet: false when the encoder wants more pictures or has ended.
    func receive(_ packet: UnsafeMutablePointer<AVPacket>) throws -> Bool {
        let code = avcodec_receive_packet(context, packet)
        if code == ps_averror(EAGAIN) || code == ps_averror_eof() { return false }
        guard code >= 0 else { throw Failure(.internalDefect, "cannot encode video", at: name, because: ffmpegMessage(code)) }
        return true
    }

    private static func remedy(_ container: OutputContainer) -> String {
        let here = container.encoders.filter { avcodec_find_encoder_by_name($0) != nil }
        return here.isEmpty ? "install an FFmpeg with libx264" : "this FFmpeg has \(here.joined(separator: ", ")) for \(container.rawValue)"
    }

    private static func open(_ codec: UnsafePointer<AVCodec>, _ wish: Wish, _ log: FFmpegLog) throws -> UnsafeMutablePointer<AVCodecContext> {
        let name = String(cString: codec.pointee.name)
        guard let format = pixelFormat(of: codec) else {
            throw Failure(.unavailable, "cannot encode video", at: name, because: "it does not take 8-bit 4:2:0 pictures from memory")
        }
        guard let context = avcodec_alloc_context3(codec) else { throw Failure.outOfMemory("cannot encode video") }
        log.attach(to: context)
        do {
            try configure(context, codec, format, wish)
            let code = avcodec_open2(context, codec, nil)
            guard code >= 0 else {
                throw Failure(.unavailable, "cannot encode video", at: name, because: "it does not open here: \(ffmpegMessage(code))")
            }
            return context
        } catch {
            var owned: UnsafeMutablePointer<AVCodecContext>? = context
            avcodec_free_context(&owned)
            throw error
        }
    }

    private static func configure(
        _ context: UnsafeMutablePointer<AVCodecContext>, _ codec: UnsafePointer<AVCodec>, _ format: AVPixelFormat, _ wish: Wish
    ) throws {
        let source = wish.source
        context.pointee.width = Int32(wish.width)
        context.pointee.height = Int32(wish.height)
        context.pointee.pix_fmt = format
        context.pointee.time_base = timeBase(of: codec, wish)
        let rate = source.averageFrameRate?.asAVRational ?? source.frameRate.map { av_d2q($0, 100_000) } ?? AVRational(num: 25, den: 1)
        let fps = rate.num > 0 && rate.den > 0 ? av_q2d(rate) : 25
        context.pointee.framerate = rate.num > 0 && rate.den > 0 ? rate : AVRational(num: 25, den: 1)
        if let shape = source.sampleAspectRatio { context.pointee.sample_aspect_ratio = shape.asAVRational }
        context.pointee.color_range = format == AV_PIX_FMT_YUVJ420P ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG
        context.pointee.colorspace = AVColorSpace(rawValue: UInt32(clamping: wish.color.matrix))
        context.pointee.color_primaries = AVColorPrimaries(rawValue: UInt32(clamping: wish.color.primaries))
        context.pointee.color_trc = AVColorTransferCharacteristic(rawValue: UInt32(clamping: wish.color.transfer))
        // A key frame every two seconds, so that a player can jump.
        context.pointee.gop_size = Int32(min(max(fps * 2, 12), 300))
        context.pointee.thread_count =
            wish.options.threads > 0
            ? Int32(clamping: wish.options.threads) : Int32(min(ProcessInfo.processInfo.activeProcessorCount, 4))
        if wish.needsGlobalHeader { context.pointee.flags |= AV_CODEC_FLAG_GLOBAL_HEADER }
        // AVI has no presentation times of its own.
        if wish.container == .avi { context.pointee.max_b_frames = 0 }
        try setQuality(context, String(cString: codec.pointee.name), wish, pixelsPerSecond: Double(wish.width * wish.height) * fps)
    }

    /// 8-bit 4:2:0 in three planes: all players know it. Nil when the encoder wants pictures of the graphics card.
    private static func pixelFormat(of codec: UnsafePointer<AVCodec>) -> AVPixelFormat? {
        // Motion JPEG is full range by its standard.
        let wanted = codec.pointee.id == AV_CODEC_ID_MJPEG ? AV_PIX_FMT_YUVJ420P : AV_PIX_FMT_YUV420P
        guard var format = codec.pointee.pix_fmts else { return wanted }
        while format.pointee != AV_PIX_FMT_NONE {
            if format.pointee == wanted { return wanted }
            format += 1
        }
        return nil
    }

    /// The source's own time base, so that times stay exact, except where codec or container cannot hold it.
    private static func timeBase(of codec: UnsafePointer<AVCodec>, _ wish: Wish) -> AVRational {
        let base = wish.source.timeBase
        guard base.numerator > 0, base.denominator > 0, base.numerator <= Int32.max, base.denominator <= Int32.max else {
            return AVRational(num: 1, den: 90_000)
        }
        if wish.container == .avi {
            // One entry of AVI's index is one frame interval.
            let rate = wish.source.averageFrameRate?.asAVRational ?? av_d2q(wish.source.frameRate ?? 25, 100_000)
            return rate.num > 0 && rate.den > 0 ? AVRational(num: rate.den, den: rate.num) : AVRational(num: 1, den: 25)
        }
        // Finer than a microsecond, MP4's 32 bits for a duration would end after seconds.
        if base.value < 1e-6 { return AVRational(num: 1, den: 1_000_000) }
        guard codec.pointee.id == AV_CODEC_ID_MPEG4, base.denominator > 65535 else { return base.asAVRational }
        // MPEG-4 part 2 has 16 bits for it: the finest divisor keeps most times exact (1/90000 becomes 1/45000).
        let divisor = (2...).first { base.denominator % $0 == 0 && base.denominator / $0 <= 65535 } ?? base.denominator
        return divisor < base.denominator
            ? AVRational(num: Int32(base.numerator), den: Int32(base.denominator / divisor)) : AVRational(num: 1, den: 60_000)
    }

    private static func setQuality(
        _ context: UnsafeMutablePointer<AVCodecContext>, _ name: String, _ wish: Wish, pixelsPerSecond: Double
    ) throws {
        let options = wish.options
        func set(_ key: String, _ value: String) -> Bool { av_opt_set(context.pointee.priv_data, key, value, 0) >= 0 }
        func quality(_ usual: Double, _ range: ClosedRange<Double>) throws -> Double {
            let value = options.quality ?? usual
            guard range.contains(value) else {
                throw Failure(
                    .usage, "cannot encode video", at: name,
                    because: "quality \(value) is not between \(Int(range.lowerBound)) and \(Int(range.upperBound))")
            }
            return value
        }
        switch name {
        case "libx264":
            let presets = ["ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow", "placebo"]
            // Pictures of a camera cannot wait for a better one.
            let preset = options.preset ?? (wish.source.isLive ? "ultrafast" : "veryfast")
            guard presets.contains(preset) else {
                throw Failure(
                    .usage, "cannot encode video", at: name, because: "unknown preset \(preset)",
                    remedy: "use one of \(presets.joined(separator: ", "))")
            }
            let crf = try quality(23, 0...51)
            // x264's lossless mode is a profile that browsers do not play.
            guard set("preset", preset), set("crf", String(max(crf, 1))) else { break }
            if wish.isLowLatency { _ = set("tune", "zerolatency") }
        case "libvpx-vp9", "libvpx":
            _ = set("crf", String(Int(try quality(name == "libvpx" ? 12 : 33, 0...63))))
            context.pointee.bit_rate = name == "libvpx" ? Int64(pixelsPerSecond * 0.1) : 0
            _ = set("deadline", "realtime")
            _ = set("cpu-used", options.preset ?? "6")
            _ = set("row-mt", "1")
            if wish.isLowLatency { _ = set("lag-in-frames", "0") }
        case "mpeg4", "mjpeg":
            context.pointee.flags |= AV_CODEC_FLAG_QSCALE
            context.pointee.global_quality = Int32(try quality(name == "mpeg4" ? 4 : 3, 1...31)) * FF_QP2LAMBDA
        default:
            if let preset = options.preset, !set("preset", preset) {
                throw Failure(.usage, "cannot encode video", at: name, because: "it has no preset \(preset)")
            }
            if let value = options.quality {
                let text = String(value)
                guard set("crf", text) || set("cq", text) || set("qp", String(Int(min(max(value, 0), 255)))) else {
                    throw Failure(.usage, "cannot encode video", at: name, because: "it has no constant quality")
                }
            } else {
                context.pointee.bit_rate = Int64(min(pixelsPerSecond * 0.15, 1e9))
            }
        }
    }
}
