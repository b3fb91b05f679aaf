import CFFmpeg
import CShims
import Diagnostics
import Foundation

/// An open container with its one video stream: gives packets in file order.
///
/// Owned by one source and used by one thread at a time.
final class Demuxer {
    let location: InputLocation
    let context: UnsafeMutablePointer<AVFormatContext>
    /// The video stream that is decoded.
    let stream: UnsafeMutablePointer<AVStream>
    /// Streams to be copied, by their index.
    let passthrough: [Int: PassthroughStream]
    let log: FFmpegLog
    let interrupt: ReadInterrupt

    private let timeout: Double?
    private let wanted: String?
    /// The last read gave nothing yet.
    private var isWaiting = false
    private let input: DescriptorInput?

    /// - Throws: `Failure` of kind `.noInput`, `.data`, `.unavailable` or `.usage`; `CancellationError` when interrupted.
    init(_ location: InputLocation, options: SourceOptions, interrupt: ReadInterrupt, log: FFmpegLog) throws {
        let failures = OpenFailures(location: location, log: log)
        try failures.checkFile()
        let isRemote = location.kind == .network || location.isLive
        // Over HTTP FFmpeg itself notices a silence and reads on from the same byte; that must come first.
        let timeout = isRemote ? options.networkTimeout * (location.url.lowercased().hasPrefix("http") ? 2 : 1) : nil
        let input: DescriptorInput? = if let (descriptor, closes) = try failures.descriptorToRead() {
            try DescriptorInput(descriptor: descriptor, closes: closes, interrupt: interrupt)
        } else {
            nil
        }
        // FFmpeg holds plain pointers to these until the context is closed, also on the ways out of here.
        defer { withExtendedLifetime((input, interrupt, log)) {} }
        guard var context = avformat_alloc_context() else { throw Failure.outOfMemory("cannot open video") }
        log.attach(to: context)
        if let handle = interrupt.handle { ps_interrupt_attach(context, handle) }
        context.pointee.pb = input?.context

        var format: UnsafePointer<AVInputFormat>?
        if let name = options.format {
            format = av_find_input_format(name)
            guard format != nil else {
                avformat_free_context(context)
                throw Failure(.usage, "cannot open video", at: location.uri, because: "this FFmpeg has no container format \"\(name)\"")
            }
        }
        if case .device(let device) = location.kind {
            do { format = try device.format(at: location.uri) } catch {
                avformat_free_context(context)
                throw error
            }
            // A camera's driver would block without asking whether it should end.
            if device == .v4l2 { context.pointee.flags |= AVFMT_FLAG_NONBLOCK }
        }
        var dictionary: OpaquePointer?
        do { dictionary = try Self.dictionary(for: location, options) } catch {
            avformat_free_context(context)
            throw error
        }
        defer { av_dict_free(&dictionary) }
        interrupt.setDeadline(after: timeout)
        var opened: UnsafeMutablePointer<AVFormatContext>? = context
        let code = avformat_open_input(&opened, location.url, format, &dictionary)
        guard code >= 0, let result = opened else { throw failures.failure(code, interrupt, timeout) }
        context = result
        var isKept = false
        defer {
            var abandoned: UnsafeMutablePointer<AVFormatContext>? = context
            if !isKept { avformat_close_input(&abandoned) }
        }
        for key in options.formatOptions.keys where av_dict_get(dictionary, key, nil, 0) != nil {
            throw Failure(.usage, "cannot open video", at: location.uri, because: "unknown option \"\(key)\" for this kind of input")
        }
        try failures.check(formatOf: context, isNamed: options.format != nil)

        interrupt.setDeadline(after: timeout)
        Self.findStreams(context, maximumPixels: options.maximumPixels)
        if interrupt.isThrown { throw failures.failure(ps_averror_exit(), interrupt, timeout) }
        let best = av_find_best_stream(context, AVMEDIA_TYPE_VIDEO, -1, -1, nil, 0)
        guard best >= 0, let stream = context.pointee.streams?[Int(best)],
            stream.pointee.disposition & AV_DISPOSITION_ATTACHED_PIC == 0
        else { throw failures.noVideo(in: context) }

        var passthrough: [Int: PassthroughStream] = [:]
        for index in 0..<Int(context.pointee.nb_streams) where index != Int(best) {
            guard let other = context.pointee.streams?[index] else { continue }
            if options.keepsOtherStreams, let kept = try PassthroughStream(of: other) {
                passthrough[index] = kept
            } else {
                other.pointee.discard = AVDISCARD_ALL
            }
        }
        self.location = location
        self.context = context
        self.stream = stream
        self.passthrough = passthrough
        self.log = log
        self.interrupt = interrupt
        self.timeout = timeout
        wanted = options.deviceSize
        self.input = input
        isKept = true
    }

