import Checkpoints
import Diagnostics
import Engine
import Foundation
import Networks

/// Writes a network as ONNX, with the weights of its file or, where there is none, with deterministic ones:
/// `posestream models export`.
public struct ModelExport: Sendable {
    public struct Result: Sendable {
        /// "SimpleBaseline ResNet-50".
        public var title: String
        /// Whether the weights are the formula's: good for measuring, not for finding people.
        public var isFormula: Bool
        public var inputShape: [Int]
        public var bytes: Int
    }

    /// Height and width; nil takes those of the weights, or the usual ones.
    public var size: (height: Int, width: Int)?
    public var batch = 1

    public init() {}

    /// - Parameters:
    ///   - name: A model as pipelines name it, or one of `NetworkCatalog`.
    ///   - path: The file to write; it must not exist unless `overwrite`.
    /// - Throws: `Failure`.
    public func run(_ name: String, to path: String, library: ModelLibrary, overwrite: Bool = false) throws -> Result {
        let url = URL(fileURLWithPath: path)
        guard overwrite || !FileManager.default.fileExists(atPath: path) else {
            throw Failure(.cannotCreate, "output exists", at: path, because: "it would be lost", remedy: "--overwrite replaces it")
        }
        let source = try ModelSource(name, library: library)
        let (height, width) = size ?? source.size
        let shape = source.network.inputShape(batch: batch, height: height, width: width)
        let graph = try source.network.graph(inputShape: shape)
        let data = try ONNXWriter.file(of: graph, name: source.network.title, producer: ("posestream", Versions.program))
        do { try data.write(to: url, options: .atomic) } catch {
            throw Failure(.cannotCreate, "cannot write", at: path, because: error.localizedDescription)
        }
        return Result(title: source.network.title, isFormula: source.isFormula, inputShape: shape, bytes: data.count)
    }
}

/// One of our networks, from a file or from the formula.
struct ModelSource {
    let network: any Network
    let isFormula: Bool
    let size: (height: Int, width: Int)

    init(_ name: String, library: ModelLibrary) throws {
        let catalogued = NetworkCatalog.find(name)
        let file: ModelFile
        do { file = try library.find(name) } catch let failure as Failure {
            guard let catalogued else { throw failure }
            network = try catalogued.entry.network()
            size = (catalogued.height, catalogued.width)
            isFormula = true
            return
        }
        let place = file.fileName
        guard !place.hasSuffix(".onnx") else {
            throw Failure(.usage, "cannot export model", at: "\(file.place)", because: "it is an ONNX file already")
        }
        let checkpoint = try file.checkpoint()
        let recognition = try NetworkRecognition(checkpoint, fileName: place)
        network = try recognition.network(checkpoint, place: place)
        size = recognition.inputSize ?? catalogued.map { ($0.height, $0.width) } ?? (256, 192)
        isFormula = false
    }
}

extension ModelExport {
    /// The networks that need no file, for help texts.
    public static var networkNames: String { NetworkCatalog.entries.map(\.name).joined(separator: ", ") }

    /// "256x192" as height and width; nil when it is none.
    public static func size(_ text: String) -> (height: Int, width: Int)? { NetworkCatalog.size(text) }
}
