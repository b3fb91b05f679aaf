import Detection
import Diagnostics
import Engine
import Estimation
import Flow
import Pose
import Tracking

/// The networks of a pipeline: read and checked once, shared by the stages of all sources.
struct PipelineNetworks: Sendable {
    /// The model files in use, detector first.
    let files: [ModelFile]
    /// The joints that people come with.
    let keypointSet: KeypointSet
    /// Those of the pose network.
    private let ownKeypointSet: KeypointSet
    private let detector: LoadedNetwork?
    private let pose: LoadedNetwork
    private let residual: LoadedNetwork?
    private let threads: Int
    /// For the header, when algorithms were measured on this machine.
    let measuredDigest: String?

    /// - Throws: `Failure` when a model is missing (`.noInput`), damaged (`.data`), or contradicts the pipeline
    ///   (`.configuration`).
    init(_ configuration: PipelineConfiguration, library: ModelLibrary, threads: Int, precision: Precision = .float32, measured: MeasuredStore = .standard()) throws {
        try configuration.checkUses()
        let detectorFile = try configuration.detect.map { try library.find($0.model) }
        let poseFile = try library.find(configuration.pose.model)
        let residualFile = try configuration.pose.prnModel.map(library.find)
        detector = try detectorFile.map { try LoadedNetwork($0).multiplying(in: precision, measured: measured.algorithms(for: $0)) }
        pose = try LoadedNetwork(poseFile, stages: configuration.pose.stages)
            .multiplying(in: precision, measured: measured.algorithms(for: poseFile))
        measuredDigest = MeasuredStore.digest(of: [detector?.measured, pose.measured].compactMap { $0 })
        residual = try residualFile.map { try LoadedNetwork($0) }
        files = [detectorFile, poseFile, residualFile].compactMap { $0 }
        ownKeypointSet = switch configuration.pose.reading {
        case .paf: .openPose18
        case .none, .quarter, .mmpose, .dark: pose.joints == KeypointSet.mpii16.count ? .mpii16 : .coco17
        default: .coco17
        }
        keypointSet = configuration.pose.keypoints == .native ? ownKeypointSet : .coco17
        self.threads = threads
        // A model of another kind must be refused before any output is touched.
        _ = try makeStages(configuration)
    }

    /// Stages with state of their own for one source.
    func makeStages(_ configuration: PipelineConfiguration) throws -> sending Stages {
        try checkDecoder(configuration)
        try configuration.checkKeyFrames()
        var stages = Stages(
            detector: try makeDetector(configuration.detect), estimator: try makeEstimator(configuration.pose),
            flow: configuration.flow == .none ? nil : try configuration.flow.makeProvider(),
            tracker: FlowPoseTracker(configuration: configuration.tracking, keypoints: keypointSet),
            smoother: configuration.smooth ? PoseSmoother(keypoints: keypointSet, jointScore: configuration.track.jointScore) : nil)
        stages.detectEvery = configuration.detect?.every ?? .all
        stages.poseEvery = configuration.pose.every
        stages.propagates = configuration.propagate
        stages.clothes = configuration.track.appearance ? AppearanceSampler(keypoints: keypointSet) : nil
        return stages
    }

    private func makeDetector(_ detect: PipelineConfiguration.Detect?) throws -> (any Detector)? {
        guard let detect, let detector else { return nil }
        let options = DetectorOptions(
            scoreThreshold: detect.score, overlapThreshold: detect.overlap, maximumPeople: detect.maxPeople, shorterSide: detect.shorterSide)
        switch detector.task {
        case .unknown: return try DetectorKind.makeDetector(detector.graph(), model: detector.name, options: options)
        case .compactDetector: return try CompactPersonDetector(detector.pictureNetwork(threads: 1), usual: detector.inputSize, options: options)
        case .retinaNet: return try RetinaNetDetector(detector.pictureNetwork(threads: threads), options: options)
        default:
            throw Failure(
                .data, "cannot use model as a person detector", at: detector.name, because: "it is \(detector.title)",
                remedy: "name it as pose.model, and a detector as detect.model")
        }
    }

