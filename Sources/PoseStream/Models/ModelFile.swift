import Checkpoints
import Crypto
import Diagnostics
import Foundation

/// A model that was found: where its bytes are, and the registry entry if it has one.
public struct ModelFile: Sendable {
    public enum Place: Sendable, Hashable, CustomStringConvertible {
        case file(URL)
        /// Carried by the program.
        case program(EmbeddedModel)

        /// For people: a path, or that it needs none.
        public var description: String {
            switch self {
            case .file(let url): url.path
            case .program: "in the program"
            }
        }
    }

    /// As the user named it.
    public var name: String
    public var place: Place
    public var registered: RegisteredModel?

    public init(name: String, place: Place, registered: RegisteredModel? = nil) {
        self.name = name
        self.place = place
        self.registered = registered
    }

    public init(name: String, url: URL, registered: RegisteredModel? = nil) {
        self.init(name: name, place: .file(url), registered: registered)
    }

    /// The file; nil for what the program carries.
    public var url: URL? {
        if case .file(let url) = place { url } else { nil }
    }

    /// "yolox_nano.onnx".
    public var fileName: String {
        switch place {
        case .file(let url): url.lastPathComponent
        case .program(let model): model.fileName
        }
    }

    /// SHA-256 of the bytes, lower-case hex.
    public func sha256() throws -> String {
        var hash = SHA256()
        switch place {
        case .program(let model): hash.update(bufferPointer: model.bytes)
        case .file(let url):
            guard let handle = try? FileHandle(forReadingFrom: url) else {
                throw Failure(.noInput, "cannot read model", at: url.path, because: "it cannot be opened")
            }
            defer { try? handle.close() }
            while let chunk = try handle.read(upToCount: 1 << 20), !chunk.isEmpty { hash.update(data: chunk) }
        }
        return hash.finalize().map { String(format: "%02x", $0) }.joined()
    }

    /// Number of bytes.
    func byteCount() throws -> Int {
        switch place {
        case .file(let url): try url.resourceValues(forKeys: [.fileSizeKey]).fileSize ?? 0
        case .program(let model): model.bytes.count
        }
    }

    /// The tensors of a file that is no ONNX graph.
    ///
    /// - Throws: `Failure` (`.noInput`, `.data`).
    func checkpoint() throws -> Checkpoint {
        switch place {
        case .file(let url): try Checkpoint.load(contentsOf: url)
        case .program(let model): try Checkpoint.load(program: model.bytes, name: model.fileName)
        }
    }

    /// The graph of an ONNX file; nil for files of another kind.
    func graphFile() throws -> ONNXModel? {
        guard case .file(let url) = place, fileName.hasSuffix(".onnx") else { return nil }
        return try ONNXModel.load(contentsOf: url)
    }

    /// The name that tells what weights were trained for. TensorFlow's files are all called alike: there the folder does
    /// ("COCO.res50.384x288.CPN/snapshot_350.ckpt.index").
    var tellingName: String {
        guard let url, fileName.hasSuffix(".index") else { return fileName }
        return "\(url.deletingLastPathComponent().lastPathComponent)/\(fileName)"
    }
}
