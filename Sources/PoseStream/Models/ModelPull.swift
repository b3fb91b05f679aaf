import Diagnostics
import Downloads
import Foundation

/// Fetches registered models into a model folder: `posestream models pull`.
///
/// Only a file whose SHA-256 the registry states is trusted as it comes. Where the registry knows the first eight digits,
/// they must fit and the whole is written down; where it knows nothing, the user must say that he accepts what comes, and it
/// is written down, too.
public struct ModelPull: Sendable {
    /// Where files are put.
    public var folder: URL
    /// A server that holds the same files under the same names, asked instead of the publishers'.
    public var mirror: URL?
    /// Take files of which no SHA-256 is known.
    public var acceptsUnpinned = false
    /// Replace a file that is there and differs.
    public var replaces = false
    /// Seconds between tries; see `Download.delays`.
    package var delays: [Double]?

    public init(folder: URL) {
        self.folder = folder
    }

    /// How far a download is.
    public typealias Progress = Download.Progress

    public struct Result: Sendable {
        public var file: URL
        public var sha256: String
        public var bytes: Int
        /// It was there already.
        public var wasPresent: Bool
        /// What the SHA-256 was compared with.
        public var trust: Trust
    }

    public enum Trust: String, Sendable {
        /// The registry's SHA-256.
        case pinned
        /// The one that was written down when the file first came.
        case recorded
        /// Eight digits; the whole is now written down.
        case prefix
        /// Nothing; what came is now written down.
        case first
    }

    /// Fetches one model.
    ///
    /// - Parameters:
    ///   - name: as the registry calls it.
    ///   - report: told of progress, on a queue of the transfer.
    /// - Throws: `Failure`; see `Download.run`.
    public func run(_ name: String, reporting report: @escaping @Sendable (Progress) -> Void = { _ in }) throws -> Result {
        guard let model = ModelRegistry.find(name) else {
            throw Failure(
                .usage, "unknown model", at: name, because: "the registry does not have it",
                remedy: "did you mean \(ModelRegistry.nearest(to: name))? posestream models list shows all")
        }
        if case .program = model.source {
            throw Failure(.usage, "nothing to pull", at: name, because: "it is in the program")
        }
        let file = model.files[0]
        let destination = folder.appendingPathComponent(file)
        var checksums = try RecordedChecksums(folder: folder)
        let (fingerprint, trust) = expectation(of: model, recorded: checksums.entries[file])
        if FileManager.default.fileExists(atPath: destination.path) {
            if let present = try present(model, at: destination, fingerprint, trust) { return present }
        }
        let source = try address(of: model)
        guard fingerprint != .unknown || acceptsUnpinned else {
            throw Failure(
                .usage, "model is not pinned", at: name, because: "its publisher states no SHA-256, so what comes cannot be checked",
                remedy: "--unpinned takes it, and writes its SHA-256 down for the next time")
        }
        do { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) } catch {
            throw Failure(
                .cannotCreate, "cannot create folder", at: folder.path, because: error.localizedDescription,
                remedy: "choose another folder with --to")
        }
        var download = Download(from: source, to: destination, fingerprint: fingerprint, expectedBytes: fingerprint.isPinned ? model.bytes : nil)
        if let delays { download.delays = delays }
        let result = try download.run(reporting: report)
        if trust != .pinned { try checksums.record(result.sha256, for: file) }
        return Result(file: destination, sha256: result.sha256, bytes: result.bytes, wasPresent: false, trust: trust)
    }

    /// What the file must be, and who says so.
    private func expectation(of model: RegisteredModel, recorded: String?) -> (Fingerprint, Trust) {
        if model.fingerprint.isPinned { return (model.fingerprint, .pinned) }
        // A record that contradicts the digits in the name is no authority.
        if let recorded, model.fingerprint.accepts(recorded) { return (.sha256(recorded), .recorded) }
        return model.fingerprint == .unknown ? (.unknown, .first) : (model.fingerprint, .prefix)
    }

    /// The file that is there, when it is the right one.
    private func present(_ model: RegisteredModel, at url: URL, _ fingerprint: Fingerprint, _ trust: Trust) throws -> Result? {
        let digest = try ModelFile(name: model.name, url: url, registered: model).sha256()
        if fingerprint.accepts(digest) || model.variants.contains(digest) {
            let size = try url.resourceValues(forKeys: [.fileSizeKey]).fileSize ?? 0
            return Result(file: url, sha256: digest, bytes: size, wasPresent: true, trust: trust)
        }
        guard replaces else {
            throw Failure(
                .data, "another file of that name is there", at: url.path, because: "its SHA-256 is \(digest)",
                remedy: "--force replaces it")
        }
        return nil
    }

    private func address(of model: RegisteredModel) throws -> URL {
        if let mirror { return mirror.appendingPathComponent(model.files[0]) }
        if let address = model.address { return address }
        throw Failure(
            .unavailable, "model cannot be pulled", at: model.name, because: "it is only to be had by hand: \(model.page)",
            remedy: "then: posestream models add \(model.files[0])")
    }
}
