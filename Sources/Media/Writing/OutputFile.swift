import CFFmpeg
import CShims
import Diagnostics
import Foundation

/// The container that grows on the disk or in a pipe.
///
/// Whatever ends the program, what stands there can be played: MP4 and MOV grow in fragments of a second, each with its own index,
/// and everything is handed to the system at once (spec: media, 6.3).
final class OutputFile {
    let destination: OutputDestination
    /// The reader of the pipe is gone (EPIPE).
    private(set) var isReaderGone = false
    private let context: UnsafeMutablePointer<AVFormatContext>
    /// Takes what the container's writer would print; held so that it outlives the context.
    private let log: FFmpegLog
    private let createdHere: Bool
    private var video: UnsafeMutablePointer<AVStream>?
    private var copied: [CopiedStream] = []
    private let packet: UnsafeMutablePointer<AVPacket>
    /// The encoder's last packet, kept until the next one tells how long it lasts: a fragment states each length, also of its last.
    private let held: UnsafeMutablePointer<AVPacket>
    private var isHolding = false
    private var fragments = FragmentClock()

    /// When the last fragment was closed, and how much of the file is whole.
    private struct FragmentClock {
        var lastTime: Double?
        var lastWall = ContinuousClock.now
        var wholeBytes: Int64 = 0
    }

    var format: UnsafePointer<AVOutputFormat> { UnsafePointer(context.pointee.oformat) }

    /// FFmpeg's description of a container.
    static func format(for container: OutputContainer) throws -> UnsafePointer<AVOutputFormat> {
        guard let format = av_guess_format(container.rawValue, nil, nil) else {
            throw Failure(.unavailable, "cannot write video", at: container.rawValue, because: "this FFmpeg cannot write this container")
        }
        return UnsafePointer(format)
    }

    /// Makes the file and writes its beginning.
    ///
    /// - Parameters:
    ///   - start: seconds of the source that become zero.
    /// - Throws: `.cannotCreate` when the file cannot be made, `.inputOutput` when its beginning cannot be written.
    init(
        _ destination: OutputDestination, encoder: VideoEncoder, passthrough: [PassthroughStream], start: Double, overwrite: Bool,
        log: FFmpegLog
    ) throws {
        self.destination = destination
        createdHere = try destination.create(overwrite: overwrite)
        var made: UnsafeMutablePointer<AVFormatContext>?
        guard avformat_alloc_output_context2(&made, nil, destination.container.rawValue, destination.url) >= 0, let context = made,
            let packet = av_packet_alloc(), let held = av_packet_alloc()
        else { throw Failure.outOfMemory("cannot write video") }
        self.context = context
        self.log = log
        log.attach(to: context)
        self.packet = packet
        self.held = held
        do {
            try addStreams(encoder, passthrough, start: start)
            try open()
        } catch {
            close()
            if createdHere, let path = destination.path { unlink(path) }
            throw error
        }
    }

    deinit {
        close()
        for packet in [packet, held] {
            var owned: UnsafeMutablePointer<AVPacket>? = packet
            av_packet_free(&owned)
        }
        avformat_free_context(context)
    }

    /// Sources whose packets are taken.
    func takes(_ stream: PassthroughStream) -> Bool { copied.contains { $0.source === stream } }

    private func addStreams(_ encoder: VideoEncoder, _ passthrough: [PassthroughStream], start: Double) throws {
        guard let stream = avformat_new_stream(context, nil),
            avcodec_parameters_from_context(stream.pointee.codecpar, encoder.context) >= 0
        else { throw Failure.outOfMemory("cannot write video") }
        stream.pointee.time_base = encoder.timeBase
        stream.pointee.avg_frame_rate = encoder.context.pointee.framerate
        stream.pointee.sample_aspect_ratio = encoder.context.pointee.sample_aspect_ratio
        video = stream
        for source in passthrough where CopiedStream.fits(source, in: destination.container, format) {
            copied.append(try CopiedStream(source, in: context, container: destination.container, start: start))
        }
    }

    private func open() throws {
        let opened = avio_open2(&context.pointee.pb, destination.url, AVIO_FLAG_WRITE, nil, nil)
        guard opened >= 0 else {
            throw Failure(.cannotCreate, "cannot write video", at: destination.name, because: ffmpegMessage(opened))
        }
        context.pointee.flags |= AVFMT_FLAG_FLUSH_PACKETS
        // How long one stream may wait for another: else a silent sound track would keep the whole film in memory.
        context.pointee.max_interleave_delta = 1_000_000
        var options: OpaquePointer?
        defer { av_dict_free(&options) }
        if destination.container.isFragmented {
            av_dict_set(&options, "movflags", "frag_custom+delay_moov+default_base_moof", 0)
            OutputFile.setMovieTimescale(&options, for: video)
        }
        if destination.container == .matroska || destination.container == .webm {
            av_dict_set(&options, "cluster_time_limit", "1000", 0)
            if destination.path == nil { av_dict_set(&options, "live", "1", 0) }
        }
        try check(avformat_write_header(context, &options))
        avio_flush(context.pointee.pb)
        try check(0)
    }

