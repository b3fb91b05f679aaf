import CFFmpeg
import CShims
import Diagnostics
import Foundation

/// Turns a finished fragmented MP4 into a plain one whose index stands first, without encoding anything again.
enum PlainCopy {
    /// Writes the plain file beside `path` and puts it in its place in one step; on any failure `path` stays as it is.
    static func replace(_ path: String, container: OutputContainer) throws {
        let beside = path + ".\(getpid()).part"
        let descriptor = open(beside, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw failure(beside, String(cString: strerror(errno))) }
        defer { close(descriptor) }
        do {
            try copy(path, to: beside, container: container)
            var state = stat()
            if stat(path, &state) == 0 { fchmod(descriptor, state.st_mode & 0o7777) }
            guard fsync(descriptor) == 0, rename(beside, path) == 0 else { throw failure(path, String(cString: strerror(errno))) }
        } catch {
            unlink(beside)
            throw error
        }
        // The new name is safe only when the folder is.
        let folder = (path as NSString).deletingLastPathComponent
        let opened = open(folder.isEmpty ? "." : folder, O_RDONLY | O_CLOEXEC)
        if opened >= 0 {
            fsync(opened)
            close(opened)
        }
    }

    private static func copy(_ source: String, to target: String, container: OutputContainer) throws {
        var input: UnsafeMutablePointer<AVFormatContext>?
        try check(avformat_open_input(&input, "file:" + source, av_find_input_format("mov"), nil), source)
        defer { avformat_close_input(&input) }
        // Gives the sizes and durations that the fragments do not state.
        try check(avformat_find_stream_info(input, nil), source)
        var output: UnsafeMutablePointer<AVFormatContext>?
        try check(avformat_alloc_output_context2(&output, nil, container.rawValue, "file:" + target), target)
        guard let input, let output, let packet = av_packet_alloc() else { throw Failure.outOfMemory("cannot finish video") }
        defer {
            var owned: UnsafeMutablePointer<AVPacket>? = packet
            av_packet_free(&owned)
            if output.pointee.pb != nil { avio_closep(&output.pointee.pb) }
            avformat_free_context(output)
        }
        for index in 0..<Int(input.pointee.nb_streams) {
            guard let from = input.pointee.streams[index], let to = avformat_new_stream(output, nil) else {
                throw Failure.outOfMemory("cannot finish video")
            }
            try check(avcodec_parameters_copy(to.pointee.codecpar, from.pointee.codecpar), target)
            to.pointee.time_base = from.pointee.time_base
            to.pointee.avg_frame_rate = from.pointee.avg_frame_rate
            to.pointee.sample_aspect_ratio = from.pointee.sample_aspect_ratio
            to.pointee.disposition = from.pointee.disposition
        }
        try check(avio_open2(&output.pointee.pb, "file:" + target, AVIO_FLAG_WRITE, nil, nil), target)
        var options: OpaquePointer?
        defer { av_dict_free(&options) }
        av_dict_set(&options, "movflags", "faststart", 0)
        OutputFile.setMovieTimescale(&options, for: output.pointee.streams[0])
        try check(avformat_write_header(output, &options), target)
        while true {
            let code = av_read_frame(input, packet)
            if code == ps_averror_eof() { break }
            try check(code, source)
            guard let from = input.pointee.streams[Int(packet.pointee.stream_index)],
                let to = output.pointee.streams[Int(packet.pointee.stream_index)]
            else { continue }
            av_packet_rescale_ts(packet, from.pointee.time_base, to.pointee.time_base)
            packet.pointee.pos = -1
            try check(av_interleaved_write_frame(output, packet), target)
        }
        try check(av_write_trailer(output), target)
        try check(avio_closep(&output.pointee.pb), target)
    }

    private static func check(_ code: Int32, _ place: String) throws {
        guard code < 0 else { return }
        throw failure(place, ffmpegMessage(code))
    }

    private static func failure(_ place: String, _ why: String) -> Failure {
        Failure(.inputOutput, "cannot make the video start fast", at: place, because: why)
    }
}
