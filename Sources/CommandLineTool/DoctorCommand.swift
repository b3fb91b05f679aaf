import ArgumentParser
import Foundation
import PoseStream

/// `posestream doctor`: what this machine offers and what is missing.
struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Show what this machine offers and what is missing.",
        discussion: """
            Examples:
              posestream doctor
              posestream doctor --models ./weights
              posestream doctor --json | jq .missing
            """)

    @Option(help: "A further folder with models, searched first (repeatable).")
    var models: [String] = []

    @Flag(help: "One JSON object instead of lines.")
    var json = false

    func run() throws {
        let report = Doctor.examine(models: .standard(first: models))
        print(json ? try report.json() : report.text)
    }
}
