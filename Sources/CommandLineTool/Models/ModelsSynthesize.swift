import ArgumentParser
import Foundation
import PoseStream

/// `posestream models synthesize`: weights from a formula.
struct SynthesizeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "synthesize",
        abstract: "Write a weight file with numbers from a formula, to measure speed without the published one.",
        discussion: """
            The poses that come out mean nothing. Without a name the networks are listed.

            Examples:
              posestream models synthesize
              posestream models synthesize cpn-r50 --into weights
              posestream clip.mp4 --pipeline cpn --models weights
            """)

    @Argument(help: "The network: cpn-r50, lightweight-openpose and so on.")
    var name: String?

    @Option(help: "Folder for the file, which gets the name that the network's pipeline looks for.")
    var into = "."

    @Flag(help: "Replace a file that exists.")
    var overwrite = false

    func run() throws {
        guard let name else {
            for network in SyntheticWeights.all { print("\(network.name)  \(network.fileName)") }
            return
        }
        let folder = URL(fileURLWithPath: into, isDirectory: true)
        print(try SyntheticWeights.named(name).write(into: folder, overwrite: overwrite).path)
    }
}
