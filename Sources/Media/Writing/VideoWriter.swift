import CFFmpeg
import CShims
import Diagnostics

/// Writes pictures as a video that plays nearly everywhere: H.264 with 8-bit 4:2:0 samples, at the times of the source and with its sound.
///
///     let writer = try VideoWriter("out.mp4", source: source.description, passthrough: source.passthroughStreams)
///     while let frame = try source.next() {
///         try writer.write(frame) { canvas in annotator.draw(people, on: canvas) }
///     }
///     let summary = try writer.finish(trailing: source.trailingPackets)
///
/// The size is that of `source`, cut to even numbers; a picture of another size in mid-stream is fitted in with black bars. At any
/// moment of the run the file can be played, also when the process is killed; `finish` makes an MP4 plain.
///
/// It has one owner: one stage calls it, never two at once.
public final class VideoWriter {
    private let options: VideoWriterOptions
    private let encoder: VideoEncoder
    private let file: OutputFile
    private let converter: PictureConverter
    private let packet: UnsafeMutablePointer<AVPacket>
    private let log = FFmpegLog()
    private var clock: OutputClock
    private var notes: [String] = []
    private var frames = 0
    private var leftOut = 0
    private var failure: (any Error)?
    private var summary: VideoWriterSummary?

    /// The encoder in use: "libx264".
    public var encoderName: String { encoder.name }
    /// The reader of standard output closed it: no failure for the user, but nothing more can be written.
    public var isReaderGone: Bool { file.isReaderGone }

    /// Opens encoder and output.
    ///
    /// - Parameters:
    ///   - destination: a file, or "-" for standard output.
    ///   - source: gives size, time base, frame rate, pixel shape and colours.
    ///   - passthrough: streams to be copied; those that the container cannot hold are left out, with a note in the summary.
    /// - Throws: `.usage`, `.unavailable` (no such encoder here), `.cannotCreate`, `.inputOutput`.
    public init(
        _ destination: String, options: VideoWriterOptions = VideoWriterOptions(), source: SourceDescription,
        passthrough: [PassthroughStream] = []
    ) throws {
        self.options = options
        guard (1...32768).contains(source.width), (1...32768).contains(source.height) else {
            throw Failure(.data, "cannot write video", at: destination, because: "a size of \(source.width)x\(source.height) pixels")
        }
        let output = try OutputDestination(destination, options: options, source: source)
        let format = try OutputFile.format(for: output.container)
        let (width, height) = (even(source.width), even(source.height))
        var color = source.color
        // Matrix 0 says that the samples are RGB, which ours are not.
        if color.matrix == 0 { color.matrix = source.isLarge ? 1 : 6 }
        encoder = try VideoEncoder(
            VideoEncoder.Wish(
                width: width, height: height, container: output.container, source: source, color: color,
                isLowLatency: options.lowLatency ?? (source.isLive || output.path == nil), options: options,
                needsGlobalHeader: format.pointee.flags & AVFMT_GLOBALHEADER != 0),
            for: format, at: destination, log: log)
        converter = try PictureConverter(
            width: width, height: height,
            encoding: SampleEncoding(matrix: color.sampleMatrix(isLarge: source.isLarge), isFullRange: encoder.isFullRange))
        let start = options.startTime ?? source.startTime
        clock = OutputClock(source: source, timeBase: encoder.timeBase, start: start)
        guard let packet = av_packet_alloc() else { throw Failure.outOfMemory("cannot write video") }
        self.packet = packet
        do {
            file = try OutputFile(output, encoder: encoder, passthrough: passthrough, start: start, overwrite: options.overwrite, log: log)
        } catch {
            var owned: UnsafeMutablePointer<AVPacket>? = packet
            av_packet_free(&owned)
            throw error
        }
        for stream in passthrough where !file.takes(stream) {
            let kind = stream.kind == .audio ? "sound" : "subtitles"
            notes.append("\(kind) (\(stream.codecName)) left out: \(output.container.rawValue) cannot hold it")
        }
    }

