import CKernels
import Diagnostics
import Engine
import Media
import Pose
import Sampling

/// Our own small person detector.
///
/// Input: the picture in the left upper corner, the rest 114; RGB with ImageNet's statistics. A network that leaves the size open gets
/// one of the picture's proportions, so that a wide film pays for no empty half and its people are seen larger.
public final class CompactPersonDetector: Detector {
    private let network: PictureNetwork
    private let pixels: Int
    private let options: DetectorOptions
    private let suppression: BoxSuppression
    private let voting = BoxVoting()
    private var run: Run?
    private var candidates: [ScoredBox] = []

    /// - Parameter usual: the size that the weights were trained for, whose area a picture's input has; nil: 480 x 352.
    /// - Throws: `Failure` of kind `.data` when the network is another detector or none.
    public init(_ network: PictureNetwork, usual: InputSize? = nil, options: DetectorOptions = DetectorOptions()) throws {
        self.network = network
        self.options = options
        pixels = usual.map { $0.width * $0.height } ?? 480 * 352
        suppression = BoxSuppression(threshold: options.overlapThreshold ?? 0.6)
        // What does not fit must be found before a source is opened; films are mostly wide.
        run = try Run(network, inputSize(for: InputSize(width: 16, height: 9)), options)
    }

    public func detect(_ frame: VideoFrame) throws -> [ScoredBox] {
        try frame.withImage { image throws in try detect(copy image) }
    }

    /// The same for a picture that is not a frame.
    package func detect(_ image: ps_image) throws -> [ScoredBox] {
        let picture = InputSize(width: Int(image.width), height: Int(image.height))
        let run = try self.run(for: inputSize(for: picture))
        let letterbox = Letterbox(picture: picture, into: run.size, rounding: .towardZero)
        try run(image, letterbox)
        candidates.removeAll(keepingCapacity: true)
        run.decoder.decode(UnsafeBufferPointer(run.executor.output(0).floats), into: &candidates)
        let (width, height) = (Double(picture.width), Double(picture.height))
        // Cut before doubles are looked for, as in training/posetrain/evaluate.py.
        let inside = candidates.map { ScoredBox(box: letterbox.back($0.box).clipped(width: width, height: height), score: $0.score) }
        let kept = suppression(inside).prefix { $0.score >= options.scoreThreshold }.prefix(max(options.maximumPeople, 0))
        return voting(Array(kept), voters: inside)
    }

    private func inputSize(for picture: InputSize) -> InputSize {
        network.fixedSize ?? options.inputSize ?? Self.inputSize(for: picture, pixels: pixels)
    }

    /// The input for a picture: its proportions and about so many pixels, sides in whole strides of 32 up to 1024
    /// (training/posetrain/pictures.py).
    package static func inputSize(for picture: InputSize, pixels: Int) -> InputSize {
        let (width, height) = (Double(max(picture.width, 1)), Double(max(picture.height, 1)))
        let scale = (Double(pixels) / (width * height)).squareRoot()
        func side(_ length: Double) -> Int { min(max(Int((length * scale / 32).rounded(.toNearestOrEven)), 1), 32) * 32 }
        return InputSize(width: side(width), height: side(height))
    }

    /// The working memory for one input size.
    private final class Run {
        let size: InputSize
        let executor: Executor
        let decoder: CompactDecoder
        private let sampler: InputSampler

        init(_ network: PictureNetwork, _ size: InputSize, _ options: DetectorOptions) throws {
            let plan = try network.plan(for: size)
            guard case .compact = try DetectorKind.recognise(plan.outputs, input: size, model: network.model) else {
                throw Failure(.data, "cannot use model as a compact detector", at: network.model, because: "its outputs are another detector's")
            }
            self.size = size
            executor = Executor(plan)
            // Weaker ones have a vote about the boxes' sides.
            decoder = CompactDecoder(input: size, scoreThreshold: options.scoreThreshold / 2)
            sampler = InputSampler(width: size.width, height: size.height, normalization: .imageNet)
        }

        func callAsFunction(_ image: ps_image, _ letterbox: Letterbox) throws {
            executor.withInput(0) { view in
                sampler.letterbox(image, contentWidth: letterbox.contentWidth, contentHeight: letterbox.contentHeight, fill: 114, into: view.floats)
            }
            try executor.run()
        }
    }

    private func run(for size: InputSize) throws -> Run {
        if let run, run.size == size { return run }
        let new = try Run(network, size, options)
        run = new
        return new
    }
}
