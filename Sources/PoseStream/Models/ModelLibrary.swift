import Diagnostics
import Foundation

/// The folders in which models lie, and the rule by which a name finds its file.
public struct ModelLibrary: Sendable {
    /// Searched in order.
    public var folders: [URL]

    public init(folders: [URL]) {
        self.folders = folders
    }

    /// The standard folders: `first` (from `--models`), `$POSESTREAM_MODELS` (a colon list),
    /// `$XDG_DATA_HOME/posestream/models`, `/usr/share/posestream/models`.
    public static func standard(
        first: [String] = [], environment: [String: String] = ProcessInfo.processInfo.environment
    ) -> ModelLibrary {
        let listed = (environment["POSESTREAM_MODELS"] ?? "").split(separator: ":").map(String.init)
        let paths = first + listed + [userFolder(environment: environment).path, "/usr/share/posestream/models"]
        return ModelLibrary(folders: paths.map { URL(fileURLWithPath: $0, isDirectory: true) })
    }

    /// The user's own folder, where `models pull` and `models add` put files: `$XDG_DATA_HOME/posestream/models`.
    public static func userFolder(environment: [String: String] = ProcessInfo.processInfo.environment) -> URL {
        let home = environment["HOME"] ?? NSHomeDirectory()
        let data = environment["XDG_DATA_HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? "\(home)/.local/share"
        return URL(fileURLWithPath: "\(data)/posestream/models", isDirectory: true)
    }

    /// Extensions of files that can hold a network, longest first so that a stem loses all of it.
    static let extensions = [".ckpt.index", ".pth.tar", ".safetensors", ".onnx", ".pth", ".pt"]

    /// Finds a model by registry name, by the stem of a file in a model folder, or by path. What the program carries is always there.
    ///
    /// - Throws: `Failure` (`.noInput`) that says where was looked and how to get it.
    public func find(_ name: String) throws -> ModelFile {
        if name.contains("/") || ModelLibrary.extensions.contains(where: name.hasSuffix) {
            guard FileManager.default.fileExists(atPath: name) else {
                throw Failure(.noInput, "cannot open model", at: name, because: "no such file")
            }
            let url = URL(fileURLWithPath: name)
            return ModelFile(name: name, url: url, registered: ModelRegistry.find(file: url.lastPathComponent))
        }
        if let registered = ModelRegistry.find(name) {
            if let place = locate(registered) { return ModelFile(name: name, place: place, registered: registered) }
            throw Failure(
                .noInput, "model not found", at: name, because: "none of \(searched) holds \(registered.files[0])",
                remedy: "\(registered.remedy); or name its folder with --models or $POSESTREAM_MODELS")
        }
        for folder in folders {
            for suffix in ModelLibrary.extensions {
                let url = folder.appendingPathComponent(name + suffix)
                if FileManager.default.fileExists(atPath: url.path) {
                    return ModelFile(name: name, url: url, registered: ModelRegistry.find(file: url.lastPathComponent))
                }
            }
        }
        throw Failure(
            .noInput, "model not found", at: name, because: "it is no registry name and no file of that stem is in \(searched)",
            remedy: "posestream models list shows what is known and found")
    }

    /// Where a registered model lies; nil when it is not there.
    public func locate(_ model: RegisteredModel) -> ModelFile.Place? {
        if case .program(let embedded) = model.source { return .program(embedded) }
        for folder in folders {
            for file in model.files {
                let url = folder.appendingPathComponent(file)
                if FileManager.default.fileExists(atPath: url.path) { return .file(url) }
            }
        }
        return nil
    }

    /// Files in the folders that look like models and are not in the registry.
    public var unregisteredFiles: [URL] {
        let known = Set(ModelRegistry.all.flatMap(\.files))
        return folders.flatMap { folder in
            ((try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? [])
                .filter { url in ModelLibrary.extensions.contains { url.lastPathComponent.hasSuffix($0) } && !known.contains(url.lastPathComponent) }
                .sorted { $0.path < $1.path }
        }
    }

    /// A file's name without the ending that says what is in it.
    public static func stem(of url: URL) -> String {
        let name = url.lastPathComponent
        guard let suffix = extensions.first(where: name.hasSuffix) else { return name }
        return String(name.dropLast(suffix.count))
    }

    private var searched: String { folders.map(\.path).joined(separator: ", ") }
}
