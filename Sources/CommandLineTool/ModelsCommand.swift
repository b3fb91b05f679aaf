import ArgumentParser
import Foundation
import PoseStream

/// `posestream models …`: what is known by name, and what is there.
struct ModelsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "models",
        abstract: "Networks: what is known by name and what was found.",
        subcommands: [List.self, Path.self, Inspect.self, SynthesizeCommand.self],
        defaultSubcommand: List.self)

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list",
            abstract: "List the networks that can be named in a pipeline.",
            discussion: """
                Examples:
                  posestream models list
                  posestream models list --models ./weights
                  POSESTREAM_MODELS=~/weights posestream models list
                """)

        @Option(help: "A further folder with models, searched first (repeatable).")
        var models: [String] = []

        func run() throws {
            let library = ModelLibrary.standard(first: models)
            var rows = [["NAME", "TASK", "INPUT", "LICENCE", "PUBLISHED ACCURACY", "FILE"]]
            for model in ModelRegistry.all {
                let place = library.locate(model)?.path ?? "not found: \(model.page)"
                rows.append([model.name, model.task.rawValue, model.input, model.licence, model.accuracy, place])
            }
            for url in library.unregisteredFiles {
                rows.append([ModelLibrary.stem(of: url), "-", "-", "-", "-", url.path])
            }
            print(table(rows))
            print("\nSearched, in order: \(library.folders.map(\.path).joined(separator: ", "))")
        }
    }

    struct Path: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "path",
            abstract: "Print the file that a model's name stands for.",
            discussion: """
                Examples:
                  posestream models path yolox-nano
                  posestream models path my_network --models ./weights
                  sha256sum "$(posestream models path yolox-nano)"
                """)

        @Argument(help: "Registry name, stem of a file in a model folder, or path.")
        var name: String

        @Option(help: "A further folder with models, searched first (repeatable).")
        var models: [String] = []

        func run() throws {
            print(try ModelLibrary.standard(first: models).find(name).url.path)
        }
    }
}

extension ModelsCommand {
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
            print(table(inspection.facts.map { [$0.topic, $0.text] }))
            if tensors {
                print()
                print(table([["TENSOR", "TYPE", "SHAPE"]] + inspection.tensors.map { [$0.name, $0.type, $0.shape] }))
            }
        }
    }
}

/// Left-aligned columns, two spaces apart.
func table(_ rows: [[String]]) -> String {
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
        row.enumerated().map { column, cell in
            column == columns - 1 ? cell : cell.padding(toLength: widths[column], withPad: " ", startingAt: 0)
        }.joined(separator: "  ")
    }.joined(separator: "\n")
}
