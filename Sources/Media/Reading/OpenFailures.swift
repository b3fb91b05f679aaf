import CFFmpeg
import CShims
import Diagnostics
import Foundation

/// Says in one line why an input cannot be opened (spec/media.md, section 2.6).
struct OpenFailures {
    let location: InputLocation
    let log: FFmpegLog

    private func failure(_ kind: Failure.Kind, _ why: String, remedy: String? = nil) -> Failure {
        Failure(kind, location.isDevice ? "cannot open device" : "cannot open video", at: location.uri, because: why, remedy: remedy)
    }

    private var path: String { location.uri }

    /// What can be known of a path without FFmpeg.
    func checkFile() throws {
        guard location.kind == .file else { return }
        var status = stat()
        guard stat(path, &status) == 0 else { throw failure(.noInput, Self.words(errno)) }
        if status.st_mode & S_IFMT == S_IFDIR { throw failure(.data, "it is a folder") }
        if access(path, R_OK) != 0 { throw failure(.noInput, Self.words(errno)) }
        if status.st_mode & S_IFMT == S_IFREG, status.st_size == 0 { throw failure(.data, "the file is empty") }
    }

    /// What is read through a descriptor: one that was given, or a named pipe, whose opening would block otherwise.
    func descriptorToRead() throws -> (descriptor: Int32, closes: Bool)? {
        switch location.kind {
        case .network, .device: return nil
        case .descriptor(let number):
            guard fcntl(number, F_GETFD) >= 0 else { throw failure(.noInput, "descriptor \(number) is not open") }
            return (number, false)
        case .file:
            var status = stat()
            guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFIFO else { return nil }
            let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
            guard descriptor >= 0 else { throw failure(.noInput, Self.words(errno)) }
            return (descriptor, true)
        }
    }

    /// Formats that would make a "video" of any text file.
    func check(formatOf context: UnsafeMutablePointer<AVFormatContext>, isNamed: Bool) throws {
        guard !isNamed, let name = context.pointee.iformat?.pointee.name else { return }
        if ["tty", "bin", "xbin", "adf", "idf"].contains(String(cString: name)) { throw failure(.data, "it is text, not a video") }
    }

    func noVideo(in context: UnsafeMutablePointer<AVFormatContext>) -> Failure {
        let kinds = (0..<Int(context.pointee.nb_streams)).compactMap { index in
            context.pointee.streams?[index]?.pointee.codecpar?.pointee.codec_type
        }
        if kinds.isEmpty { return failure(.data, "it holds no video frame") }
        return failure(.data, kinds.contains(AVMEDIA_TYPE_AUDIO) ? "no video stream: it holds sound only" : "no video stream")
    }

    var noFrame: Failure { failure(.data, "it holds no video frame") }

    /// Packets came, but no picture.
    func undecodable(codec: String) -> Failure {
        let reason = log.firstLines.first.map { ": \($0)" } ?? ""
        return failure(.data, "none of its \(codec) pictures can be decoded\(reason)")
    }

    func noDecoder(codec: String) -> Failure {
        failure(.unavailable, "this FFmpeg has no decoder for \(codec)", remedy: "install a complete FFmpeg, or convert the file")
    }

    func silence(_ timeout: Double) -> Failure {
        failure(.unavailable, "not a \(location.isDevice ? "picture" : "byte") for \(String(format: "%g", timeout)) s")
    }

    /// A connection that broke in the middle.
    func lost(_ code: Int32) -> Failure {
        Failure(.unavailable, "connection lost", at: location.uri, because: ffmpegMessage(code))
    }

    /// For a negative result of opening. An interruption is a `CancellationError`.
    func failure(_ code: Int32, _ interrupt: ReadInterrupt, _ timeout: Double?) -> any Error {
        if interrupt.isCancelled { return CancellationError() }
        if interrupt.isExpired, let timeout { return silence(timeout) }
        let lines = log.firstLines
        if case .device(let device) = location.kind { return deviceFailure(device, code) }
        switch code {
        case ps_averror_eof(): return noFrame
        case ps_averror(ENOENT), ps_averror(EACCES), ps_averror(EPERM): return failure(.noInput, ffmpegMessage(code))
        case ps_averror(ENOSPC):
            return Failure(
                .inputOutput, "cannot keep an MP4 whose index stands at its end", at: location.uri, because: "the disk is full",
                remedy: "set TMPDIR to a folder with space, or give the file by its name")
        case ps_averror(ENOMEM): return failure(.unavailable, "out of memory")
        case ps_averror(EINVAL) where location.kind != .file && lines.contains { $0.contains("whitelist") }:
            return failure(.data, "its format is not one that may come through a pipe or network", remedy: "name the format to force it")
        case ps_averror_invalid_data():
            if lines.contains(where: { $0.contains("moov atom not found") }) {
                guard location.kind != .file || startsAsMP4 else { return failure(.data, "not a video") }
                return failure(
                    .data, "the index of this MP4 is missing: the file was cut off or is not finished",
                    remedy: "copy it again, or record as fragmented MP4 or Matroska")
            }
            return failure(.data, "not a video, or damaged at its start")
        default:
            let why = ffmpegMessage(code)
            if location.kind == .network { return failure(.unavailable, why) }
            return failure(code == ps_averror(EIO) ? .inputOutput : .data, why)
        }
    }

    private func deviceFailure(_ device: DeviceInput, _ code: Int32) -> Failure {
        let said = log.firstLines.first
        switch (device, code) {
        case (.v4l2, ps_averror(ENOENT)), (.v4l2, ps_averror(ENODEV)), (.v4l2, ps_averror(ENXIO)):
            return failure(.noInput, "there is no such camera", remedy: "posestream devices lists those that are here")
        case (_, ps_averror(EACCES)), (_, ps_averror(EPERM)):
            return failure(.noInput, "not allowed to read it", remedy: device == .v4l2 ? "join the group video" : nil)
        case (.v4l2, ps_averror(EBUSY)): return failure(.unavailable, "another program uses it")
        case (.v4l2, ps_averror(EINVAL)), (.v4l2, ps_averror(ENOTTY)):
            return failure(.usage, said ?? "it is no camera, or does not know this size, rate or format")
        case (.x11grab, ps_averror(EIO)):
            return failure(.unavailable, "no X server answers there", remedy: "name the display as in x11grab::0.0, and set XAUTHORITY if it asks")
        case (.x11grab, ps_averror(EINVAL)): return failure(.usage, said ?? "the area lies outside of the screen")
        case (.lavfi, _): return failure(.usage, said ?? ffmpegMessage(code), remedy: "check the graph with ffplay -f lavfi")
        default: return failure(.unavailable, said ?? ffmpegMessage(code))
        }
    }

    /// The first box is one of those that an MP4 starts with; text that is only called .mp4 has none.
    private var startsAsMP4: Bool {
        guard let handle = FileHandle(forReadingAtPath: path), let head = try? handle.read(upToCount: 8), head.count == 8 else {
            return false
        }
        return ["ftyp", "mdat", "free", "skip", "wide", "moov", "styp"].contains(String(decoding: head.suffix(4), as: UTF8.self))
    }

    private static func words(_ code: Int32) -> String {
        switch code {
        case ENOENT: "no such file"
        case EACCES, EPERM: "not allowed to read it"
        default: String(cString: strerror(code))
        }
    }
}
