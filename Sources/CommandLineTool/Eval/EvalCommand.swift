import ArgumentParser
import Records

/// `posestream eval …`: networks or stored results against ground truth.
struct EvalCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "eval",
        abstract: "Score networks or stored results against ground truth.",
        discussion: """
            Examples:
              posestream eval coco person_keypoints_val2017.json results.json
              posestream eval coco person_keypoints_val2017.json --pictures val2017 --boxes truth
              posestream eval mpii gt_valid.mat pred.mat
              posestream eval posetrack truth/ results/
              posestream eval mot gt.txt poses.ndjson
            """,
        subcommands: [EvalCOCOCommand.self, EvalMPIICommand.self, EvalPoseTrackCommand.self, EvalMOTCommand.self])
}

extension JSONValue {
    /// A number that may be undefined.
    static func optional(_ value: Double?) -> JSONValue { value.map(JSONValue.number) ?? .null }
}
