import ArgumentParser
import Diagnostics
import Foundation
import Logging
import PoseStream

/// `posestream [run] INPUT`: video in, people out.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Find and track the people in a video.",
        discussion: """
            INPUT is a video file, a folder or quoted glob of pictures, - for standard input, a stream (rtsp, http, https, udp, srt,
            rtmp), a camera (v4l2:/dev/video0), a screen (x11grab::0.0) or generated pictures (lavfi:testsrc).

            Several inputs run side by side with the same networks; each line tells its source, and -o and --annotate may name a folder or
            a pattern with {source} for a file of each.

            Examples:
              posestream clip.mp4 | jq -c 'select(.type == "frame") | [.time, (.people | length)]'
              posestream run clip.mp4 -o poses.ndjson --annotate annotated.mp4
              posestream run front.mp4 side.mp4 -o all.ndjson --annotate films/
              posestream run rtsp://camera.local/stream --timeout 5 --reconnect inf
              ffmpeg -loglevel error -i clip.mp4 -f matroska - | posestream - --set pose.flip=true > poses.ndjson
            """)

    @Argument(help: "Video file, folder or glob of pictures, - for standard input, stream, camera or screen.")
    var inputs: [String] = []

    @Option(help: ArgumentHelp("YAML file that lists the inputs: sources: [ { name: door, input: rtsp://… } ].", valueName: "file"))
    var sources: String?

    @Option(name: [.short, .long], help: "NDJSON file, or a folder; - is standard output (the default unless only --annotate is given).")
    var output: String?

    @Option(name: [.short, .long], help: "Annotated video, or a folder; the ending chooses the container (mp4, mkv, mov, avi, ts). - is standard output with --format.")
    var annotate: String?

    @Option(help: "Container of an annotated video on standard output: matroska or mpegts.")
    var format: String?

    @OptionGroup(title: "Annotated video")
    var video: VideoArguments

    @OptionGroup(title: "Input options")
    var inputArguments: InputArguments

    @Option(name: [.short, .long], help: "Pipeline: a name or a YAML file.")
    var pipeline: String = "default"

    @Option(name: .customLong("set"), help: "Override a pipeline key: --set detect.score=0.4 (repeatable).")
    var settings: [String] = []

    @Option(help: "Run the detector on every so-manieth frame, or auto: when flow is not sure enough. In between flow carries people.")
    var detectEvery: String?

    @Option(help: "Run the pose network on every so-manieth frame for people who are known, or auto.")
    var poseEvery: String?

    @Option(help: "The number of people known to be in the shot: there will never be more ids.")
    var people: Int?

    @Flag(help: "Do without optical flow: people are followed by their velocity.")
    var noFlow = false

    @Flag(help: "Take the jitter out of the poses (One Euro filter); the raw ones stay in the records.")
    var smooth = false

    @Flag(help: "Print the resolved pipeline and stop.")
    var printPipeline = false

    @OptionGroup(title: "Part of the film")
    var part: PartArguments

    @Option(help: "A further folder with models, searched first (repeatable).")
    var models: [String] = []

    @Option(help: "Threads for networks (default: $POSESTREAM_THREADS, else the number of cores).")
    var threads: Int?

    @Option(help: "Numbers that networks multiply in: auto (f32 unless bf16 was checked), f32 or bf16.")
    var precision: NetworkPrecision = .automatic

    @Flag(name: [.customShort("y"), .long], help: "Replace outputs that exist.")
    var overwrite = false

    @Flag(help: "Go on where an earlier run with the same options was stopped or killed; begin when there was none.")
    var resume = false

    @Flag(help: "Exit with 65 when the input was truncated or damaged.")
    var strict = false

    @Option(help: "Progress on standard error: auto, plain, json or none.")
    var progress: ProgressStyle = .auto

    @Option(help: "How much is said on standard error.")
    var logLevel: Logger.Level = .warning

    @Flag(name: [.short, .long], help: "No progress, no summary, no warnings.")
    var quiet = false

    func run() throws {
        let configuration = try resolvedConfiguration()
        if printPipeline {
            print(configuration.yaml, terminator: "")
            return
        }
        let inputs = try resolvedInputs()
        // What is wrong with the command line is said before any model is looked for.
        let outputs = try outputs()
        try check(outputs, of: inputs)
        let options = try part.options(precision: precision)
        let pipeline = try Pipeline(
            configuration: configuration, models: .standard(first: models), threads: try ThreadCount.resolve(threads),
            precision: precision)
        let reporter = Reporter(style: quiet ? .none : progress, level: quiet ? .error : logLevel)
        if !quiet { reporter.hint(at: pipeline.betterModels) }
        let makeJob = { (source: RunInput, outputs: RunOutputs, shared: SharedRecords?) in
            RunJob(
                pipeline: pipeline, input: source.input, opening: source.opening, outputs: outputs, options: options, isStrict: strict,
                shared: shared)
        }
        if hasSeveralSources { return try runAll(inputs, outputs, reporter, makeJob: makeJob) }
        let job = makeJob(inputs[0], self.outputs(of: inputs[0], from: outputs), nil)
        let signals = SignalWatch { signal in
            // Nothing is written yet: there is nothing to finish.
            if !job.interrupt(bySignal: signal) { Foundation.exit(128 + signal) }
        }
        defer { signals.stop() }
        let summary = try job.run(reporting: { reporter.handle($0) })
        reporter.finish(quiet ? nil : progress == .json ? summary.json : summary.text)
        if let signal = summary.interruptedBy { throw ExitCode(128 + signal) }
    }

    private func resolvedConfiguration() throws -> PipelineConfiguration {
        var configuration = try PipelineConfiguration.named(pipeline)
        for assignment in settings { try configuration.apply(assignment: assignment) }
        if let detectEvery {
            guard configuration.detect != nil else {
                throw Failure(
                    .usage, "cannot choose when the detector runs", at: "--detect-every \(detectEvery)",
                    because: "pipeline \(configuration.name) has none", remedy: "--pose-every says when its network runs")
            }
            try configuration.set("detect.every", to: detectEvery, at: "--detect-every")
        }
        if let poseEvery { try configuration.set("pose.every", to: poseEvery, at: "--pose-every") }
        if let people { try configuration.set("track.people", to: String(people), at: "--people") }
        if noFlow { try configuration.set("track.flow", to: "none", at: "--no-flow") }
        if smooth { try configuration.set("track.smooth", to: "true", at: "--smooth") }
        if part.noTrack { try configuration.forgetEarlierFrames() }
        return configuration
    }

    private func outputs() throws -> RunOutputs {
        if annotate == "-" && (output == "-" || format == nil) {
            throw Failure(
                .usage, "cannot write the video to standard output", at: "--annotate -",
                because: output == "-" ? "the records go there" : "its container is unknown",
                remedy: "posestream clip.mp4 --annotate - --format matroska -o poses.ndjson | ffplay -")
        }
        let records = output ?? (annotate == nil ? "-" : nil)
        var outputs = RunOutputs(records: records, video: annotate, videoFormat: format, overwrite: overwrite)
        outputs.encoding = video.encoding
        outputs.resume = resume
        return outputs
    }
}

extension Logger.Level: @retroactive ExpressibleByArgument {}
extension NetworkPrecision: ExpressibleByArgument {}
