import Diagnostics
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

    private let pipeline: Pipeline
    private let input: String
    private let opening: InputOptions
    private let outputs: RunOutputs
    private let isStrict: Bool
    /// Where the lines go when several sources write to one place.
    private let shared: SharedRecords?
    private let state = Mutex(State())

    /// - Parameters:
    ///   - input: as on the command line.
    ///   - opening: how it is opened.
    ///   - isStrict: a truncated or damaged input is an error (exit 65) instead of a warning.
    ///   - shared: where the lines go, with the name of this source, when several write to one place; then `outputs.records` is nil.
    public init(
        pipeline: Pipeline, input: String, opening: InputOptions = InputOptions(), outputs: RunOutputs, isStrict: Bool = false,
        shared: SharedRecords? = nil
    ) {
        self.shared = shared
        self.pipeline = pipeline
        self.input = input
        self.opening = opening
        self.outputs = outputs
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
        var sourceOptions = opening.sourceOptions { report(.warning($0)) }
        sourceOptions.keepsOtherStreams = outputs.video != nil
        let opened = try pipeline.openSource(.argument(input), options: sourceOptions)
        let policy = opening.policy(for: opened.description)
        let source = opening.paced(opened, under: policy)
        let description = source.description
        // What cannot be written must fail before the work begins. The video is opened first: it touches its file only
        // after every check, so a refused video leaves no empty NDJSON behind.
        let video = try outputs.video.map {
            try VideoStage(
                destination: $0, format: outputs.videoFormat, encoding: outputs.encoding, overwrite: outputs.overwrite, source: source,
                keypointSet: pipeline.keypointSet)
        }
        let records = try shared?.writer ?? outputs.records.map { try RecordWriter(destination($0)) }
        let models = try pipeline.models.map { (file: $0, sha256: try $0.sha256()) }
        for model in models {
            if let known = model.file.registered, known.sha256 != model.sha256 {
                report(.note("\(model.file.url.path): another file than the \(known.name) whose accuracy the registry states"))
            }
        }
        let named = models.map { HeaderRecord.Model(name: $0.file.name, sha256: $0.sha256) }
        if let records { _ = try records.write(.header(header(of: description, models: named))) }

        let run = try pipeline.start(source, policy: policy)
        video?.start(times: run.times)
        let interruptedEarly = state.withLock { state in
            state.run = run
            return state.interruptedBy != nil
        }
        if interruptedEarly { run.stopReading() }

        var tally = Tally()
        var ending: Ending
        do {
            ending = try consume(run, records: records, video: video, tally: &tally) { frame, tally in
                let elapsed = stopwatch.seconds
                report(
                    .progress(
                        RunProgress(
                            frames: tally.frames, total: description.frames, elapsed: elapsed,
                            framesPerSecond: tally.rate(elapsed: elapsed), people: frame.people.count, time: frame.time)))
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

        let seconds = stopwatch.seconds
        var summary = RunSummary(
            frames: tally.frames, decoded: statistics.decoded, dropped: run.dropped, corrupt: statistics.corrupt, people: tally.people,
            seconds: seconds, stageSeconds: run.times.seconds, outputs: [], reason: ending.reason.rawValue, interruptedBy: signal)
        if let records {
            let end = EndRecord(
                reason: ending.reason, frames: tally.frames, decoded: statistics.decoded, dropped: run.dropped, corrupt: statistics.corrupt,
                people: tally.people, seconds: seconds, fps: summary.framesPerSecond, error: ending.failure?.description,
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
        return summary
    }

    /// Takes the finished frames, in order, and writes them.
    private func consume(
        _ run: PipelineRun, records: RecordWriter?, video: VideoStage?, tally: inout Tally,
        progress: (FrameResult, inout Tally) -> Void
    ) throws -> Ending {
        while let processed = try run.output.receive() {
            if let records {
                let outcome = try run.times.measure(.write) { try write(processed, to: records) }
                if outcome == .readerClosed { return .readerClosed }
            }
            tally.count(processed.result)
            // A video that cannot go on says why when it is finished.
            if let video, !video.send(processed) { return .endOfSource }
            progress(processed.result, &tally)
        }
        return .endOfSource
    }

    /// One line for the frame, and before it one for the gap that it ends.
    private func write(_ processed: ProcessedFrame, to records: RecordWriter) throws -> RecordWriter.Outcome {
        if let gap = processed.frame.live?.gap,
            try records.write(.gap(GapRecord(gap, source: shared?.source))) == .readerClosed
        {
            return .readerClosed
        }
        return try records.write(
            FrameRecord(processed.result, source: shared?.source, live: processed.frame.live.map(FrameRecord.Live.init)))
    }

    private func destination(_ path: String) -> RecordWriter.Destination {
        path == "-" ? .standardOutput : .file(path, overwrite: outputs.overwrite)
    }

    private func header(of source: SourceDescription, models: [HeaderRecord.Model]) -> HeaderRecord {
        HeaderRecord(
            version: Versions.program,
            source: HeaderRecord.Source(
                name: shared?.source ?? source.name, uri: source.uri, width: source.width, height: source.height, rotation: source.rotation,
                timeBase: HeaderRecord.TimeBase(source.timeBase.numerator, source.timeBase.denominator), frameRate: source.frameRate,
                frames: source.frames, startTime: source.startTime, isLive: source.isLive),
            keypoints: pipeline.keypointSet, pipeline: pipeline.configuration.json,
            models: models)
    }
}

/// Why a run came to its end.
private enum Ending {
    case endOfSource
    case interrupted
    case readerClosed
    case failed(Failure)

    var failure: Failure? {
        if case .failed(let failure) = self { failure } else { nil }
    }

    var reason: EndRecord.Reason {
        switch self {
        case .endOfSource: .endOfFile
        case .interrupted: .interrupted
        case .readerClosed: .outputClosed
        case .failed: .error
        }
    }
}

/// Counts what was written.
private struct Tally {
    private(set) var frames = 0
    private var ids: Set<Int> = []
    private var window = FrameRateWindow(seconds: 5)

    /// Ids of people who were confirmed at least once.
    var people: Int { ids.count }

    mutating func count(_ result: FrameResult) {
        frames += 1
        for person in result.people where person.state != .tentative {
            if let id = person.id { ids.insert(id) }
        }
    }

    mutating func rate(elapsed: Double) -> Double { window.rate(frames: frames, elapsed: elapsed) }
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
