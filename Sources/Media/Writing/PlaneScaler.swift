import CFFmpeg
import CShims
import Diagnostics

/// swscale for one pair of formats and sizes, kept until one of them changes.
struct PlaneScaler: ~Copyable {
    /// What a conversion is from and to; the target is always 8-bit 4:2:0.
    struct Setting: Equatable {
        var width: Int
        var height: Int
        var format: AVPixelFormat
        var isFullRange: Bool
        var targetWidth: Int
        var targetHeight: Int
        var targetIsFullRange: Bool
        /// One of swscale's matrices: `SWS_CS_ITU709`.
        var matrix: Int32
    }

    private var context: OpaquePointer?
    private var setting: Setting?

    init() {}

    deinit { sws_freeContext(context) }

    /// Converts `source` into the part of `target` whose left upper corner is (x, y), both even.
    mutating func run(
        _ setting: Setting, from source: UnsafeMutablePointer<AVFrame>, to target: UnsafeMutablePointer<AVFrame>, x: Int = 0, y: Int = 0
    ) throws {
        if self.setting != setting { try open(setting) }
        let done = ps_scale(context, source, Int32(setting.height), target, Int32(x), Int32(y))
        guard done > 0 else {
            throw Failure(
                .internalDefect, "cannot convert a picture", at: "\(setting.width)x\(setting.height)", because: ffmpegMessage(done))
        }
    }

    private mutating func open(_ wanted: Setting) throws {
        sws_freeContext(context)
        setting = nil
        context = sws_alloc_context()
        guard let context else { throw Failure.outOfMemory("cannot convert a picture") }
        let isScaled = wanted.width != wanted.targetWidth || wanted.height != wanted.targetHeight
        let flags = (isScaled ? SWS_BICUBIC : SWS_BILINEAR) | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INP
        // The ranges must be known before the start: swscale then decides whether a plain copy will do.
        let options: [(String, Int)] = [
            ("srcw", wanted.width), ("srch", wanted.height), ("src_format", Int(wanted.format.rawValue)),
            ("src_range", wanted.isFullRange ? 1 : 0), ("dstw", wanted.targetWidth), ("dsth", wanted.targetHeight),
            ("dst_format", Int(AV_PIX_FMT_YUV420P.rawValue)), ("dst_range", wanted.targetIsFullRange ? 1 : 0), ("sws_flags", Int(flags)),
        ]
        for (name, value) in options { av_opt_set_int(UnsafeMutableRawPointer(context), name, Int64(value), 0) }
        guard sws_init_context(context, nil, nil) >= 0 else {
            let format = av_get_pix_fmt_name(wanted.format).map { String(cString: $0) } ?? "unknown"
            throw Failure(
                .data, "cannot convert a picture", at: "\(wanted.width)x\(wanted.height)", because: "pixel format \(format) not supported")
        }
        let table = sws_getCoefficients(wanted.matrix)
        sws_setColorspaceDetails(
            context, table, wanted.isFullRange ? 1 : 0, table, wanted.targetIsFullRange ? 1 : 0, 0, 1 << 16, 1 << 16)
        setting = wanted
    }
}
