import CKernels
import Diagnostics
import Engine
import Geometry
import Media
import Pose
import Sampling

/// torchvision's `retinanet_resnet50_fpn` (version 1) as a person detector (spec: networks-bottomup section 3).
///
/// Input: RGB, ImageNet's statistics, the shorter side scaled to 800 pixels (the longer to at most 1333), zeros up to
/// multiples of 32.
public final class RetinaNetDetector: Detector {
    private let network: PictureNetwork
    private let options: DetectorOptions
    private var run: Run?

    private static let normalization = PixelNormalization.imageNet

    /// - Throws: `Failure` of kind `.data` when the network is no RetinaNet.
    public init(_ network: PictureNetwork, options: DetectorOptions = DetectorOptions()) throws {
        self.network = network
        self.options = options
        // What does not fit must be found before a source is opened; films are mostly wide.
        run = try Run(network, Placement(picture: InputSize(width: 16, height: 9), options: options, fixed: network.fixedSize).input, options)
    }

    /// How a picture lies in the input: scaled, in the left upper corner.
    package struct Placement: Sendable, Hashable {
        package var content: InputSize
        package var input: InputSize

        package init(picture: InputSize, shorterSide: Int = 800, longerSide: Int = 1333) {
            let width = Double(max(picture.width, 1)), height = Double(max(picture.height, 1))
            self.init(picture, scale: min(Double(shorterSide) / min(height, width), Double(longerSide) / max(height, width)))
        }

        package init(picture: InputSize, into input: InputSize) {
            let width = Double(max(picture.width, 1)), height = Double(max(picture.height, 1))
            self.init(picture, scale: min(Double(input.width) / width, Double(input.height) / height))
            self.input = input
        }

        init(picture: InputSize, options: DetectorOptions, fixed: InputSize?) {
            if let fixed {
                self.init(picture: picture, into: fixed)
            } else {
                let shorter = options.shorterSide ?? 800
                self.init(picture: picture, shorterSide: shorter, longerSide: shorter * 1333 / 800)
            }
        }

        private init(_ picture: InputSize, scale: Double) {
            func whole(_ value: Int) -> Int { (value + 31) / 32 * 32 }
            content = InputSize(
                width: max(Int((Double(picture.width) * scale).rounded(.down)), 1),
                height: max(Int((Double(picture.height) * scale).rounded(.down)), 1))
            input = InputSize(width: whole(content.width), height: whole(content.height))
        }
    }

    /// The working memory for one input size.
    private final class Run {
        let size: InputSize
        let executor: Executor
        let scores, deltas: Int
        let classes: Int
        let person: Int

        init(_ network: PictureNetwork, _ size: InputSize, _ options: DetectorOptions) throws {
            let plan = try network.plan(for: size)
            guard case .retinaNet(let classes) = try DetectorKind.recognise(plan.outputs, input: size, model: network.model) else {
                throw Failure(.data, "cannot use model as RetinaNet", at: network.model, because: "its outputs are another detector's")
            }
            // COCO's 91 classes begin with a background; a network of one class has only people.
            let person = classes == 1 ? 0 : classes == 91 ? 1 : options.personClass
            guard person < classes else {
                throw Failure(
                    .configuration, "cannot take class \(person) for people", at: network.model, because: "it knows \(classes) classes")
            }
            self.size = size
            self.classes = classes
            self.person = person
            scores = 0
            deltas = 1
            executor = Executor(plan)
        }
    }

    public func detect(_ frame: VideoFrame) throws -> [ScoredBox] {
        try frame.withImage { image throws in try detect(copy image) }
    }

    /// The same for a picture that is not a frame.
    package func detect(_ image: ps_image) throws -> [ScoredBox] {
        let picture = InputSize(width: Int(image.width), height: Int(image.height))
        let placement = Placement(picture: picture, options: options, fixed: network.fixedSize)
        let run = try self.run(for: placement.input)
        let scale = (
            x: Double(placement.content.width) / Double(picture.width), y: Double(placement.content.height) / Double(picture.height)
        )
        run.executor.withInput(0) { input in
            Self.normalization.resize(
                image, scale: scale, content: placement.content, rest: .zero, size: placement.input, into: input.floats)
        }
        try run.executor.run()

        var decoder = RetinaNetDecoder(.torchvision, input: placement.input, content: placement.content)
        // Weaker boxes than the user wants remove nothing, so they need not take part.
        decoder.scoreThreshold = max(decoder.scoreThreshold, Float(options.scoreThreshold).nextDown)
        if let threshold = options.overlapThreshold { decoder.suppression.threshold = threshold }
        decoder.limit = min(decoder.limit, max(options.maximumPeople, 0))
        let found = decoder.decode(
            scores: UnsafeBufferPointer(run.executor.output(run.scores).floats), areLogits: true, classes: run.classes, only: run.person,
            deltas: UnsafeBufferPointer(run.executor.output(run.deltas).floats))
        return found.map { found in
            let box = Box(
                x: found.box.x / scale.x, y: found.box.y / scale.y, width: found.box.width / scale.x, height: found.box.height / scale.y)
            return ScoredBox(box: box, score: Double(found.score))
        }
    }

    private func run(for size: InputSize) throws -> Run {
        if let run, run.size == size { return run }
        let new = try Run(network, size, options)
        run = new
        return new
    }
}
