import Diagnostics
import Downloads
import Foundation
import Media
import Pose
import Records

/// One run from a source to its outputs: what `posestream run` does.
///
/// Whatever ends it, the outputs are finished: records get their end line, the video stays playable, and nothing that was
/// computed is lost.
public final class RunJob: Sendable {
    let pipeline: Pipeline
    let input: String
    let opening: InputOptions
    let outputs: RunOutputs
    let options: RunOptions
    private let isStrict: Bool
    /// Where the lines go when several sources write to one place.
    private let shared: SharedRecords?
    private let interruption = Interruption()
    /// Ends a wait for the source.
    let reading = ReadInterrupt()

    /// - Parameters:
    ///   - input: as on the command line.
    ///   - opening: how it is opened.
    ///   - options: which part of the input, and where in its pictures.
    ///   - isStrict: a truncated or damaged input is an error (exit 65) instead of a warning.
    ///   - shared: where the lines go, with the name of this source, when several write to one place; then `outputs.records` is nil.
    public init(
        pipeline: Pipeline, input: String, opening: InputOptions = InputOptions(), outputs: RunOutputs, options: RunOptions = RunOptions(),
        isStrict: Bool = false, shared: SharedRecords? = nil
    ) {
        self.shared = shared
        self.pipeline = pipeline
        self.input = input
        self.opening = opening
        self.outputs = outputs
        self.options = options
        self.isStrict = isStrict
    }

    /// Asks the run to end in good order, also while it waits for its source. Safe from any thread. False when nothing is written
    /// yet: there is nothing to finish.
    public func interrupt(bySignal signal: Int32) -> Bool {
        let runs = interruption.request(bySignal: signal)
        reading.cancel()
        return runs
    }

    /// Runs to the end of the source, an interruption or an error.
    ///
    /// - Parameter report: told of progress and warnings; from the thread that reads when a live source is lost or comes back.
    /// - Throws: `Failure`; the outputs are finished before it is thrown.
    public func run(reporting report: @escaping @Sendable (RunEvent) -> Void) throws -> RunSummary {
        let stopwatch = Stopwatch()
        let beginning: Beginning
        do {
            beginning = try begin(report)
        } catch is CancellationError where interruption.signal != nil {
            return unopened(.interrupted, stopwatch)
        } catch {
            let failure = Failure(wrapping: error)
            _ = unopened(.failed(failure), stopwatch)
            throw failure
        }
        switch beginning {
        case .finished(let end): return RunSummary(finished: end, records: outputs.records ?? "-")
        case .run(let begun): return try process(begun, stopwatch, report)
        }
    }

    /// The last words of a source that never gave a picture, among the lines of others.
    private func unopened(_ ending: Ending, _ stopwatch: Stopwatch) -> RunSummary {
        let seconds = stopwatch.seconds
        if let shared {
            // What cannot be written any more is told by those who write.
            try? shared.lines.end(
                unopened: EndRecord(
                    reason: ending.reason, frames: 0, decoded: 0, people: 0, seconds: seconds, fps: 0, error: ending.failure?.description,
                    source: shared.source))
        }
        return RunSummary(
            frames: 0, decoded: 0, corrupt: 0, people: 0, seconds: seconds, stageSeconds: [:], outputs: [], reason: ending.reason.rawValue,
            interruptedBy: interruption.signal)
    }

