import Checkpoints
import Diagnostics
import Foundation
import Networks

/// Takes a file that the user got by hand into a model folder, under the name by which pipelines find it:
/// `posestream models add`.
public struct ModelAdd: Sendable {
    public var folder: URL
    /// Replace a file that is there and differs.
    public var replaces = false

    public init(folder: URL) {
        self.folder = folder
    }

    public struct Result: Sendable {
        /// What pipelines call it.
        public var name: String
        public var file: URL
        public var sha256: String
        /// "SimpleBaseline ResNet-50", "ONNX, 1x3x416x416".
        public var kind: String
        /// The registry's entry, when the file is one of its.
        public var registered: RegisteredModel?
        /// What a user should know, a sentence each.
        public var notes: [String]
    }

    /// Recognises a file by its SHA-256, by its name, or by what it holds, and copies it.
    ///
    /// - Parameter name: what to call it; a registry name says which model it is, any other name is the new file's stem.
    /// - Throws: `Failure`: `.data` when it is no model, or not the one that its name says.
    public func run(_ path: String, name: String? = nil) throws -> Result {
        let source = URL(fileURLWithPath: path)
        guard !path.hasSuffix(".index") else {
            throw Failure(
                .usage, "cannot add model", at: path, because: "a TensorFlow checkpoint is this file and its data beside it",
                remedy: "leave them together and name this file: --set pose.model=\(path)")
        }
        let file = ModelFile(name: path, url: source)
        let digest = try file.sha256()
        let kind = try ModelKind(source)
        let (model, notes) = try registered(source, digest: digest, kind: kind, name: name)
        let fileName = model?.files.first { ModelAdd.suffix($0) == ModelAdd.suffix(source.lastPathComponent) }
            ?? (name.map { $0 + ModelAdd.suffix(source.lastPathComponent) } ?? source.lastPathComponent)
        guard !fileName.contains("/"), !fileName.hasPrefix(".") else {
            throw Failure(.usage, "cannot add model", at: path, because: "\"\(fileName)\" is no name for a file", remedy: "choose one with --name")
        }
        try copy(source, as: fileName, digest: digest)
        if let model, !model.knows(digest) {
            var checksums = try RecordedChecksums(folder: folder)
            try checksums.record(digest, for: fileName)
        }
        let destination = folder.appendingPathComponent(fileName)
        return Result(
            name: model?.name ?? ModelLibrary.stem(of: destination), file: destination, sha256: digest, kind: kind.title, registered: model,
            notes: notes + kind.notes)
    }

    /// Which registered model the file is; nil for a user's own.
    private func registered(_ source: URL, digest: String, kind: ModelKind, name: String?) throws -> (RegisteredModel?, [String]) {
        if let model = ModelRegistry.find(sha256: digest), name == nil || name == model.name { return (model, []) }
        let named = name.flatMap { ModelRegistry.find($0) } ?? (name == nil ? ModelRegistry.find(file: source.lastPathComponent) : nil)
        if let model = named {
            guard model.fingerprint == .unknown || model.fingerprint.accepts(digest) else {
                throw Failure(
                    .data, "not the published file", at: source.path, because: "its SHA-256 is \(digest), which is not \(model.name)'s",
                    remedy: "--name gives it a name of its own")
            }
            if let wanted = model.architecture, let found = kind.architecture, wanted != found {
                throw Failure(
                    .data, "not the published file", at: source.path, because: "it is \(found); \(model.name) is \(wanted)",
                    remedy: "--name gives it a name of its own")
            }
            return (model, ["its publisher states no SHA-256: recognised by its name\(kind.architecture == nil ? "" : " and its tensors"), and written down"])
        }
        guard name == nil, let architecture = kind.architecture else { return (nil, []) }
        let candidates = ModelRegistry.all.filter { $0.architecture == architecture }.map(\.name)
        return (nil, candidates.isEmpty ? [] : ["it may be one of \(candidates.joined(separator: ", ")): --name says which"])
    }

    private func copy(_ source: URL, as fileName: String, digest: String) throws {
        let destination = folder.appendingPathComponent(fileName)
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            if FileManager.default.fileExists(atPath: destination.path) {
                if try ModelFile(name: fileName, url: destination).sha256() == digest { return }
                guard replaces else {
                    throw Failure(
                        .cannotCreate, "another file of that name is there", at: destination.path, because: "it differs",
                        remedy: "--force replaces it, --name gives this one another name")
                }
            }
            // A copy that is cut off must not be found by that name.
            let part = folder.appendingPathComponent(".\(fileName).\(UUID().uuidString)")
            defer { try? FileManager.default.removeItem(at: part) }
            try FileManager.default.copyItem(at: source, to: part)
            guard rename(part.path, destination.path) == 0 else {
                throw Failure(.inputOutput, "cannot add model", at: destination.path, because: String(cString: strerror(errno)))
            }
        } catch let failure as Failure {
            throw failure
        } catch {
            throw Failure(
                .cannotCreate, "cannot add model", at: destination.path, because: error.localizedDescription,
                remedy: "choose another folder with --to")
        }
    }

    private static func suffix(_ name: String) -> String { ModelLibrary.extensions.first(where: name.hasSuffix) ?? "" }
}

/// What a file holds, as far as recognising it needs.
private struct ModelKind {
    var title: String
    /// The network's title; nil for ONNX files, which may hold anything.
    var architecture: String?
    var notes: [String] = []

    /// - Throws: `Failure` (`.data`) when it is no model that could run.
    init(_ url: URL) throws {
        let name = url.lastPathComponent
        if name.hasSuffix(".onnx") {
            let model = try ONNXModel.load(contentsOf: url)
            if let bad = model.firstNonFinite() { throw Failure(.data, "damaged model", at: name, because: "\(bad)") }
            let input = model.inputs.first.map { $0.shape.map { $0.map(String.init) ?? "?" }.joined(separator: "x") } ?? "no input"
            title = "ONNX, input \(input)"
            return
        }
        guard ModelLibrary.extensions.contains(where: name.hasSuffix) else {
            throw Failure(
                .data, "cannot add model", at: url.path, because: "its ending is none of \(ModelLibrary.extensions.joined(separator: " "))",
                remedy: "an HDF5 file must be written as safetensors first: docs/checkpoints.md")
        }
        let checkpoint = try Checkpoint.load(contentsOf: url)
        let recognition = try NetworkRecognition(checkpoint, fileName: name)
        let network = try recognition.network(checkpoint, place: name)
        (title, architecture, notes) = (network.title, network.title, recognition.notes)
    }
}