    deinit {
        var owned: UnsafeMutablePointer<AVPacket>? = packet
        av_packet_free(&owned)
    }

    /// Draws on a copy of the picture, encodes it, and passes on the sound that came with it.
    ///
    /// - Parameter drawing: gets the picture in its own pixels, as planes. What it throws ends the writing of this picture only.
    /// - Throws: `.inputOutput` when the disk is full or the reader is gone: what was written stays playable.
    public func write(_ frame: VideoFrame, drawing: (borrowing Canvas) throws -> Void = { _ in }) throws {
        try requireOpen()
        let picture = try converter.convert(frame, drawing: drawing)
        try closingOnFailure {
            for companion in frame.companions { try pass(companion) }
            let (pts, duration) = clock.next(frame)
            picture.pointee.pts = pts
            // The encoder decides about key frames, not the source.
            picture.pointee.pict_type = AV_PICTURE_TYPE_NONE
            picture.pointee.format = encoder.context.pointee.pix_fmt.rawValue
            clock.remember(pts, duration)
            var code = encoder.send(picture)
            if code == ps_averror(EAGAIN) {
                try drain()
                code = encoder.send(picture)
            }
            guard code >= 0 else {
                throw Failure(.internalDefect, "cannot encode video", at: encoder.name, because: ffmpegMessage(code))
            }
            frames += 1
            try drain()
        }
    }

    /// Ends the film: last pictures and packets, the container's end, and for MP4 the plain form. Calling it again gives the same summary.
    ///
    /// - Throws: `.inputOutput`; after a failed `write` the failure of that.
    public func finish(trailing: [PassthroughPacket] = []) throws -> VideoWriterSummary {
        if let summary { return summary }
        if let failure { throw failure }
        var bytes: Int64 = 0
        try closingOnFailure {
            _ = encoder.send(nil)
            try drain()
            for packet in trailing { try pass(packet) }
            bytes = try file.finish()
        }
        let output = file.destination
        if options.plainWhenFinished, output.container.isFragmented, output.isRegularFile, let path = output.path {
            do {
                try log.during { try PlainCopy.replace(path, container: output.container) }
                bytes = fileSize(path) ?? bytes
            } catch let failure as Failure {
                // The fragmented file is whole and plays; only some editors dislike it.
                notes.append(failure.description + "; the file stays fragmented")
            }
        }
        if leftOut > 0 { notes.append("\(leftOut) packets of sound or subtitles left out: no usable time") }
        let made = VideoWriterSummary(frames: frames, bytes: bytes, encoder: encoder.name, notes: notes)
        summary = made
        return made
    }

    private func drain() throws {
        while try encoder.receive(packet) {
            defer { av_packet_unref(packet) }
            if let duration = clock.takeDuration(of: packet.pointee.pts) { packet.pointee.duration = duration }
            try file.write(packet, from: encoder)
        }
    }

    private func pass(_ passing: PassthroughPacket) throws {
        guard file.takes(passing.stream) else { return }
        // A cut film begins with the first packet that is heard in it.
        if let start = options.startTime, let pts = passing.pts, Double(pts) * passing.stream.timeBase.value < start { return }
        if try !file.write(passing) { leftOut += 1 }
    }

    private func requireOpen() throws {
        if let failure { throw failure }
        guard summary == nil else {
            throw Failure(.internalDefect, "cannot write video", at: file.destination.name, because: "the video is finished")
        }
    }

    private func closingOnFailure(_ body: () throws -> Void) throws {
        do { try body() } catch {
            failure = error
            file.abandon()
            throw error
        }
    }
}

extension SourceDescription {
    /// Which matrix an untagged picture has is guessed from its size, as players do (spec: media, 2.4).
    fileprivate var isLarge: Bool { height >= 720 || width >= 1280 }
}

extension ColorDescription {
    fileprivate func sampleMatrix(isLarge: Bool) -> SampleEncoding.Matrix {
        switch matrix {
        case 1: .bt709
        case 4, 5, 6: .bt601
        case 9, 10: .bt2020
        default: isLarge ? .bt709 : .bt601
        }
    }
}
