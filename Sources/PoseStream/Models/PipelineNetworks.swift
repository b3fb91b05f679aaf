import Detection
import Diagnostics
import Engine
import Estimation
import Pose
import Tracking

/// The networks of a pipeline: read and checked once, shared by the stages of all sources.
struct PipelineNetworks: Sendable {
    /// The model files in use, detector first.
    let files: [ModelFile]
    let keypointSet = KeypointSet.coco17
    private let detector: LoadedNetwork?
    private let pose: LoadedNetwork
    private let threads: Int

    /// - Throws: `Failure` when a model is missing (`.noInput`) or damaged (`.data`).
    init(_ configuration: PipelineConfiguration, library: ModelLibrary, threads: Int, precision: Precision = .float32) throws {
        let detectorFile = try configuration.detect.map { try library.find($0.model) }
        let poseFile = try library.find(configuration.pose.model)
        detector = try detectorFile.map { try LoadedNetwork($0).multiplying(in: precision) }
        pose = try LoadedNetwork(poseFile).multiplying(in: precision)
        files = [detectorFile, poseFile].compactMap { $0 }
        self.threads = threads
        // A model of another kind must be refused before any output is touched.
        _ = try makeStages(configuration)
    }

    /// Stages with state of their own for one source.
    func makeStages(_ configuration: PipelineConfiguration) throws -> sending Stages {
        try configuration.checkKeyFrames()
        guard let detect = configuration.detect, let detector else {
            throw Failure(
                .configuration, "no detector", at: "pipeline \(configuration.name)",
                because: "its pose network works on boxes and nothing finds them", remedy: "add a detect section: detect: { model: yolox-nano }")
        }
        let boxes = DetectorOptions(scoreThreshold: detect.score, overlapThreshold: detect.nms, maximumPeople: detect.maxPeople)
        let joints = HeatmapPoseOptions(
            padding: configuration.pose.padding, flip: configuration.pose.flip, refinement: configuration.pose.decoder,
            normalization: pose.normalization, inputSize: pose.inputSize,
            similarityThreshold: configuration.pose.nms < 1 ? configuration.pose.nms : nil, threads: threads)
        var stages = Stages(
            detector: try DetectorKind.makeDetector(detector.graph, model: detector.name, options: boxes),
            estimator: try HeatmapPoseEstimator(pose.graph, model: pose.name, keypointSet: keypointSet, options: joints),
            flow: configuration.flow == .none ? nil : try configuration.flow.makeProvider(),
            tracker: FlowPoseTracker(configuration: configuration.track, keypoints: keypointSet),
            smoother: configuration.smooth ? PoseSmoother(keypoints: keypointSet, jointScore: configuration.track.jointScore) : nil)
        stages.detectEvery = detect.every
        stages.poseEvery = configuration.pose.every
        stages.propagates = configuration.propagate
        return stages
    }
}
