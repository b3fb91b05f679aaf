import ArgumentParser
import Diagnostics
import PoseStream

/// `posestream retrack POSES.ndjson -o OUT.ndjson`: stored people linked again, without networks.
struct RetrackCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retrack",
        abstract: "Link stored people again with other tracking options, and join parts of a film; no networks run.",
        discussion: """
            Several POSES are the parts of one film, in order. Records that were linked before hold only the people that were linked then;
            those of --no-track hold all that the networks found.

            Examples:
              posestream retrack poses.ndjson --set track.memory=3 -o longer-memory.ndjson
              posestream retrack poses.ndjson --set track.similarity=box | jq -r 'select(.type == "end") | .people'
              posestream retrack part-0.ndjson part-1.ndjson part-2.ndjson -o whole.ndjson
            """)

    @Argument(help: "NDJSON files, in the order of the film; - for standard input.")
    var records: [String]

    @Option(name: [.short, .long], help: "NDJSON file; - is standard output.")
    var output: String = "-"

    @Option(name: [.short, .long], help: "Take the tracking of this pipeline: a name or a YAML file. Otherwise that of the records.")
    var pipeline: String?

    @Option(name: .customLong("set"), help: "Override a tracking key: --set track.memory=2 (repeatable).")
    var settings: [String] = []

    @Flag(help: "Keep the motion that --store-flow has put into the lines.")
    var storeFlow = false

    @OptionGroup
    var reporting: ReportingArguments

    @Flag(name: [.customShort("y"), .long], help: "Replace an output that exists.")
    var overwrite = false

    func run() throws {
        let tracking = try pipeline.map { try PipelineConfiguration.named($0) }
        for setting in settings where !setting.hasPrefix("track.") {
            throw Failure(
                .usage, "cannot change that now", at: "--set \(setting)", because: "no networks run: only keys of the track section count")
        }
        let settings = settings
        let job = RetrackJob(records: records, output: output, overwrite: overwrite, keepsFlow: storeFlow) { configuration in
            if let tracking { configuration.takeTracking(of: tracking) }
            for setting in settings { try configuration.apply(assignment: setting) }
        }
        try reporting.run(interrupting: { job.interrupt(bySignal: $0) }) { try job.run(reporting: $0) }
    }
}
