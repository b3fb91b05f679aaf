import ArgumentParser
import Diagnostics
import Evaluation
import Foundation
import Geometry
import PoseStream
import Records

/// `posestream eval mpii`: PCKh.
struct EvalMPIICommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mpii",
        abstract: "Score a pipeline or stored results on MPII: PCKh@0.5 by joint.",
        discussion: """
            TRUTH is the official gt_valid.mat (its pixels count from 1) or JSON with joints, joints_vis and head of each person.
            RESULTS is pred.mat or JSON of people x 16 x [x, y], in the order of the truth; --zero-based for pixels that count from 0.
            To run a pipeline of 16 MPII joints, give the annotations with centre and scale (valid.json) and the pictures.

            Examples:
              posestream eval mpii gt_valid.mat pred.mat
              posestream eval mpii gt_valid.mat preds.json --zero-based --json
              posestream eval mpii gt_valid.mat --people valid.json --pictures images --pipeline my_mpii.yaml
            """)

    @Argument(help: "Ground truth: gt_valid.mat or JSON.")
    var truth: String

    @Argument(help: "Stored results to score: pred.mat or JSON.")
    var stored: String?

    @Option(help: "Annotations with image, centre and scale of each person of the truth: run a pipeline on them.")
    var people: String?

    @Option(help: "Folder with the pictures of --people.")
    var pictures: String?

    @OptionGroup var pipeline: PipelineArguments

    @Option(help: "Keep what was found as JSON.")
    var results: String?

    @Flag(name: [.customShort("y"), .long], help: "Replace the file of --results when it exists.")
    var overwrite = false

    @Flag(help: "The results' pixels count from 0, those of the truth from 1.")
    var zeroBased = false

    @Flag(help: "One JSON object with all digits.")
    var json = false

    func validate() throws {
        guard (people == nil) == (pictures == nil) else { throw ValidationError("--people and --pictures go together") }
        guard (stored == nil) != (people == nil) else {
            throw ValidationError("give either stored results or --people and --pictures to run a pipeline on")
        }
        guard results == nil || people != nil else { throw ValidationError("--results keeps what a pipeline finds: give --people and --pictures") }
    }

    func run() throws {
        let truth = try MPIITruth(contentsOf: URL(fileURLWithPath: truth))
        if let results { try ResultFile.check(results, overwrite: overwrite) }
        let found = try predictions()
        let evaluation = try PCKhEvaluation(predicted: found, truth: truth, offset: zeroBased || (people != nil && isMatlab) ? 1 : 0)
        if json {
            let members: [JSONValue.Member] = evaluation.numbers.map { .init($0.name, .optional($0.value)) }
            print(JSONValue.object([.init("people", .integer(found.count))] + members).text)
        } else {
            var table = TextTable(header: ["percent"] + evaluation.numbers.map(\.name))
            table.add("PCKh", evaluation.numbers.map { .share($0.value) })
            print(table.text)
        }
    }

    private var isMatlab: Bool { truth.lowercased().hasSuffix(".mat") }

    private func predictions() throws -> [[Point]] {
        guard let people, let pictures else { return try MPIIResults.read(contentsOf: URL(fileURLWithPath: stored ?? "")) }
        let run = try MPIIRun(
            pipeline: pipeline.load(["pose.keypoints=native"]), people: MPIIRun.People(contentsOf: URL(fileURLWithPath: people)),
            pictures: URL(fileURLWithPath: pictures))
        let found = try run.joints(reporting: PictureProgress().show)
        if let results {
            let rows = found.map { JSONValue.array($0.map { .array([.number($0.x), .number($0.y)]) }) }
            try ResultFile.write(Data(JSONValue.array(rows).text.utf8), to: results, overwrite: overwrite)
        }
        return found
    }
}
