import ArgumentParser
import Diagnostics
import Foundation
import PoseStream

/// `posestream render POSES.ndjson --video CLIP -o OUT.mp4`: stored results drawn onto the clip.
struct RenderCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "render",
        abstract: "Draw stored records onto their video.",
        discussion: """
            The film is the one that --annotate of the run makes: the same pictures, times and sound. Records of a part (--from, --to) give
            that part.

            Examples:
              posestream render poses.ndjson --video clip.mp4 -o annotated.mp4
              posestream retrack poses.ndjson --set track.memory=3 | posestream render - --video clip.mp4 -o longer-memory.mp4
              posestream render poses.ndjson --video clip.mp4 -o - --format matroska | ffplay -
            """)

    @Argument(help: "NDJSON file of a run; - for standard input.")
    var records: String

    @Option(help: "The video that the records were made of.")
    var video: String

    @Option(name: [.short, .long], help: "The film to write; the ending chooses the container. - is standard output with --format.")
    var output: String

    @Option(help: "Container of a film on standard output: matroska or mpegts.")
    var format: String?

    @Option(help: "Which source's lines, when the records hold several.")
    var source: String?

    @OptionGroup
    var film: VideoArguments

    @OptionGroup
    var reporting: ReportingArguments

    @Flag(name: [.customShort("y"), .long], help: "Replace an output that exists.")
    var overwrite = false

    func run() throws {
        guard output != "-" || format != nil else {
            throw Failure(
                .usage, "cannot write the video to standard output", at: "-o -", because: "its container is unknown", remedy: "add --format matroska")
        }
        guard records != "-" || video != "-" else {
            throw Failure(.usage, "cannot read both from standard input", at: "POSES and --video", because: "there is one standard input")
        }
        let job = RenderJob(
            records: records, video: video, output: output, format: format, encoding: film.encoding, overwrite: overwrite, sourceName: source)
        try reporting.run(interrupting: { job.interrupt(bySignal: $0) }) { try job.run(reporting: $0) }
    }
}
