import Downloads
import Foundation

/// A published weight file that posestream knows by name: where it comes from, how it is recognised, what it reaches.
///
/// Every figure is as its publisher states it; what is not known says so.
public struct RegisteredModel: Sendable, Hashable {
    public enum Task: String, Sendable {
        case detector, pose
    }

    /// How the file is had.
    public enum Source: Sendable, Hashable {
        /// From this address, which gives the file itself: `posestream models pull`.
        case download(String)
        /// By hand from a page (a file-sharing service, an archive, a conversion): `posestream models add` afterwards.
        case page
        /// Carried by the program: nothing to do.
        case program(EmbeddedModel)
    }

    /// The file's size.
    public enum Size: Sendable, Hashable {
        case bytes(Int)
        /// Rounded: "130.3 MB". As published, or that of the weights where the publisher says nothing (four bytes a number).
        case about(String)
        case unknown
    }

    /// The name that pipelines use: "yolox-nano".
    public var name: String
    /// The network's title as `models inspect` prints it; nil where a file may come from any exporter (ONNX).
    public var architecture: String?
    public var task: Task
    /// File names under which it is found in a model folder; the first is the one it is stored under.
    public var files: [String]
    public var source: Source
    /// For people: where the file and its terms are described.
    public var page: String
    public var fingerprint: Fingerprint
    /// SHA-256 of other files known under this name, for example another exporter's.
    public var variants: [String] = []
    public var size: Size = .unknown
    /// Network input, height x width.
    public var input: String
    public var licence: String
    /// Published accuracy with its conditions.
    public var accuracy: String
    /// What a user must know or do; nil when nothing.
    public var note: String?

    /// The file's exact size, when it is known.
    public var bytes: Int? {
        if case .bytes(let count) = size { count } else { nil }
    }

    public var address: URL? {
        if case .download(let text) = source { URL(string: text) } else { nil }
    }

    /// Whether a file with this SHA-256 is one that the registry speaks of.
    public func knows(_ sha256: String) -> Bool {
        if variants.contains(sha256) { return true }
        return fingerprint != .unknown && fingerprint.accepts(sha256)
    }

    /// What a user can type to get it.
    public var remedy: String {
        switch source {
        case .download: "posestream models pull \(name)"
        case .program: "nothing: it is in the program"
        // A TensorFlow checkpoint is several files that belong together.
        case .page where files[0].hasSuffix(".index"): "get it from \(page) and name its .index file by its path"
        case .page: "get \(files[0]) from \(page), then: posestream models add \(files[0])"
        }
    }
}
