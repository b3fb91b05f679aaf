import Diagnostics
import Media
import Pose
import Records

/// Draws stored records onto their video: what `posestream render` does. The film is the one that `--annotate` of the run makes.
public final class RenderJob: Sendable {
    private let records: String
    private let video: String
    private let output: String
    private let format: String?
    private let encoding: VideoEncoding
    private let overwrite: Bool
    private let sourceName: String?
    private let interruption = Interruption()

    /// - Parameters:
    ///   - records: NDJSON file, "-" for standard input.
    ///   - video: the video that the records were made of, as on the command line.
    ///   - output: the film to write, "-" for standard output with `format`.
    ///   - sourceName: which source's lines, when the records hold several.
    public init(
        records: String, video: String, output: String, format: String? = nil, encoding: VideoEncoding = VideoEncoding(), overwrite: Bool = false,
        sourceName: String? = nil
    ) {
        self.records = records
        self.video = video
        self.output = output
        self.format = format
        self.encoding = encoding
        self.overwrite = overwrite
        self.sourceName = sourceName
    }

    /// Asks the job to end in good order. Safe from any thread. False when nothing runs yet.
    public func interrupt(bySignal signal: Int32) -> Bool { interruption.request(bySignal: signal) }

    /// Runs to the last record or the end of the video, whichever comes first.
    ///
    /// - Throws: `Failure`; the film is finished before it is thrown. `.data` when the records are of another video.
    public func run(reporting report: (RunEvent) -> Void) throws -> RunSummary {
        let stopwatch = Stopwatch()
        let reader = try RecordReader(records == "-" ? .standardInput : .file(records))
        let selection = FrameSelection(recorded: reader.header.options)
        var options = SourceOptions()
        options.keepsOtherStreams = true
        options.selection = selection
        let source = SelectedSource(try openSource(video, options: options), selection)
        try check(reader.header.source, against: source.description)
        let times = StageTimes()
        let stage = try VideoStage(
            destination: output, format: format, encoding: encoding, overwrite: overwrite, source: source, from: selection.from,
            keypointSet: reader.header.keypoints)
        stage.start(times: times)
        interruption.begin { source.cancel() }

        var progress = ProgressCount()
        var failure: (any Error)?
        do {
            try draw(reader, source, stage, times) { frame in
                report(.progress(progress.next(frame, total: source.expectedFrames, elapsed: stopwatch.seconds)))
            }
        } catch {
            failure = error
        }
        // Sound after the last picture belongs to the film when the last picture is the last of the source.
        let isWhole = failure == nil && hasEnded(source)
        var bytes = 0
        var isReaderGone = false
        do {
            let finished = try stage.finish(trailing: isWhole ? source.trailingPackets : [])
            for warning in finished.warnings { report(.warning("\(output): \(warning)")) }
            report(.note("\(output): encoded by \(finished.encoder)"))
            bytes = finished.output.bytes
            isReaderGone = finished.isReaderGone
        } catch {
            failure = failure ?? error
        }
        for warning in source.warnings { report(.warning(warning)) }
        if let failure { throw Failure(wrapping: failure) }
        if reader.end == nil { report(.warning("\(records): has no end line: the run that wrote it was cut off")) }
        let signal = interruption.signal
        return RunSummary(
            frames: progress.frames, decoded: source.statistics.decoded, corrupt: source.statistics.corrupt, people: progress.people,
            seconds: stopwatch.seconds, stageSeconds: times.seconds, outputs: [RunSummary.Output(path: output, bytes: bytes)],
            reason: signal != nil ? "interrupted" : isReaderGone ? "output-closed" : "eof", interruptedBy: signal)
    }

    private func draw(
        _ reader: RecordReader, _ source: SelectedSource, _ stage: VideoStage, _ times: StageTimes, drawn: (FrameResult) -> Void
    ) throws {
        var name = sourceName
        var carried: [PassthroughPacket] = []
        while let record = try reader.next() {
            guard case .frame(let line) = record else { continue }
            if let found = line.source {
                if name == nil { name = found }
                guard found == name else {
                    if sourceName != nil { continue }
                    throw Failure(
                        .usage, "cannot render", at: "\(records), line \(reader.line)", because: "the records are of several sources",
                        remedy: "choose one: --source \(found)")
                }
            }
            // Pictures without a line were not written by the run either.
            var picture: VideoFrame?
            while let frame = try times.measure(.decode, { try source.next() }) {
                if frame.index >= line.result.frame {
                    picture = frame
                    break
                }
                carried += frame.companions
            }
            guard var frame = picture else { return }
            guard frame.index == line.result.frame, frame.pts == line.result.pts else {
                throw Failure(
                    .data, "cannot render", at: "\(records), line \(reader.line)",
                    because: "frame \(line.result.frame) has another time in \(source.description.uri): the records are of another video")
            }
            if !carried.isEmpty { frame = try VideoFrame(frame, preceding: carried) }
            carried = []
            guard stage.send(ProcessedFrame(frame: frame, result: line.result)) else { return }
            drawn(line.result)
        }
    }

    private func hasEnded(_ source: SelectedSource) -> Bool {
        do { return try source.next() == nil } catch { return false }
    }

    private func check(_ recorded: HeaderRecord.Source, against source: SourceDescription) throws {
        guard recorded.width != source.width || recorded.height != source.height else { return }
        throw Failure(
            .data, "cannot render", at: video,
            because: "it has \(source.width)x\(source.height) pixels, the records are of \(recorded.width)x\(recorded.height)",
            remedy: "give the video that the records were made of: \(recorded.uri)")
    }
}