    /// A film that does not begin at zero says so in ticks of the whole film, which are milliseconds unless told otherwise.
    static func setMovieTimescale(_ options: inout OpaquePointer?, for video: UnsafeMutablePointer<AVStream>?) {
        guard let ticks = video?.pointee.time_base.den, (1000...1_000_000).contains(ticks) else { return }
        av_dict_set(&options, "movie_timescale", String(ticks), 0)
    }

    /// Writes a packet of the encoder; the packet is empty afterwards.
    func write(_ packet: UnsafeMutablePointer<AVPacket>, from encoder: VideoEncoder) throws {
        guard let video else { return }
        packet.pointee.stream_index = video.pointee.index
        av_packet_rescale_ts(packet, encoder.timeBase, video.pointee.time_base)
        guard destination.container.isFragmented else { return try check(av_interleaved_write_frame(context, packet)) }
        if isHolding { held.pointee.duration = max(1, packet.pointee.dts - held.pointee.dts) }
        try writeHeld()
        av_packet_move_ref(held, packet)
        isHolding = true
    }

    private func writeHeld() throws {
        guard isHolding, let video else { return }
        isHolding = false
        try closeFragment(before: Double(held.pointee.dts) * av_q2d(video.pointee.time_base))
        try check(av_interleaved_write_frame(context, held))
    }

    /// Writes a packet of a copied stream.
    ///
    /// - Returns: false when the packet was left out: without time, out of order, or damaged.
    func write(_ passing: PassthroughPacket) throws -> Bool {
        guard let stream = copied.first(where: { $0.source === passing.stream }) else { return false }
        defer { av_packet_unref(packet) }
        guard stream.prepare(passing, into: packet) else { return false }
        if fragments.wholeBytes > 0, stream.count == 0 {
            // The header has gone out without this stream's beginning: its first fragment must say where it stands.
            av_opt_set(context.pointee.priv_data, "movflags", "+frag_discont", 0)
        }
        let code = av_interleaved_write_frame(context, packet)
        if code < 0, context.pointee.pb == nil || context.pointee.pb.pointee.error == 0, code != ps_averror(ENOMEM) { return false }
        try check(code)
        return true
    }

    /// Ends the fragment in work when it holds a second of film, or two seconds of our time.
    private func closeFragment(before time: Double) throws {
        guard destination.container.isFragmented else { return }
        guard let last = fragments.lastTime else {
            fragments.lastTime = time
            return
        }
        let now = ContinuousClock.now
        guard time - last >= 1 || fragments.lastWall.duration(to: now) >= .seconds(2) else { return }
        // The first fragment carries the header, which is exact only when every stream has begun; after ten seconds it must go without.
        let allBegan = copied.allSatisfy { $0.count > 0 }
        guard fragments.wholeBytes > 0 || allBegan || time - last >= 10 else { return }
        try endFragment()
        fragments.lastTime = time
        fragments.lastWall = now
    }

    private func endFragment() throws {
        try check(av_write_frame(context, nil))
        // The first time only the header goes out, and the pictures wait for the next.
        if fragments.wholeBytes == 0 { try check(av_write_frame(context, nil)) }
        avio_flush(context.pointee.pb)
        try check(0)
        fragments.wholeBytes = position
    }

    /// Bytes written so far.
    private var position: Int64 { context.pointee.pb.map { avio_seek($0, 0, SEEK_CUR) } ?? 0 }

    /// Writes the end and closes the file.
    ///
    /// - Returns: bytes written.
    func finish() throws -> Int64 {
        try writeHeld()
        // Whatever waits for another stream goes out now.
        try check(av_interleaved_write_frame(context, nil))
        try check(av_write_trailer(context))
        avio_flush(context.pointee.pb)
        try check(0)
        let bytes = position
        let code = avio_closep(&context.pointee.pb)
        guard code >= 0 else { throw failure(code) }
        guard let path = destination.path, destination.isRegularFile else { return bytes }
        return fileSize(path) ?? bytes
    }

    /// Closes the file after a failure, cut to the last whole fragment, so that what was written plays.
    func abandon() {
        let whole = fragments.wholeBytes
        close()
        guard destination.container.isFragmented, destination.isRegularFile, whole > 0, let path = destination.path else { return }
        truncate(path, off_t(whole))
    }

    private func close() {
        if context.pointee.pb != nil { avio_closep(&context.pointee.pb) }
    }

    /// Throws for a negative result, and for an error that the output has kept to itself.
    private func check(_ code: Int32) throws {
        if code < 0 { throw failure(code) }
        if let io = context.pointee.pb, io.pointee.error < 0 { throw failure(io.pointee.error) }
    }

    private func failure(_ code: Int32) -> Failure {
        if code == ps_averror(EPIPE) { isReaderGone = true }
        return Failure(
            .inputOutput, "cannot write video", at: destination.path ?? "standard output", because: ffmpegMessage(code),
            remedy: code == ps_averror(ENOSPC) ? "make room; what was written can be played" : nil)
    }
}