    deinit {
        var closing: UnsafeMutablePointer<AVFormatContext>? = context
        avformat_close_input(&closing)
    }

    /// The next packet of the file, of any stream; a negative code of FFmpeg at the end or on failure.
    func read(into packet: UnsafeMutablePointer<AVPacket>) -> Int32 {
        if interrupt.isCancelled { return ps_averror_exit() }
        // A device that has nothing yet is asked again and again; all that counts as one wait.
        if !isWaiting { interrupt.setDeadline(after: timeout) }
        let code = av_read_frame(context, packet)
        isWaiting = code == ps_averror(EAGAIN)
        return code
    }

    /// The connection broke: the container was read to an end that is none.
    var breakage: Failure? {
        guard location.kind == .network, let io = context.pointee.pb, io.pointee.error < 0, io.pointee.error != ps_averror_eof() else {
            return nil
        }
        return OpenFailures(location: location, log: log).lost(io.pointee.error)
    }

    /// FFmpeg's name of the container format.
    var formatName: String { context.pointee.iformat.map { String(cString: $0.pointee.name) } ?? "" }

    /// The camera gives another size than it was asked for; nil when it does not.
    var otherSize: String? {
        guard let wanted, let parameters = stream.pointee.codecpar else { return nil }
        let (width, height) = (parameters.pointee.width, parameters.pointee.height)
        var (wantedWidth, wantedHeight): (Int32, Int32) = (0, 0)
        guard av_parse_video_size(&wantedWidth, &wantedHeight, wanted) >= 0, (width, height) != (wantedWidth, wantedHeight) else { return nil }
        return "gives \(width)x\(height), not \(wanted)"
    }

    /// Nobody can know when it ends: a camera, a stream, a playlist that is still being written.
    var isLive: Bool {
        if location.isLive { return true }
        guard location.kind == .network else { return false }
        if formatName == "hls" { return context.pointee.duration.asTimestamp == nil }
        guard let io = context.pointee.pb else { return false }
        return io.pointee.seekable == 0 && avio_size(io) <= 0
    }

    /// Whether packets can be read from the middle at little cost.
    var canSeek: Bool {
        guard location.kind == .file, input == nil, let bytes = context.pointee.pb else { return false }
        return bytes.pointee.seekable & AVIO_SEEKABLE_NORMAL != 0
    }

    /// Goes to a place at or before `ticks` of the video stream where decoding may begin; false when the container cannot.
    func seek(to ticks: Int64) -> Bool {
        avformat_seek_file(context, stream.pointee.index, .min, ticks, ticks, 0) >= 0
    }

    /// The error of a network source that fell silent; nil for everything else.
    var silence: Failure? {
        guard let timeout, interrupt.isExpired, !interrupt.isCancelled else { return nil }
        return OpenFailures(location: location, log: log).silence(timeout)
    }

    private static func dictionary(for location: InputLocation, _ options: SourceOptions) throws -> OpaquePointer? {
        var wishes = options.formatOptions
        switch location.kind {
        case .device(let device): wishes.merge(try device.options(options, at: location.uri)) { given, _ in given }
        case .network: wishes.merge(location.networkOptions(options)) { given, _ in given }
        case .file, .descriptor: break
        }
        var dictionary: OpaquePointer?
        for (key, value) in wishes { av_dict_set(&dictionary, key, value, 0) }
        av_dict_set(&dictionary, "protocol_whitelist", location.protocols, 0)
        if location.kind == .file {
            // A name like "pic_%03d.png" is a name, not a pattern.
            av_dict_set(&dictionary, "pattern_type", "none", AV_DICT_DONT_OVERWRITE)
        } else if options.format == nil, !location.isDevice {
            av_dict_set(&dictionary, "format_whitelist", InputLocation.trustedFormats, AV_DICT_DONT_OVERWRITE)
        }
        let authorities = "/etc/ssl/certs/ca-certificates.crt"
        if location.kind == .network, FileManager.default.fileExists(atPath: authorities) {
            av_dict_set(&dictionary, "tls_verify", "1", AV_DICT_DONT_OVERWRITE)
            av_dict_set(&dictionary, "ca_file", authorities, AV_DICT_DONT_OVERWRITE)
        }
        return dictionary
    }

    /// Looks at the first packets. A failure here is no failure yet: what was found may do.
    private static func findStreams(_ context: UnsafeMutablePointer<AVFormatContext>, maximumPixels: Int) {
        let count = Int(context.pointee.nb_streams)
        var perStream = [OpaquePointer?](repeating: nil, count: count)
        for index in 0..<count { av_dict_set_int(&perStream[index], "max_pixels", Int64(maximumPixels), 0) }
        perStream.withUnsafeMutableBufferPointer { options in
            _ = avformat_find_stream_info(context, options.baseAddress)
            for index in 0..<count { av_dict_free(&options[index]) }
        }
    }
}
