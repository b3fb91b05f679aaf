import ArgumentParser
import Diagnostics
import Foundation
import PoseStream

extension ModelsCommand {
    struct Export: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "export",
            abstract: "Write one of our networks as an ONNX file that other programs run.",
            discussion: """
                Where no weights are at hand, deterministic ones are taken: the same numbers everywhere, good for measuring speed and
                for comparing programs, not for finding people.

                Examples:
                  posestream models export pose_hrnet_w32_256x192.pth --onnx hrnet.onnx
                  posestream models export simplebaseline-r50-256x192 --onnx r50.onnx
                  posestream models export lightweight-openpose --onnx lwop.onnx --input 368x656
                """)

        @Argument(help: "Registry name, stem of a file in a model folder, path, or a network's name without weights (\(ModelExport.networkNames)).")
        var name: String

        @Option(help: "The file to write.")
        var onnx: String

        @Option(help: "Input, height x width (default: that of the weights).")
        var input: String?

        @Option(help: "Pictures at once.")
        var batch = 1

        @Option(help: "A further folder with models, searched first (repeatable).")
        var models: [String] = []

        @Flag(name: [.customShort("y"), .long], help: "Replace a file that exists.")
        var overwrite = false

        func run() throws {
            var export = ModelExport()
            if let input {
                guard let size = ModelExport.size(input) else {
                    throw Failure(.usage, "wrong input size", at: "--input \(input)", because: "it is not HEIGHTxWIDTH", remedy: "--input 256x192")
                }
                export.size = size
            }
            guard (1...64).contains(batch) else {
                throw Failure(.usage, "wrong batch", at: "--batch \(batch)", because: "it is not a whole number from 1 to 64")
            }
            export.batch = batch
            let result = try export.run(name, to: onnx, library: .standard(first: models), overwrite: overwrite)
            let shape = result.inputShape.map(String.init).joined(separator: "x")
            print("\(onnx): \(result.title), input \(shape), \(result.bytes) bytes")
            if result.isFormula { ErrorLine.warn("\(onnx): deterministic weights, since none were found: it measures, it finds nobody") }
        }
    }
}
