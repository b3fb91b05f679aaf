import Diagnostics
import Dispatch
import Foundation
import Records
import Synchronization

/// Several sources side by side through one pipeline: each with its own stages, ids and policy, all with the same networks.
///
/// A source that fails ends alone. The lines of all sources go to one writer, each with the name of its source, or to a file of
/// their own.
public final class MultiRun: Sendable {
    /// How one source ended.
    public struct Outcome: Sendable {
        public var source: String
        public var result: Result<RunSummary, Failure>
    }

    private let jobs: [(name: String, job: RunJob)]
    private let lines: JoinedLines?
    private let progress = Mutex<[Int: RunProgress]>([:])

    /// - Parameters:
    ///   - records: where the lines of all sources go together; nil when there are none, or each source has its own file.
    ///   - makeJob: the job for a source, with the writer that it shares.
    public init(_ inputs: [RunInput], records: RecordWriter?, makeJob: (RunInput, SharedRecords?) throws -> RunJob) rethrows {
        let lines = records.map(JoinedLines.init)
        self.lines = lines
        jobs = try inputs.map { input in
            (input.name, try makeJob(input, lines.map { SharedRecords(lines: $0, source: input.name) }))
        }
    }

    /// Asks all of them to end in good order. Safe from any thread. False when none runs yet.
    public func interrupt(bySignal signal: Int32) -> Bool {
        // Every one must hear it, also those that have not begun.
        let running = jobs.map { $0.job.interrupt(bySignal: signal) }
        return running.contains(true)
    }

    /// Runs until all have ended.
    ///
    /// - Parameters:
    ///   - report: told of warnings, and of the progress of all together.
    ///   - ended: told of each source when it ends, from its thread.
    /// - Returns: how they ended, in the order of the inputs.
    public func run(
        reporting report: @escaping @Sendable (RunEvent) -> Void, ended: @escaping @Sendable (Outcome) -> Void
    ) throws -> [Outcome] {
        let outcomes = Mutex<[Int: Outcome]>([:])
        // Not a group: a thread that waits for one hears no signal under the thread sanitizer.
        let done = DispatchSemaphore(value: 0)
        for (index, (name, job)) in jobs.enumerated() {
            // A job blocks its thread as long as it lasts, so it gets one of its own.
            DispatchQueue(label: "posestream.source.\(name)").async { [self] in
                let result = Result { try job.run { self.handle($0, of: index, report) } }.mapError(Failure.init(wrapping:))
                let outcome = Outcome(source: name, result: result)
                outcomes.withLock { $0[index] = outcome }
                ended(outcome)
                done.signal()
            }
        }
        for _ in jobs { done.wait() }
        try lines?.close()
        return outcomes.withLock { outcomes in outcomes.sorted { $0.key < $1.key }.map(\.value) }
    }

    private func handle(_ event: RunEvent, of index: Int, _ report: (RunEvent) -> Void) {
        guard case .progress(let progress) = event else { return report(event) }
        let sum = self.progress.withLock { all in
            all[index] = progress
            return RunProgress(sum: Array(all.values), of: jobs.count)
        }
        report(.progress(sum))
    }
}

extension RunProgress {
    /// Several sources together; the total is known when that of each is.
    init(sum parts: [RunProgress], of count: Int) {
        let totals = parts.compactMap(\.total)
        self.init(
            frames: parts.reduce(0) { $0 + $1.frames }, total: totals.count == count ? totals.reduce(0, +) : nil,
            elapsed: parts.map(\.elapsed).max() ?? 0, framesPerSecond: parts.reduce(0) { $0 + $1.framesPerSecond },
            people: parts.reduce(0) { $0 + $1.people }, time: parts.map(\.time).max() ?? 0)
    }
}

extension [MultiRun.Outcome] {
    /// A line a source, and one for all.
    public var text: String {
        let width = map(\.source.count).max() ?? 0
        var frames = 0
        var seconds = 0.0
        var lines = map { outcome in
            let name = outcome.source.padding(toLength: width, withPad: " ", startingAt: 0)
            switch outcome.result {
            case .success(let summary):
                frames += summary.frames
                seconds = Swift.max(seconds, summary.seconds)
                let files = summary.outputs.map { "\($0.path) (\(RunSummary.size($0.bytes)))" }.joined(separator: ", ")
                return "\(name)  \(summary.frames) frames, \(summary.dropped) dropped, \(String(format: "%.1f", summary.framesPerSecond)) fps, "
                    + "\(summary.people) people, \(summary.reason)" + (files.isEmpty ? "" : "  \(files)")
            case .failure(let failure): return "\(name)  failed: \(failure.why)"
            }
        }
        lines.append("\(count) sources, \(frames) frames in \(String(format: "%.1f", seconds)) s")
        return lines.joined(separator: "\n")
    }
}
