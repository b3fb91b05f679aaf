import CKernels
import Diagnostics
import Engine
import Media
import Pose
import Sampling

/// Our own small person detector.
///
/// Input: the picture in the left upper corner, the rest 114; RGB with ImageNet's statistics.
public final class CompactPersonDetector: Detector {
    private let network: DetectorNetwork
    private let decoder: CompactDecoder
    private let suppression: BoxSuppression
    private let maximumPeople: Int
    private var candidates: [ScoredBox] = []

    init(_ network: DetectorNetwork, options: DetectorOptions) {
        self.network = network
        decoder = CompactDecoder(input: network.size, scoreThreshold: options.scoreThreshold)
        suppression = BoxSuppression(threshold: options.overlapThreshold ?? 0.6)
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
        let (width, height) = (Double(picture.width), Double(picture.height))
        // Cut before doubles are looked for, as in training/posetrain/evaluate.py.
        let inside = candidates.map { ScoredBox(box: letterbox.back($0.box).clipped(width: width, height: height), score: $0.score) }
        return Array(suppression(inside).prefix(max(maximumPeople, 0)))
    }
}
