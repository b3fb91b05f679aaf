import CKernels
import Diagnostics
import Engine
import Media
import Pose
import Sampling

/// NanoDet and NanoDet-Plus (RangiLyu) as person detectors.
///
/// Input: BGR, normalized; the first NanoDet keeps the picture's ratio (left upper corner, the rest 0 before
/// normalization), the later ones stretch it.
public final class NanoDetDetector: Detector {
    private let network: DetectorNetwork
    private let layout: NanoDetLayout
    private let decoder: NanoDetDecoder
    private let suppression: BoxSuppression
    private let maximumPeople: Int
    private var candidates: [ScoredBox] = []

    /// - Parameter model: what the user called the model, for messages.
    /// - Throws: `Failure` of kind `.data` when the graph is not a NanoDet network.
    public convenience init(_ graph: Graph, model: String, options: DetectorOptions = DetectorOptions()) throws {
        try self.init(DetectorNetwork(graph, model: model, options: options), model: model, options: options)
    }

    init(_ network: DetectorNetwork, model: String, options: DetectorOptions) throws {
        guard case .nanoDet(let layout) = network.kind else {
            throw Failure(.data, "cannot use model as NanoDet", at: model, because: "its outputs are YOLOX's")
        }
        self.network = network
        self.layout = layout
        decoder = NanoDetDecoder(
            input: network.size, layout: layout, personClass: options.personClass, scoreThreshold: options.scoreThreshold)
        suppression = BoxSuppression(threshold: options.overlapThreshold ?? 0.6)
        maximumPeople = options.maximumPeople
    }

    public func detect(_ frame: VideoFrame) throws -> [ScoredBox] {
        try frame.withImage { image throws in try detect(copy image) }
    }

    /// The same for a picture that is not a frame.
    package func detect(_ image: ps_image) throws -> [ScoredBox] {
        let picture = InputSize(width: Int(image.width), height: Int(image.height))
        let letterbox = layout.keepsRatio
            ? Letterbox(picture: picture, into: network.size, rounding: .toNearestOrEven)
            : Letterbox(stretching: picture, into: network.size)
        try network.run(image, letterbox, fill: 0)
        candidates.removeAll(keepingCapacity: true)
        decoder.decode({ UnsafeBufferPointer(network.executor.output($0).floats) }, into: &candidates)
        let (width, height) = (Double(picture.width), Double(picture.height))
        return suppression(candidates).prefix(max(maximumPeople, 0)).map {
            ScoredBox(box: letterbox.back($0.box).clipped(width: width, height: height), score: $0.score)
        }
    }
}
