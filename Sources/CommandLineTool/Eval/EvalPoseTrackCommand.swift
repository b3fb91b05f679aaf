import ArgumentParser
import Evaluation
import Foundation
import Records

/// `posestream eval posetrack`: poses and their ids on PoseTrack18.
struct EvalPoseTrackCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "posetrack",
        abstract: "Score tracked poses against PoseTrack18 truth: mAP, MOTA, MOTP, precision, recall by joint; IDF1, HOTA.",
        discussion: """
            TRUTH is a JSON file of PoseTrack18, RESULTS records of posestream (frame 0 is the first picture of the sequence) or such a
            JSON file. Both may be folders: each NAME.json is scored with NAME.ndjson or NAME.json, and all together.
            COCO's joints lack PoseTrack's neck and head top: they count as missed unless --guess-head makes them up.

            Examples:
              posestream eval posetrack truth/000342_mpii_test.json results/000342_mpii_test.ndjson --guess-head
              posestream eval posetrack truth/ results/ --json | jq .MOTA.total
              posestream eval posetrack truth/ results/ --compat poseval
            """)

    @Argument(help: "Truth: a file, or a folder of them.")
    var truth: String

    @Argument(help: "Results: NDJSON or PoseTrack18 JSON, or a folder of them.")
    var results: String

    @Flag(help: "Make up neck and head top of COCO's joints from nose and shoulders.")
    var guessHead = false

    @Option(help: "none, or poseval: repeat the known faults of that program, to compare with its figures.")
    var compat: PoseTrackEvaluation.Compatibility = .none

    @Flag(help: "Count people whose track was never confirmed as well.")
    var tentative = false

    @Option(help: "Which source, for records of several.")
    var source: String?

    @Flag(help: "One JSON object instead of tables.")
    var json = false

    func run() throws {
        let pairs = try SequencePair.pairs(truth: truth, results: results, truthEndings: ["json"], resultEndings: ["ndjson", "json"])
        let sequences = try pairs.map { pair in
            let truth = try PoseTrackFile(contentsOf: pair.truth)
            guard pair.results.pathExtension == "json" else {
                return try PoseTrackSequence(
                    truth: truth, predicted: StoredPeople(.file(pair.results.path), source: source), guessesHead: guessHead,
                    countsTentative: tentative, place: pair.name, skipsEmptyTruth: compat == .poseval)
            }
            return try PoseTrackSequence(
                truth: truth, predicted: PoseTrackFile(contentsOf: pair.results), place: pair.name, skipsEmptyTruth: compat == .poseval)
        }
        let evaluation = PoseTrackEvaluation(sequences, compatibility: compat)
        let tracking = TrackingReport(sequences: zip(pairs.map(\.name), evaluation.tracking).map { (name: $0, score: $1) })
        print(json ? report(evaluation, tracking) : table(evaluation) + "\n\nwhole people by OKS\n" + tracking.text(json: false))
    }

    private func table(_ evaluation: PoseTrackEvaluation) -> String {
        var table = TextTable(header: ["percent"] + PoseTrackEvaluation.Figure.groupNames)
        for (name, figure) in evaluation.figures { table.add(name, figure.groups.map { .share($0) }) }
        return table.text
    }

    private func report(_ evaluation: PoseTrackEvaluation, _ tracking: TrackingReport) -> String {
        let figures = evaluation.figures.map { name, figure in
            let joints = zip(PoseTrackJoint.allCases, figure.joints).map { JSONValue.Member($0.name, .optional($1)) }
            return JSONValue.Member(name, .object(joints + [.init("total", .optional(figure.total))]))
        }
        return JSONValue.object([.init("compat", .string(compat.rawValue))] + figures + [.init("oks", tracking.value)]).text
    }
}

extension PoseTrackEvaluation.Compatibility: ExpressibleByArgument {}
