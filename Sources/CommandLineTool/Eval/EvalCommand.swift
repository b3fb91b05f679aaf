import ArgumentParser
import Records

/// `posestream eval …`: networks or stored results against ground truth.
struct EvalCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "eval",
        abstract: "Score networks or stored results against ground truth.",
        discussion: """
            Examples:
              posestream eval mot gt.txt poses.ndjson
            """,
        subcommands: [EvalMOTCommand.self])
}

extension JSONValue {
    /// A number that may be undefined.
    static func optional(_ value: Double?) -> JSONValue { value.map(JSONValue.number) ?? .null }
}
