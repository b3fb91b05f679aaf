import CKernels
import Diagnostics
import Engine
import Geometry
import Media
import Pose
import Sampling

/// What can be set on CPN.
public struct CPNPoseOptions: Sendable, Hashable {
    /// Flip test: run on the mirrored crop as well and average (without SimpleBaseline's shift).
    public var flip: Bool
    /// What the weights were trained on.
    public var normalization: PixelNormalization
    /// Input size for a network that leaves it open; nil: 192 x 256 (width x height).
    public var inputSize: InputSize?
    /// Similarity (OKS) beyond which the weaker of two poses goes; nil, as in the official code, keeps all.
    public var similarityThreshold: Double?
    /// Boxes worked on at the same time, each with the network's working memory once.
    public var threads: Int

    public init(
        flip: Bool = false, normalization: PixelNormalization = .cpn, inputSize: InputSize? = nil, similarityThreshold: Double? = nil,
        threads: Int = 1
    ) {
        self.flip = flip
        self.normalization = normalization
        self.inputSize = inputSize
        self.similarityThreshold = similarityThreshold
        self.threads = threads
    }
}

/// The Cascaded Pyramid Network with its own crops, reading of the maps and scores (spec: networks-topdown section 8).
///
/// Scores are the official ones brought to 0…1 without changing their order: a joint's is its map's value / 255, a person's
/// is the box's times the mean over all joints of (value / 255 + 0.5) / 1.5. Belongs to one caller at a time.
public final class CPNPoseEstimator: PoseEstimator {
    public let keypointSet = KeypointSet.coco17
    public let options: CPNPoseOptions
    /// Size of the network's input, pixels.
    public let inputSize: InputSize
    private let workers: BoxWorkers<CPNWorker>

    /// - Parameter model: what the user called the model, for messages.
    /// - Throws: `Failure` of kind `.data` when the network has no heatmaps of a quarter of its input's size.
    public init(_ graph: Graph, model: String, options: CPNPoseOptions = CPNPoseOptions()) throws {
        let input = try PictureInput(graph, model: model)
        let size = try input.size(wanted: options.inputSize, standard: InputSize(width: 192, height: 256))
        let plan = try input.plan(graph, size: size)
        let wanted = [1, keypointSet.count, size.height / 4, size.width / 4]
        // Exports may have GlobalNet's maps as well; RefineNet's come last.
        guard let output = plan.outputs.lastIndex(where: { $0.shape == wanted && $0.elementType == .float32 }) else {
            let list = plan.outputs.map { "\"\($0.name)\" \($0.isDataDependent ? "?" : Shape.text($0.shape))" }
            throw Failure(
                .data, "cannot use model as CPN", at: model,
                because: "no output is \(Shape.text(wanted)): \(list.joined(separator: ", "))",
                remedy: "for other heatmap networks set pose.decoder to quarter")
        }
        self.options = options
        inputSize = size
        let partners = keypointSet.mirrored
        workers = BoxWorkers(count: options.threads, keypointSet: keypointSet, similarityThreshold: options.similarityThreshold) {
            CPNWorker(plan, output: output, input: size, partners: partners, options: options)
        }
    }

    public func estimate(_ frame: VideoFrame, boxes: [ScoredBox]) throws -> [Person] {
        try frame.withImage { image throws in try estimate(copy image, boxes: boxes) }
    }

    /// The same for a picture that is not a frame.
    package func estimate(_ image: ps_image, boxes: [ScoredBox]) throws -> [Person] {
        let picture = InputSize(width: Int(image.width), height: Int(image.height))
        let windows = boxes.map { CPNRegion.window(box: $0.box, picture: picture, input: inputSize) }
        return try workers.people(image, boxes: boxes, regions: windows) { box, window, joints in
            let score = box.score * joints.reduce(0) { $0 + $1.score } / Double(joints.count) / CPNWorker.largestScore
            // In the pipeline a joint's score is a share: the official one without its summand.
            let keypoints = joints.map { joint in
                joint.score > 0 ? Keypoint(position: joint.position, score: min(max(joint.score - 0.5, 0), 1)) : .missing
            }
            return (
                Person(score: min(max(score, 0), 1), box: box.box, keypoints: keypoints),
                .init(keypoints: keypoints, area: window.box.area, score: score)
            )
        }
    }
}

/// One thread's share of the work: a network's memory, a crop, and the maps of a flip test.
final class CPNWorker: BoxWorker {
    /// Of a joint, in the official code: 255 / 255 + 0.5.
    static let largestScore = 1.5

    private let executor: Executor
    private let output: Int
    private let input: InputSize
    private let maps: InputSize
    private let sampler: InputSampler
    private let partners: [Int32]
    private let flip: Bool
    private let decoder: CPNDecoder
    private let border: SIMD3<UInt8>
    /// Maps of the unmirrored crop, while the network runs on the mirrored one.
    private let firstMaps: UnsafeMutableBufferPointer<Float>

    /// The mean pixel with which the official code surrounds a picture: blue, green, red.
    private static let meanPixel = SIMD3<UInt8>(103, 116, 123)

    init(_ plan: Plan, output: Int, input: InputSize, partners: [Int], options: CPNPoseOptions) {
        executor = Executor(plan)
        self.output = output
        self.input = input
        maps = InputSize(width: plan.outputs[output].shape[3], height: plan.outputs[output].shape[2])
        sampler = InputSampler(width: input.width, height: input.height, normalization: options.normalization)
        self.partners = partners.map(Int32.init)
        flip = options.flip
        decoder = CPNDecoder(size: maps)
        let mean = Self.meanPixel
        border = options.normalization.order == .bgr ? mean : SIMD3(mean.z, mean.y, mean.x)
        firstMaps = .allocate(capacity: options.flip ? partners.count * maps.width * maps.height : 0)
        firstMaps.initialize(repeating: 0)
    }

    deinit { firstMaps.deallocate() }

    /// All joints, in picture pixels, with their official scores; `.missing` for a map without anything positive.
    func joints(_ image: ps_image, in window: PictureWindow) throws -> [Keypoint]? {
        executor.withInput(0) { sampler.resize(image, window: window, border: border, into: $0.floats) }
        var heatmaps = try run()
        if flip {
            _ = firstMaps.update(fromContentsOf: heatmaps)
            executor.withInput(0) { mirrorRows($0.floats, width: input.width) }
            let mirrored = try run()
            ps_heatmap_merge_mirrored(
                firstMaps.baseAddress, mirrored.baseAddress, partners, Int32(partners.count), Int32(maps.height), Int32(maps.width), 0)
            heatmaps = UnsafeBufferPointer(firstMaps)
        }
        let cells = maps.width * maps.height
        return partners.indices.map { index in
            let map = UnsafeBufferPointer(rebasing: heatmaps[index * cells..<(index + 1) * cells])
            guard let joint = decoder.joint(map), joint.score.isFinite else { return .missing }
            return Keypoint(position: CPNDecoder.position(joint, maps: maps, window: window), score: joint.score)
        }
    }

    private func run() throws -> UnsafeBufferPointer<Float> {
        try executor.run()
        return UnsafeBufferPointer(executor.output(output).floats)
    }
}
