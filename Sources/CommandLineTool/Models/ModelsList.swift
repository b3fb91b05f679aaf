import ArgumentParser
import Downloads
import Foundation
import PoseStream

extension ModelsCommand {
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list",
            abstract: "List the networks that can be named in a pipeline, and how each is had.",
            discussion: """
                Examples:
                  posestream models list
                  posestream models list hrnet --models ./weights
                  posestream models list --present --json | jq -r '.[].file'
                """)

        @Argument(help: "Only networks whose name begins so.")
        var prefix: String?

        @Option(help: "A further folder with models, searched first (repeatable).")
        var models: [String] = []

        @Flag(help: "Only what is there.")
        var present = false

        @Flag(help: "One JSON array.")
        var json = false

        struct Row: Encodable {
            var name: String
            var task: String?
            var input: String?
            var size: String?
            var bytes: Int?
            var sha256: String?
            var licence: String?
            var accuracy: String?
            /// Where it lies; absent when it does not, and for what the program carries.
            var file: String?
            var url: String?
            var page: String?
            /// "present", "embedded", "pull" or "by hand".
            var state: String
            var note: String?
        }

        func run() throws {
            let library = ModelLibrary.standard(first: models)
            var rows = ModelRegistry.all.map { Row($0, place: library.locate($0)) }
            rows += library.unregisteredFiles.map { Row(name: ModelLibrary.stem(of: $0), file: $0.path, state: "present") }
            rows = rows.filter { (prefix.map($0.name.hasPrefix) ?? true) && (!present || $0.isAtHand) }
            if json {
                let encoder = JSONEncoder()
                encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
                print(String(decoding: try encoder.encode(rows), as: UTF8.self))
                return
            }
            let header = ["NAME", "TASK", "INPUT", "SIZE", "LICENCE", "PUBLISHED ACCURACY", "FILE"]
            print(TextColumns.text([header] + rows.map { row in
                [row.name, row.task ?? "-", row.input ?? "-", row.size ?? "-", row.licence ?? "-", row.accuracy ?? "-", row.place]
            }))
            print("\nSearched, in order: \(library.folders.map(\.path).joined(separator: ", "))")
            print("What is marked \"pull\": posestream models pull NAME. What is marked \"by hand\": get the file, then posestream models add FILE.")
        }
    }
}

extension ModelsCommand.List.Row {
    fileprivate init(_ model: RegisteredModel, place: ModelFile.Place?) {
        let (file, state): (String?, String) = switch place {
        case .file(let url): (url.path, "present")
        case .program: (nil, "embedded")
        case nil: (nil, model.address != nil ? "pull" : "by hand")
        }
        self.init(
            name: model.name, task: model.task.rawValue, input: model.input, size: model.sizeText, bytes: model.bytes,
            sha256: model.fingerprintText, licence: model.licence, accuracy: model.accuracy, file: file, url: model.address?.absoluteString,
            page: model.page, state: state, note: model.note)
    }

    fileprivate var place: String {
        if let file { return file }
        return switch state {
        case "pull": "pull"
        case "embedded": "in the program"
        default: "by hand: \(page ?? "")"
        }
    }

    fileprivate var isAtHand: Bool { state == "present" || state == "embedded" }
}

extension RegisteredModel {
    fileprivate var sizeText: String {
        switch size {
        case .bytes(let count): String(format: "%.1f MB", Double(count) / 1e6)
        case .about(let text): text
        case .unknown: "unknown"
        }
    }

    fileprivate var fingerprintText: String? {
        switch fingerprint {
        case .sha256(let whole): whole
        case .prefix(let digits): "\(digits)…"
        case .unknown: nil
        }
    }
}
