import CKernels
import Diagnostics
import Engine
import Geometry
import Media
import Pose
import Sampling

/// People with their joints from one network on the whole picture: YOLO pose networks as ONNX files with one output
/// `[1, 5 + 3 joints, cells]`. No detector stage; given boxes are ignored.
///
/// Input: RGB, 0 to 1; the picture keeps its ratio and lies in the middle, the rest is 114. Belongs to one caller at a time.
public final class YOLOPoseEstimator: PoseEstimator {
    public struct Options: Sendable, Hashable {
        /// People with a smaller score are dropped.
        public var score = 0.25
        /// Overlap (IoU) beyond which the weaker of two boxes goes.
        public var overlap = 0.7
        public var maximumPeople = 100
        /// Input size for a network that leaves it open; nil: 640 x 640.
        public var inputSize: InputSize?

        public init() {}
    }

    public let keypointSet: KeypointSet
    public let inputSize: InputSize
    private let executor: Executor
    private let sampler: InputSampler
    private let decoder: YOLOPoseDecoder
    private let output: Int
    private let maximumPeople: Int

    private static let normalization = PixelNormalization(order: .rgb, mean: [0, 0, 0], deviation: [1, 1, 1], unit: 255)
    private static let fill: UInt8 = 114

    /// - Parameter model: what the user called the model, for messages.
    /// - Throws: `Failure` of kind `.data` when the network has no such output.
    public init(_ graph: Graph, model: String, keypointSet: KeypointSet = .coco17, options: Options = Options()) throws {
        let input = try PictureInput(graph, model: model)
        inputSize = try input.size(wanted: options.inputSize, standard: InputSize(width: 640, height: 640))
        let plan = try input.plan(graph, size: inputSize)
        let found = plan.outputs.indices.lazy.compactMap { index -> (Int, YOLOPoseDecoder)? in
            guard plan.outputs[index].elementType == .float32 else { return nil }
            return YOLOPoseDecoder(
                shape: plan.outputs[index].shape, joints: keypointSet.count, scoreThreshold: options.score, overlapThreshold: options.overlap
            ).map { (index, $0) }
        }.first
        guard let (output, decoder) = found else {
            let list = plan.outputs.map { "\"\($0.name)\" \($0.isDataDependent ? "?" : Shape.text($0.shape))" }
            let numbers = 5 + 3 * keypointSet.count
            throw Failure(
                .data, "cannot use model as a YOLO pose network", at: model,
                because: "no output has \(numbers) numbers a cell for the \(keypointSet.count) joints of \(keypointSet.name): "
                    + list.joined(separator: ", "),
                remedy: "export it without suppression inside, with one output [1, \(numbers), cells]")
        }
        (self.output, self.decoder, self.keypointSet) = (output, decoder, keypointSet)
        maximumPeople = options.maximumPeople
        executor = Executor(plan)
        sampler = InputSampler(width: inputSize.width, height: inputSize.height, normalization: Self.normalization)
    }

    public func estimate(_ frame: VideoFrame, boxes: [ScoredBox]) throws -> [Person] {
        try frame.withImage { image throws in try estimate(copy image) }
    }

    /// The people in a picture, best first.
    package func estimate(_ image: ps_image) throws -> [Person] {
        let placement = CentredPlacement(picture: InputSize(width: Int(image.width), height: Int(image.height)), into: inputSize)
        executor.withInput(0) { view in
            sampler.letterbox(
                image, contentWidth: placement.contentWidth, contentHeight: placement.contentHeight, fill: Self.fill, into: view.floats)
            placement.centre(view.floats, fill: Self.fill, Self.normalization)
        }
        try executor.run()
        let found = decoder.decode(UnsafeBufferPointer(executor.output(output).floats))
        return found.prefix(max(maximumPeople, 0)).map { person in
            Person(
                score: person.box.score,
                box: placement.back(person.box.box).clipped(width: Double(image.width), height: Double(image.height)),
                keypoints: person.joints.map { $0.isMissing ? .missing : Keypoint(position: placement.back($0.position), score: $0.score) })
        }
    }
}