    /// Opens source and outputs and writes the first line; nothing runs yet.
    private func begin(_ report: @escaping @Sendable (RunEvent) -> Void) throws -> Beginning {
        let whole = try openSource(wantedFrames, report)
        let description = whole.description
        try options.area.check(against: description)
        let header = try header(of: description, report)
        let bookmark: Bookmark?
        switch try findResumePoint(for: header, whole, report) {
        case .done(let end): return .finished(end)
        case .after(let found): bookmark = found
        case .start: bookmark = nil
        }
        let source = try bookmark.map { try reopen(whole, after: $0, report) } ?? whole
        let stages = try pipeline.makeStages(for: options)
        // From here on there is something to finish.
        interruption.begin { [reading] in reading.cancel() }
        // What cannot be written must fail before the work begins. The video is opened first: it touches its file only
        // after every check, so a refused video leaves no empty NDJSON behind. A film that was cut off is rebuilt in the end.
        let film = bookmark == nil ? outputs.video : nil
        let video = try film.map {
            try VideoStage(
                destination: $0, format: outputs.videoFormat, encoding: outputs.encoding, overwrite: outputs.overwrite || outputs.resume,
                source: source, from: options.frames.from, keypointSet: pipeline.keypointSet)
        }
        let records = try shared?.lines.writer ?? outputs.records.map { try RecordWriter(destination($0, after: bookmark)) }
        if let shared {
            try shared.lines.begin(header)
        } else if let records, bookmark == nil {
            _ = try records.write(.header(header))
        }
        return .run(
            Begun(
                source: source, expectedFrames: whole.expectedFrames, stages: stages, bookmark: bookmark, records: records, video: video,
                keeper: keeper(records, bookmark, isLive: description.isLive)))
    }

    private func process(
        _ begun: Begun, _ stopwatch: Stopwatch, _ report: @escaping @Sendable (RunEvent) -> Void
    ) throws -> RunSummary {
        let (source, bookmark, records, video, keeper) = (begun.source, begun.bookmark, begun.records, begun.video, begun.keeper)
        let description = source.description
        var continuation = Continuation(after: bookmark, selection: source.selection)
        continuation.interval = keeper == nil ? nil : Self.bookmarkInterval
        let run = PipelineRun(source: Handover(source), policy: opening.policy(for: description), continuation: continuation)
        run.start(begun.stages)
        video?.start(times: run.times)
        interruption.begin { run.stopReading() }

        var progress = ProgressCount(frames: bookmark?.frames ?? 0, ids: bookmark?.ids ?? [])
        var ending: Ending
        do {
            ending = try consume(run, of: description, records: records, video: video) { processed in
                report(.progress(progress.next(processed.result, total: begun.expectedFrames, elapsed: stopwatch.seconds)))
                if let memory = processed.memory, let records {
                    keeper?.keep(memory, after: processed.result, records, progress, report: report)
                }
            }
        } catch {
            ending = .failed(Failure(wrapping: error))
        }
        // The stages must be at rest before the source is asked what it counted.
        run.stopReading()
        let atRest = run.sourceAtRest()

        var videoOutput: RunSummary.Output?
        do {
            if let finished = try video?.finish(trailing: atRest.trailingPackets) {
                videoOutput = finished.output
                for warning in finished.warnings { report(.warning("\(finished.output.path): \(warning)")) }
                report(.note("\(finished.output.path): encoded by \(finished.encoder)"))
                if finished.isReaderGone, ending.failure == nil { ending = .readerClosed }
            }
        } catch {
            // The first failure is the one that the user must hear of.
            if case .failed = ending {} else { ending = .failed(Failure(wrapping: error)) }
        }
        let statistics = atRest.statistics
        for warning in atRest.warnings { report(.warning(warning)) }
        if statistics.isTruncated || statistics.corrupt > 0, isStrict, case .endOfSource = ending {
            ending = .failed(
                Failure(
                    .data, "input is damaged", at: description.uri,
                    because: statistics.isTruncated ? "it ends too early" : "\(statistics.corrupt) damaged packets or pictures"))
        }
        let signal = interruption.signal
        if signal != nil, case .endOfSource = ending { ending = .interrupted }
        if case .endOfSource = ending, (atRest as? SelectedSource)?.hasReachedLimit == true { ending = .limit }
        if progress.frames == 0, case .limit = ending {
            report(.warning("\(description.uri): no picture lies in the part that was asked for"))
        } else if progress.frames == 0, case .endOfSource = ending, options.frames.from != nil {
            report(.warning("\(description.uri): ends before the part that was asked for"))
        }

        let seconds = stopwatch.seconds
        let decoded = statistics.decoded + (bookmark.map { $0.frame + 1 } ?? 0)
        var summary = RunSummary(
            frames: progress.frames, decoded: decoded, dropped: run.dropped, corrupt: statistics.corrupt, people: progress.people,
            seconds: seconds, stageSeconds: run.times.seconds, outputs: [], reason: ending.reason.rawValue, interruptedBy: signal)
        if let records {
            let end = EndRecord(
                reason: ending.reason, frames: progress.frames, decoded: decoded, dropped: run.dropped, corrupt: statistics.corrupt,
                people: progress.people, seconds: seconds, fps: summary.framesPerSecond, error: ending.failure?.description,
                source: shared?.source)
            do {
                _ = try records.write(.end(end))
                if shared == nil { try records.close() }
            } catch {
                if ending.failure == nil { ending = .failed(error) }
            }
            if shared == nil { summary.outputs.append(RunSummary.Output(path: outputs.records ?? "-", bytes: records.bytesWritten)) }
        }
        if let videoOutput { summary.outputs.append(videoOutput) }
        if let failure = ending.failure { throw failure }
        if ending.isComplete { forgetBookmark() }
        if bookmark != nil, ending.isComplete, let film = outputs.video {
            summary.outputs.append(try rebuild(film, report))
        }
        return summary
    }

