import ArgumentParser
import Diagnostics
import Foundation
import PoseStream

/// The counter: turns arguments into a job, and whatever happens into one line and an exit code.
@main
struct Posestream: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "posestream",
        abstract: "Turns video into people: decode, detect, pose, track; NDJSON or annotated video out.",
        discussion: """
            Examples:
              posestream clip.mp4 > poses.ndjson
              posestream clip.mp4 -o poses.ndjson --annotate annotated.mp4
              posestream doctor
            """,
        version: Versions.summary,
        subcommands: [
            RunCommand.self, RenderCommand.self, RetrackCommand.self, EvalCommand.self, ExportCommand.self, ModelsCommand.self,
            BenchCommand.self, DevicesCommand.self, DoctorCommand.self, SchemaCommand.self,
        ],
        defaultSubcommand: RunCommand.self)

    static func main() {
        // A closed pipe must come back as an error from write, so that other outputs can be finished.
        signal(SIGPIPE, SIG_IGN)
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch let exitCode as ExitCode {
            Foundation.exit(exitCode.rawValue)
        } catch let failure as Failure {
            ErrorLine.print(failure)
            Foundation.exit(failure.exitCode)
        } catch where Posestream.exitCode(for: error) == .success {
            // --help and --version arrive as errors, too.
            print(Posestream.fullMessage(for: error))
            Foundation.exit(0)
        } catch where Posestream.exitCode(for: error) == .validationFailure {
            ErrorLine.print(usage: Posestream.message(for: error))
            Foundation.exit(Failure.Kind.usage.rawValue)
        } catch {
            ErrorLine.print(
                Failure(
                    .internalDefect, "unexpected error", at: "posestream \(CommandLine.arguments.dropFirst().joined(separator: " "))",
                    because: "\(error)", remedy: "please report this line"))
            Foundation.exit(Failure.Kind.internalDefect.rawValue)
        }
    }
}
