import ArgumentParser
import Records

/// `posestream schema`: the JSON Schema of the records.
struct SchemaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema",
        abstract: "Print the JSON Schema of the records.",
        discussion: """
            Examples:
              posestream schema > posestream-1.schema.json
              posestream schema | jq '.title'
              posestream schema | jq -r '.["$defs"] | keys[]'
            """)

    func run() throws {
        print(Record.jsonSchema)
    }
}
