import ArgumentParser
import Foundation
import Logging
import PoseStream

/// How much a command says while it works, and how it ends when it is interrupted.
struct ReportingArguments: ParsableArguments {
    @Option(help: "Progress on standard error: auto, plain, json or none.")
    var progress: ProgressStyle = .auto

    @Option(help: "How much is said on standard error.")
    var logLevel: Logger.Level = .warning

    @Flag(name: [.short, .long], help: "No progress, no summary, no warnings.")
    var quiet = false

    /// Runs a job with its signals watched and its events shown; throws the exit code of an interruption.
    ///
    /// - Parameter interrupt: asks the job to end in good order; false when there is nothing to finish yet.
    func run(interrupting interrupt: @escaping @Sendable (Int32) -> Bool, _ job: ((RunEvent) -> Void) throws -> RunSummary) throws {
        let reporter = Reporter(style: quiet ? .none : progress, level: quiet ? .error : logLevel)
        let signals = SignalWatch { signal in
            if !interrupt(signal) { Foundation.exit(128 + signal) }
        }
        defer { signals.stop() }
        let summary = try job { reporter.handle($0) }
        reporter.finish(quiet ? nil : progress == .json ? summary.json : summary.text)
        if let signal = summary.interruptedBy { throw ExitCode(128 + signal) }
    }
}
