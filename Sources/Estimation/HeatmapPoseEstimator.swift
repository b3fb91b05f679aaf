import CKernels
import Diagnostics
import Engine
import Media
import Pose
import Sampling

/// Top-down pose estimation with heatmaps: SimpleBaseline, HRNet and all that follow them (spec: networks-topdown section 7).
///
/// Box → crop → network → one heatmap for each joint → joints. Boxes are spread over `options.threads` workers; the result
/// does not depend on their number. Belongs to one caller at a time.
public final class HeatmapPoseEstimator: PoseEstimator {
    public let keypointSet: KeypointSet
    public let options: HeatmapPoseOptions
    /// Size of the network's input, pixels.
    public let inputSize: InputSize
    private let workers: BoxWorkers<HeatmapWorker>

    /// - Parameters:
    ///   - model: what the user called the model, for messages.
    ///   - keypointSet: the joints of the network's maps, in their order.
    /// - Throws: `Failure` of kind `.data` when the network has no such heatmaps.
    public init(
        _ graph: Graph, model: String, keypointSet: KeypointSet = .coco17, options: HeatmapPoseOptions = HeatmapPoseOptions()
    ) throws {
        let input = try PictureInput(graph, model: model)
        let size = try input.size(wanted: options.inputSize, standard: InputSize(width: 192, height: 256))
        let plan = try input.plan(graph, size: size)
        let output = try Self.heatmaps(plan, keypointSet, model)
        self.keypointSet = keypointSet
        self.options = options
        inputSize = size
        workers = BoxWorkers(count: options.threads, keypointSet: keypointSet, similarityThreshold: options.similarityThreshold) {
            HeatmapWorker(plan, output: output, input: size, keypointSet: keypointSet, options: options)
        }
    }

    /// The output that holds a map for each joint: the first `[1, joints, height, width]`.
    private static func heatmaps(_ plan: Plan, _ keypointSet: KeypointSet, _ model: String) throws -> Int {
        let pictures = plan.outputs.indices.filter {
            let output = plan.outputs[$0]
            return output.elementType == .float32 && output.shape.count == 4 && output.shape[0] == 1 && output.shape.min() ?? 0 > 0
        }
        if let index = pictures.first(where: { plan.outputs[$0].shape[1] == keypointSet.count }) { return index }
        let list = plan.outputs.map { "\"\($0.name)\" \($0.isDataDependent ? "?" : Shape.text($0.shape))" }
        throw Failure(
            .data, "cannot use model as a heatmap pose network", at: model,
            because: "no output has a map for each of the \(keypointSet.count) joints of \(keypointSet.name): "
                + list.joined(separator: ", "),
            remedy: "its output must be [1, \(keypointSet.count), height, width]")
    }

    public func estimate(_ frame: VideoFrame, boxes: [ScoredBox]) throws -> [Person] {
        try frame.withImage { image throws in try estimate(copy image, boxes: boxes) }
    }

    /// The same for a picture that is not a frame.
    package func estimate(_ image: ps_image, boxes: [ScoredBox]) throws -> [Person] {
        try workers.people(image, boxes: boxes, input: inputSize, options: options)
    }
}
