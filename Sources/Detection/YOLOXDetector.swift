import CKernels
import Diagnostics
import Engine
import Media
import Pose
import Sampling

/// YOLOX (Ge et al. 2021) as a person detector.
///
/// Input: the picture in the left upper corner, the rest 114; BGR, bytes as they are.
public final class YOLOXDetector: Detector {
    private let network: DetectorNetwork
    private let decoder: YOLOXDecoder
    private let suppression: BoxSuppression
    private let maximumPeople: Int
    private var candidates: [ScoredBox] = []

    /// - Parameter model: what the user called the model, for messages.
    /// - Throws: `Failure` of kind `.data` when the graph is not a YOLOX network.
    public convenience init(_ graph: Graph, model: String, options: DetectorOptions = DetectorOptions()) throws {
        try self.init(DetectorNetwork(graph, model: model, options: options), model: model, options: options)
    }

    init(_ network: DetectorNetwork, model: String, options: DetectorOptions) throws {
        guard case .yolox(let classes) = network.kind else {
            throw Failure(.data, "cannot use model as YOLOX", at: model, because: "its outputs are NanoDet's")
        }
        self.network = network
        decoder = YOLOXDecoder(
            input: network.size, classes: classes, personClass: options.personClass, scoreThreshold: options.scoreThreshold)
        suppression = BoxSuppression(threshold: options.overlapThreshold ?? 0.65)
        maximumPeople = options.maximumPeople
    }

    public func detect(_ frame: VideoFrame) throws -> [ScoredBox] {
        try frame.withImage { image throws in try detect(copy image) }
    }

    /// The same for a picture that is not a frame.
    package func detect(_ image: ps_image) throws -> [ScoredBox] {
        let picture = InputSize(width: Int(image.width), height: Int(image.height))
        let letterbox = Letterbox(picture: picture, into: network.size, rounding: .towardZero)
        try network.run(image, letterbox, fill: 114)
        candidates.removeAll(keepingCapacity: true)
        decoder.decode(UnsafeBufferPointer(network.executor.output(0).floats), into: &candidates)
        return suppression(candidates).prefix(max(maximumPeople, 0)).map { ScoredBox(box: letterbox.back($0.box), score: $0.score) }
    }
}
