import CKernels
import Diagnostics
import Engine
import Geometry
import Media
import Pose
import Sampling

/// Top-down pose estimation with SimCC heads: RTMPose and its kin, as ONNX files with the two outputs `simcc_x` and `simcc_y`.
///
/// Box → crop → network → a row of scores for each axis of each joint → joints. Boxes are spread over `options.threads`
/// workers; the result does not depend on their number. Belongs to one caller at a time.
public final class SimCCPoseEstimator: PoseEstimator {
    public let keypointSet: KeypointSet
    public let options: HeatmapPoseOptions
    /// Size of the network's input, pixels.
    public let inputSize: InputSize
    private let workers: BoxWorkers<SimCCWorker>

    /// - Parameters:
    ///   - model: what the user called the model, for messages.
    ///   - options: `refinement` and `shiftsMirrored` mean nothing here.
    /// - Throws: `Failure` of kind `.data` when the network has no such outputs.
    public init(
        _ graph: Graph, model: String, keypointSet: KeypointSet = .coco17, options: HeatmapPoseOptions = HeatmapPoseOptions(normalization: .mmpose)
    ) throws {
        let input = try PictureInput(graph, model: model)
        let size = try input.size(wanted: options.inputSize, standard: InputSize(width: 192, height: 256))
        let plan = try input.plan(graph, size: size)
        let outputs = try Self.outputs(plan, keypointSet, size, model)
        self.keypointSet = keypointSet
        self.options = options
        inputSize = size
        workers = BoxWorkers(count: options.threads, keypointSet: keypointSet, similarityThreshold: options.similarityThreshold) {
            SimCCWorker(plan, outputs: outputs, input: size, keypointSet: keypointSet, options: options)
        }
    }

    /// Which output is which, told by their bins; by name or order where both have as many.
    private static func outputs(
        _ plan: Plan, _ set: KeypointSet, _ input: InputSize, _ model: String
    ) throws -> (x: Int, y: Int, decoder: SimCCDecoder) {
        let rows = plan.outputs.indices.filter {
            let output = plan.outputs[$0]
            return output.elementType == .float32 && output.shape.count == 3 && output.shape[0] == 1 && output.shape[1] == set.count
        }
        func decoder(_ x: Int, _ y: Int) -> SimCCDecoder? {
            SimCCDecoder(joints: set.count, columns: plan.outputs[x].shape[2], rows: plan.outputs[y].shape[2], input: input)
        }
        if rows.count == 2 {
            let isNamedBackwards = plan.outputs[rows[0]].name.hasSuffix("_y") && plan.outputs[rows[1]].name.hasSuffix("_x")
            let order = isNamedBackwards ? [(rows[1], rows[0]), (rows[0], rows[1])] : [(rows[0], rows[1]), (rows[1], rows[0])]
            for (x, y) in order {
                if let decoder = decoder(x, y) { return (x, y, decoder) }
            }
        }
        let list = plan.outputs.map { "\"\($0.name)\" \($0.isDataDependent ? "?" : Shape.text($0.shape))" }
        throw Failure(
            .data, "cannot use model as a SimCC pose network", at: model,
            because: "its outputs are not a row of columns and a row of rows for each of the \(set.count) joints of \(set.name): "
                + list.joined(separator: ", "),
            remedy: "they must be simcc_x [1, \(set.count), width x 2] and simcc_y [1, \(set.count), height x 2]")
    }

    public func estimate(_ frame: VideoFrame, boxes: [ScoredBox]) throws -> [Person] {
        try frame.withImage { image throws in try estimate(copy image, boxes: boxes) }
    }

    /// The same for a picture that is not a frame.
    package func estimate(_ image: ps_image, boxes: [ScoredBox]) throws -> [Person] {
        try workers.people(image, boxes: boxes, input: inputSize, options: options)
    }
}

/// One thread's share of the work.
private final class SimCCWorker: BoxWorker {
    private let executor: Executor
    private let outputs: (x: Int, y: Int, decoder: SimCCDecoder)
    private let input: InputSize
    private let sampler: InputSampler
    private let partners: [Int]
    private let flips: Bool
    /// Rows of the unmirrored crop, while the network runs on the mirrored one.
    private var x: [Float] = []
    private var y: [Float] = []

    init(
        _ plan: Plan, outputs: (x: Int, y: Int, decoder: SimCCDecoder), input: InputSize, keypointSet: KeypointSet, options: HeatmapPoseOptions
    ) {
        executor = Executor(plan)
        self.outputs = outputs
        self.input = input
        sampler = InputSampler(width: input.width, height: input.height, normalization: options.normalization)
        partners = keypointSet.mirrored
        flips = options.flip
    }

    /// The joints of the person in the region, pixels of the picture; nil when it has no size.
    func joints(_ image: ps_image, in region: CropRegion) throws -> [Keypoint]? {
        guard let forward = region.forward(to: input), let back = region.plainBack(from: input) else { return nil }
        let decoder = outputs.decoder
        let (ownX, ownY) = try run(image, forward, mirrored: false)
        if flips {
            x.replaceSubrange(x.indices, with: ownX)
            y.replaceSubrange(y.indices, with: ownY)
            let (mirroredX, mirroredY) = try run(image, forward, mirrored: true)
            decoder.merge(&x, &y, mirroredX: mirroredX, mirroredY: mirroredY, partners: partners)
            return x.withUnsafeBufferPointer { x in y.withUnsafeBufferPointer { y in place(decoder.decode(x, y), back) } }
        }
        return place(decoder.decode(ownX, ownY), back)
    }

    private func place(_ joints: [Keypoint], _ back: Affine) -> [Keypoint] {
        joints.map { joint in
            guard joint.score > 0 else { return .missing }
            let position = back(joint.position)
            return position.x.isFinite && position.y.isFinite ? Keypoint(position: position, score: joint.score) : .missing
        }
    }

    private func run(
        _ image: ps_image, _ forward: Affine, mirrored: Bool
    ) throws -> (UnsafeBufferPointer<Float>, UnsafeBufferPointer<Float>) {
        executor.withInput(0) { sampler.warp(image, through: forward, mirrored: mirrored, into: $0.floats) }
        try executor.run()
        return (UnsafeBufferPointer(executor.output(outputs.x).floats), UnsafeBufferPointer(executor.output(outputs.y).floats))
    }
}