    /// Takes the finished frames, in order, and writes them.
    private func consume(
        _ run: PipelineRun, of source: SourceDescription, records: RecordWriter?, video: VideoStage?, written: (ProcessedFrame) -> Void
    ) throws -> Ending {
        while let processed = try run.output.receive() {
            if let records {
                let outcome = try run.times.measure(.write) { try write(processed, of: source, to: records) }
                if outcome == .readerClosed { return .readerClosed }
            }
            written(processed)
            // A video that cannot go on says why when it is finished.
            if let video, !video.send(processed) { return .endOfSource }
        }
        return .endOfSource
    }

    /// One line for the frame, and before it one for the gap that it ends.
    private func write(_ processed: ProcessedFrame, of source: SourceDescription, to records: RecordWriter) throws -> RecordWriter.Outcome {
        if let gap = processed.frame.live?.gap,
            try records.write(.gap(GapRecord(gap, source: shared?.source))) == .readerClosed
        {
            return .readerClosed
        }
        var line = FrameRecord(processed.result, source: shared?.source, live: processed.frame.live.map(FrameRecord.Live.init))
        if processed.frame.width != source.width || processed.frame.height != source.height {
            line.size = FrameRecord.PictureSize(width: processed.frame.width, height: processed.frame.height)
        }
        if options.storesFlow {
            line.motion = processed.motion
        } else {
            line.result.forgetAppearances()
        }
        return try records.write(line)
    }

    /// The first line; hashes the models.
    private func header(of source: SourceDescription, _ report: (RunEvent) -> Void) throws -> HeaderRecord {
        let models = try pipeline.models.map { (file: $0, sha256: try $0.sha256()) }
        for model in models {
            if let known = model.file.registered, known.fingerprint != .unknown || !known.variants.isEmpty, !known.knows(model.sha256) {
                report(.note("\(model.file.place): another file than the \(known.name) whose accuracy the registry states"))
            }
        }
        var options = options
        options.measured = pipeline.networks.measuredDigest
        return HeaderRecord(
            version: Versions.program,
            source: HeaderRecord.Source(
                name: shared?.source ?? source.name, uri: source.uri, width: source.width, height: source.height, rotation: source.rotation,
                timeBase: HeaderRecord.TimeBase(source.timeBase.numerator, source.timeBase.denominator), frameRate: source.frameRate,
                frames: source.frames, startTime: source.startTime, isLive: source.isLive),
            keypoints: pipeline.keypointSet, pipeline: pipeline.configuration.json,
            models: models.map { HeaderRecord.Model(name: $0.file.name, sha256: $0.sha256) }, options: options.json)
    }
}