    private func makeEstimator(_ options: PipelineConfiguration.Pose) throws -> any PoseEstimator {
        let similarity = options.nms < 1 ? options.nms : nil
        switch options.reading {
        case .cpn:
            return try CPNPoseEstimator(
                pose.graph(), model: pose.name,
                options: CPNPoseOptions(
                    flip: options.flip, normalization: pose.task == .unknown ? .cpn : pose.normalization, inputSize: pose.inputSize,
                    similarityThreshold: similarity, threads: threads))
        case .paf:
            return try LightweightOpenPoseEstimator(
                pose.pictureNetwork(threads: threads),
                options: .init(height: options.height, isNative: options.keypoints == .native, processing: options.processing ?? .video))
        case .prn:
            guard let residual = residual?.residualNetwork() ?? pose.residual else {
                throw Failure(
                    .configuration, "no pose residual network", at: "pose.prn.model",
                    because: "\(pose.name) holds none, and MultiPoseNet deals joints out by it",
                    remedy: "name its file: --set pose.prn.model=PRN.pth.tar")
            }
            return try MultiPoseNetEstimator(
                pose.pictureNetwork(threads: threads), residual: residual,
                options: .init(
                    height: options.height ?? 480, flip: options.flip, fillsMissing: options.prnFill ?? false,
                    processing: options.processing ?? .video))
        case .simcc:
            return try SimCCPoseEstimator(
                pose.graph(), model: pose.name,
                options: HeatmapPoseOptions(
                    padding: options.padding, flip: options.flip, normalization: .mmpose, inputSize: pose.inputSize,
                    similarityThreshold: similarity, threads: threads))
        case .yoloPose:
            var own = YOLOPoseEstimator.Options()
            own.score = options.score ?? own.score
            return try YOLOPoseEstimator(pose.graph(), model: pose.name, options: own)
        case .none, .quarter, .mmpose, .dark:
            let estimator = try HeatmapPoseEstimator(
                pose.graph(), model: pose.name, keypointSet: ownKeypointSet,
                options: HeatmapPoseOptions(
                    padding: options.padding, flip: options.flip, refinement: options.reading.refinement ?? .quarter,
                    normalization: pose.normalization, inputSize: pose.inputSize, similarityThreshold: similarity, threads: threads))
            guard ownKeypointSet == .mpii16, keypointSet == .coco17 else { return estimator }
            return ConvertedPoseEstimator(estimator, to: .coco17, sources: KeypointSet.mpiiOfCOCO)
        }
    }

    /// Maps of one network read by the rules of another give poses that mean nothing.
    private func checkDecoder(_ configuration: PipelineConfiguration) throws {
        guard let usual = pose.task.decoders.first else {
            throw Failure(.data, "cannot use model as a pose network", at: pose.name, because: "it is \(pose.title)")
        }
        let decoder = configuration.pose.reading
        guard pose.task.decoders.contains(decoder) else {
            throw Failure(
                .data, "cannot use model with pose.decoder \(decoder.rawValue)", at: pose.name,
                because: "it is \(pose.title), which is read by \(usual.rawValue)",
                remedy: usual.findsPeople
                    ? "start from the pipeline \(usual == .paf ? "lightweight-openpose" : "multiposenet")" : "--set pose.decoder=\(usual.rawValue)")
        }
        if let residual, residual.task != .unknown, residual.task != .poseResidualNetwork {
            throw Failure(
                .data, "cannot use model as a pose residual network", at: residual.name, because: "it is \(residual.title)")
        }
    }
}

extension PipelineConfiguration {
    /// Refuses settings that nothing in the pipeline would heed, and a missing or useless detector.
    fileprivate func checkUses() throws {
        if pose.reading.findsPeople {
            guard detect == nil else {
                throw Failure(
                    .configuration, "detector without use", at: "pipeline \(name)",
                    because: "its pose network finds people by itself", remedy: "leave the detect section out")
            }
        } else {
            guard detect != nil else {
                throw Failure(
                    .configuration, "no detector", at: "pipeline \(name)",
                    because: "its pose network works on boxes and nothing finds them",
                    remedy: "add a detect section: detect: { model: auto }")
            }
        }
        func refuse(_ key: String, unless isUsed: Bool, _ why: String) throws {
            guard !isUsed, let key = ConfigurationKey.find(key), key.read(self) != nil else { return }
            throw Failure(.configuration, "setting without use", at: key.path, because: why)
        }
        try refuse("pose.height", unless: pose.reading == .paf || pose.reading == .prn, "only networks that see the whole picture scale it")
        try refuse("pose.processing", unless: pose.reading == .paf || pose.reading == .prn, "only networks that see the whole picture have it")
        try refuse("pose.stages", unless: pose.reading == .paf, "only Lightweight OpenPose has refinement stages")
        try refuse("pose.prn.model", unless: pose.reading == .prn, "only MultiPoseNet has a pose residual network")
        try refuse("pose.prn.fill", unless: pose.reading == .prn, "only MultiPoseNet has a pose residual network")
        try refuse("pose.score", unless: pose.reading == .yoloPose, "only YOLO pose networks find people by a score of their own")
        if pose.reading == .paf || pose.reading == .yoloPose, pose.flip {
            throw Failure(
                .configuration, "setting without use", at: "pose.flip",
                because: "\(pose.reading == .paf ? "Lightweight OpenPose" : "a YOLO pose network") has no flip test")
        }
    }
}
