import Diagnostics
import Downloads
import Foundation
import Media
import Pose
import Records
import Synchronization

/// One run from a source to its outputs: what `posestream run` does.
///
/// Whatever ends it, the outputs are finished: records get their end line, the video stays playable, and nothing that was
/// computed is lost.
public final class RunJob: Sendable {
    private struct State {
        var run: PipelineRun?
        var interruptedBy: Int32?
    }

    let pipeline: Pipeline
    let input: String
    let opening: InputOptions
    let outputs: RunOutputs
    let options: RunOptions
    private let isStrict: Bool
    /// Where the lines go when several sources write to one place.
    private let shared: SharedRecords?
    private let state = Mutex(State())

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

    /// Asks the run to end in good order. Safe from any thread. False when nothing runs yet: there is nothing to finish.
    public func interrupt(bySignal signal: Int32) -> Bool {
        let run = state.withLock { state in
            state.interruptedBy = signal
            return state.run
        }
        run?.stopReading()
        return run != nil
    }

    /// Runs to the end of the source, an interruption or an error.
    ///
    /// - Parameter report: told of progress and warnings; from the thread that reads when a live source is lost or comes back.
    /// - Throws: `Failure`; the outputs are finished before it is thrown.
    public func run(reporting report: @escaping @Sendable (RunEvent) -> Void) throws -> RunSummary {
        let stopwatch = Stopwatch()
        let whole = try openSource(wantedFrames, report)
        let description = whole.description
        let expectedFrames = whole.expectedFrames
        try options.area.check(against: description)
        let header = try header(of: description, report)
        let bookmark: Bookmark?
        switch try begin(with: header, whole, report) {
        case .run(let earlier): bookmark = earlier
        case .finished(let end): return RunSummary(finished: end, records: outputs.records ?? "-")
        }
        let source = try bookmark.map { try reopen(whole, after: $0, report) } ?? whole
        // What cannot be written must fail before the work begins. The video is opened first: it touches its file only
        // after every check, so a refused video leaves no empty NDJSON behind. A film that was cut off is rebuilt in the end.
        let film = bookmark == nil ? outputs.video : nil
        let video = try film.map {
            try VideoStage(
                destination: $0, format: outputs.videoFormat, encoding: outputs.encoding, overwrite: outputs.overwrite || outputs.resume,
                source: source, from: options.frames.from, keypointSet: pipeline.keypointSet)
        }
        let records = try shared?.writer ?? outputs.records.map { try RecordWriter(destination($0, after: bookmark)) }
        if let records, bookmark == nil { _ = try records.write(.header(header)) }
        let keeper = keeper(records, bookmark, isLive: description.isLive)

        var continuation = Continuation(after: bookmark, selection: source.selection)
        continuation.interval = keeper == nil ? nil : Self.bookmarkInterval
        let run = try pipeline.start(source, policy: opening.policy(for: description), options: options, continuing: continuation)
        video?.start(times: run.times)
        let interruptedEarly = state.withLock { state in
            state.run = run
            return state.interruptedBy != nil
        }
        if interruptedEarly { run.stopReading() }

        var progress = ProgressCount(frames: bookmark?.frames ?? 0, ids: bookmark?.ids ?? [])
        var ending: Ending
        do {
            ending = try consume(run, of: description, records: records, video: video) { processed in
                report(.progress(progress.next(processed.result, total: expectedFrames, elapsed: stopwatch.seconds)))
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
        let signal = state.withLock { $0.interruptedBy }
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
        if options.storesFlow { line.motion = processed.motion?.record }
        return try records.write(line)
    }

    /// The first line; hashes the models.
    private func header(of source: SourceDescription, _ report: (RunEvent) -> Void) throws -> HeaderRecord {
        let models = try pipeline.models.map { (file: $0, sha256: try $0.sha256()) }
        for model in models {
            if let known = model.file.registered, known.fingerprint != .unknown || !known.variants.isEmpty, !known.knows(model.sha256) {
                report(.note("\(model.file.url.path): another file than the \(known.name) whose accuracy the registry states"))
            }
        }
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

/// Why a run came to its end.
enum Ending {
    case endOfSource
    /// The part that was asked for is done.
    case limit
    case interrupted
    case readerClosed
    case failed(Failure)

    var failure: Failure? {
        if case .failed(let failure) = self { failure } else { nil }
    }

    /// All that was asked for is done.
    var isComplete: Bool {
        switch self {
        case .endOfSource, .limit: true
        case .interrupted, .readerClosed, .failed: false
        }
    }

    var reason: EndRecord.Reason {
        switch self {
        case .endOfSource: .endOfFile
        case .limit: .limit
        case .interrupted: .interrupted
        case .readerClosed: .outputClosed
        case .failed: .error
        }
    }
}

/// Seconds since it was made.
struct Stopwatch {
    private let start = ContinuousClock.now

    var seconds: Double {
        let passed = (ContinuousClock.now - start).components
        return Double(passed.seconds) + Double(passed.attoseconds) / 1e18
    }
}

extension Failure {
    /// Any error as a failure; what is none of ours is a defect.
    init(wrapping error: any Error) {
        self = error as? Failure
            ?? Failure(.internalDefect, "unexpected error", at: "", because: "\(error)", remedy: "please report this line")
    }
}
