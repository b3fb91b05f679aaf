import ArgumentParser
import Foundation
import PoseStream

extension ModelsCommand {
    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "add",
            abstract: "Recognise a model file and put it into the model folder under the name that pipelines use.",
            discussion: """
                For files that are only to be had from file-sharing pages, and for your own. Recognised by SHA-256, by name, or by its
                tensors; nothing in it is executed.

                Examples:
                  posestream models add ~/Downloads/pose_resnet_50_256x192.pth.tar
                  posestream models add ~/Downloads/model.pth --name hrnet-w32-256x192
                  posestream models add my_yolo_pose.onnx --to ./weights
                """)

        @Argument(help: "The file.")
        var file: String

        @Option(help: "What to call it: a registry name, or a name of your own.")
        var name: String?

        @Option(help: "Folder to put it into (default: \(ModelLibrary.userFolder().path)).")
        var to: String?

        @Flag(help: "Replace a file that is there and differs.")
        var force = false

        func run() throws {
            var add = ModelAdd(folder: to.map { URL(fileURLWithPath: $0, isDirectory: true) } ?? ModelLibrary.userFolder())
            add.replaces = force
            let result = try add.run(file, name: name)
            var rows = [["name", result.name], ["holds", result.kind], ["file", result.file.path], ["sha256", result.sha256]]
            if let model = result.registered { rows.append(["published", "\(model.accuracy) (\(model.licence))"]) }
            rows += result.notes.map { ["note", $0] }
            print(TextColumns.text(rows))
        }
    }
}
