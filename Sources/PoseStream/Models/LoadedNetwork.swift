import Checkpoints
import Diagnostics
import Engine
import Networks
import Sampling

/// A network from a file: an ONNX graph as it stands, or one of the papers' networks with the weights of its checkpoint.
struct LoadedNetwork: Sendable {
    /// The file's name, for messages.
    let name: String
    private(set) var graph: Graph
    /// What the weights were trained on.
    let normalization: PixelNormalization
    /// The size that the weights were trained for; nil where the graph says it.
    let inputSize: InputSize?

    /// - Throws: `Failure` (`.data`) when the file is damaged, holds NaN, or is no network that a stage can run.
    init(_ file: ModelFile) throws {
        name = file.url.lastPathComponent
        if name.hasSuffix(".onnx") {
            let model = try ONNXModel.load(contentsOf: file.url)
            if let bad = model.firstNonFinite() {
                throw Failure(.data, "damaged model", at: name, because: "\(bad)")
            }
            (graph, normalization, inputSize) = (model.graph, .imageNet, nil)
            return
        }
        let checkpoint = try Checkpoint.load(contentsOf: file.url)
        let recognition = try NetworkRecognition(checkpoint, fileName: name)
        normalization = try LoadedNetwork.normalization(of: recognition, name: name)
        let size = recognition.inputSize ?? (height: 256, width: 192)
        inputSize = InputSize(width: size.width, height: size.height)
        let network = try recognition.network(checkpoint, place: name)
        graph = try network.graph(inputShape: network.inputShape(batch: 1, height: size.height, width: size.width))
    }

    /// The same network with its products in these numbers.
    func multiplying(in precision: Precision) -> LoadedNetwork {
        var network = self
        network.graph.precision = precision
        return network
    }

    /// What each family's published weights were trained on (spec: networks-topdown section 6).
    private static func normalization(of recognition: NetworkRecognition, name: String) throws -> PixelNormalization {
        switch (recognition.kind, recognition.naming) {
        case (.simpleBaseline, .mmpose), (.hrNet, .mmpose): return .mmpose
        // The official SimpleBaseline weights saw BGR, HRNet's RGB, both with the same numbers.
        case (.simpleBaseline, _): return .simpleBaseline
        case (.hrNet, _), (.compactPose, _), (.compactDetector, _): return .imageNet
        default:
            throw Failure(
                .data, "cannot use model in a pipeline", at: name,
                because: "its maps are read in another way than SimpleBaseline's and HRNet's, which this version does not do",
                remedy: "take weights of SimpleBaseline or HRNet, or an ONNX file with one map a joint")
        }
    }
}
