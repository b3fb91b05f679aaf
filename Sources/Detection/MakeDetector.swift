import Engine
import Sampling

extension DetectorKind {
    /// The detector for a network, whatever of the known kinds it is.
    ///
    /// - Parameter model: what the user called the model, for messages.
    /// - Throws: `Failure` of kind `.data` when the network is no detector that we know.
    public static func makeDetector(_ graph: Graph, model: String, options: DetectorOptions = DetectorOptions()) throws
        -> any Detector
    {
        let network = try DetectorNetwork(graph, model: model, options: options)
        switch network.kind {
        case .yolox: return try YOLOXDetector(network, model: model, options: options)
        case .nanoDet: return try NanoDetDetector(network, model: model, options: options)
        case .compact: return try CompactPersonDetector(PictureNetwork(graph, model: model), options: options)
        case .retinaNet: return try RetinaNetDetector(PictureNetwork(graph, model: model), options: options)
        }
    }
}
