import ArgumentParser
import Diagnostics
import Interchange
import Records

/// `posestream export`: stored records in other tools' formats.
struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write stored records in another tool's format.",
        discussion: """
            openpose (a file a frame) and trc (a file a person) need a folder as --output; the others go to standard output without one.
            MOT counts frames and ids from 1. TRC has y upwards; without --height a pixel is written as a millimetre.

            Examples:
              posestream export poses.ndjson --to coco -o poses.coco.json
              posestream export poses.ndjson --to csv | head
              posestream export poses.ndjson --to trc --height 1.75 -o markers
            """)

    @Argument(help: "Records: an NDJSON file, or - for standard input.")
    var poses: String

    @Option(help: "Format: coco, posetrack18, openpose, mot, cvat, csv or trc.")
    var to: ExportFormat

    @Option(name: [.short, .long], help: "File, or folder for openpose and trc; - is standard output.")
    var output: String?

    @Flag(name: [.customShort("y"), .long], help: "Replace outputs that exist.")
    var overwrite = false

    @Option(help: "Which source, for records of several.")
    var source: String?

    @Flag(help: "People whose track was not confirmed yet as well (csv always has them).")
    var tentative = false

    @Option(help: "cvat: skeleton, points or box.")
    var shape: ExportOptions.Shape = .skeleton

    @Option(help: "openpose: 18 joints (COCO) or 25 (BODY_25).")
    var joints: ExportOptions.OpenPoseBody = .coco18

    @Flag(help: "csv: one row for each person and frame.")
    var wide = false

    @Flag(help: "posetrack18: make up neck and head top from nose and shoulders.")
    var guessHead = false

    @Option(help: "posetrack18: number of the video (default: six digits at the start of the source's name, else 1).")
    var videoId: Int?

    @Option(help: "trc: how tall the person is, in metres.")
    var height: Double?

    @Option(help: "trc: rows a second (default: the source's frame rate).")
    var rate: Double?

    func validate() throws {
        if let height, !(height > 0 && height < 10) { throw ValidationError("--height must be in metres, above 0") }
        if let rate, !(rate > 0 && rate <= 10_000) { throw ValidationError("--rate must be above 0") }
    }

    func run() throws {
        var options = ExportOptions()
        options.includesTentative = tentative
        options.shape = shape
        options.body = joints
        options.isWide = wide
        options.guessesHead = guessHead
        options.video = videoId
        options.height = height
        options.rate = rate
        _ = try Export.run(poses == "-" ? .standardInput : .file(poses), to: to, destination(), options: options, source: source)
    }

    private func destination() -> Export.Destination {
        guard let output, output != "-" else { return .standardOutput }
        return to.writesFolder ? .folder(output, overwrite: overwrite) : .file(output, overwrite: overwrite)
    }
}

extension ExportFormat: ExpressibleByArgument {}
extension ExportOptions.Shape: ExpressibleByArgument {}
extension ExportOptions.OpenPoseBody: ExpressibleByArgument {}
