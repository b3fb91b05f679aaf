import ArgumentParser
import Diagnostics
import Foundation
import PoseStream

/// `posestream models …`: what is known by name, what is there, and how it gets there.
struct ModelsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "models",
        abstract: "Networks: what is known by name, what was found, how to get it.",
        subcommands: [List.self, Pull.self, Add.self, Path.self, Inspect.self, Export.self, SynthesizeCommand.self, TuneCommand.self],
        defaultSubcommand: List.self)

    struct Path: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "path",
            abstract: "Print the file that a model's name stands for, or the folders in which models are looked for.",
            discussion: """
                Examples:
                  posestream models path
                  posestream models path yolox-nano --models ./weights
                  sha256sum "$(posestream models path yolox-nano)"
                """)

        @Argument(help: "Registry name, stem of a file in a model folder, or path; without it the folders are printed, in their order.")
        var name: String?

        @Option(help: "A further folder with models, searched first (repeatable).")
        var models: [String] = []

        func run() throws {
            let library = ModelLibrary.standard(first: models)
            guard let name else { return library.folders.forEach { print($0.path) } }
            guard let url = try library.find(name).url else {
                throw Failure(
                    .usage, "model has no file", at: name, because: "it is in the program",
                    remedy: "posestream models export \(name) --onnx \(name).onnx writes one")
            }
            print(url.path)
        }
    }

    struct Inspect: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "inspect",
            abstract: "Say what a model file holds. Nothing in it is executed.",
            discussion: """
                Examples:
                  posestream models inspect yolox-nano
                  posestream models inspect pose_resnet_50_256x192.pth.tar
                  posestream models inspect weights.safetensors --tensors
                """)

        @Argument(help: "Registry name, stem of a file in a model folder, or path.")
        var name: String

        @Option(help: "A further folder with models, searched first (repeatable).")
        var models: [String] = []

        @Flag(help: "List every tensor with its type and shape.")
        var tensors = false

        func run() throws {
            let inspection = try ModelInspection(ModelLibrary.standard(first: models).find(name))
            print(TextColumns.text(inspection.facts.map { [$0.topic, $0.text] }))
            if tensors {
                print()
                print(TextColumns.text([["TENSOR", "TYPE", "SHAPE"]] + inspection.tensors.map { [$0.name, $0.type, $0.shape] }))
            }
        }
    }
}
