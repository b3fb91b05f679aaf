import ArgumentParser
import Diagnostics
import Foundation
import PoseStream
import Records

/// Several sources in one run.
extension RunCommand {
    /// The inputs of the command line, or of the list that is named instead.
    func resolvedInputs() throws -> [RunInput] {
        let opening = try inputArguments.resolved()
        if let sources {
            guard inputs.isEmpty else {
                throw Failure(.usage, "two kinds of input", at: "--sources \(sources)", because: "inputs are named as well", remedy: "write them into the list")
            }
            return try SourceList.read(sources, opening: opening)
        }
        guard !inputs.isEmpty else {
            throw Failure(.usage, "nothing to process", at: "INPUT", because: "no input is given", remedy: "posestream clip.mp4")
        }
        return RunInput.named(inputs, opening: opening)
    }

    /// Whether lines carry the name of their source.
    var hasSeveralSources: Bool { sources != nil || inputs.count > 1 }

    /// - Throws: `.usage` when several sources would be one film.
    func check(_ outputs: RunOutputs, of inputs: [RunInput]) throws {
        guard let video = outputs.video, inputs.count > 1, !OutputPattern(video).isOnePerSource else { return }
        throw Failure(
            .usage, "\(inputs.count) sources cannot be one film", at: "--annotate \(video)", because: "each gets a film of its own",
            remedy: "name a folder (films/) or a pattern (films/{source}.mp4)")
    }

    /// The outputs of one source; for names that stand for a file of each.
    func outputs(of source: RunInput, from common: RunOutputs) -> RunOutputs {
        var result = common
        result.records = common.records.map { OutputPattern($0).file(for: source.name, ending: ".ndjson") }
        result.video = common.video.map { OutputPattern($0).file(for: source.name, ending: "." + videoEnding) }
        return result
    }

    private var videoEnding: String {
        switch format?.lowercased() {
        case "matroska", "mkv": "mkv"
        case "mpegts", "ts": "ts"
        case let other?: other
        case nil: "mp4"
        }
    }

    /// Runs all sources side by side; the exit code is that of the first in the list that failed.
    ///
    /// - Parameter makeJob: the job of one source with its outputs and the writer that it shares.
    func runAll(
        _ inputs: [RunInput], _ common: RunOutputs, _ reporter: Reporter,
        makeJob: (RunInput, RunOutputs, SharedRecords?) throws -> RunJob
    ) throws {
        let joined = try common.records.flatMap { path -> RecordWriter? in
            guard !OutputPattern(path).isOnePerSource else { return nil }
            return try RecordWriter(path == "-" ? .standardOutput : .file(path, overwrite: common.overwrite))
        }
        let run = try MultiRun(inputs, records: joined) { input, shared in
            var outputs = outputs(of: input, from: common)
            if shared != nil { outputs.records = nil }
            return try makeJob(input, outputs, shared)
        }
        let signals = SignalWatch { signal in
            if !run.interrupt(bySignal: signal) { Foundation.exit(128 + signal) }
        }
        defer { signals.stop() }
        let outcomes = try run.run(reporting: { reporter.handle($0) }) { outcome in
            // At once, not when the last of the others has ended.
            if case .failure(let failure) = outcome.result { ErrorLine.print(failure) }
        }
        reporter.finish(quiet ? nil : outcomes.text)
        if let failure = outcomes.lazy.compactMap(\.failure).first { throw ExitCode(failure.exitCode) }
        if let signal = outcomes.lazy.compactMap({ try? $0.result.get().interruptedBy }).first { throw ExitCode(128 + signal) }
    }
}

extension MultiRun.Outcome {
    fileprivate var failure: Failure? {
        if case .failure(let failure) = result { failure } else { nil }
    }
}
