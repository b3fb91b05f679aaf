import Checkpoints
import Diagnostics
import Engine
import Estimation
import Networks
import Sampling
import Synchronization

/// A network from a file: an ONNX graph as it stands, or one of the papers' networks with the weights of its checkpoint.
struct LoadedNetwork: Sendable {
    /// What a file's network does, as far as the file tells.
    enum Task: Sendable, Hashable {
        /// An ONNX graph: its outputs are looked at by whoever runs it.
        case unknown
        /// One heatmap a joint, for the person in a box.
        case heatmaps
        case cpn
        case lightweightOpenPose
        case multiPoseNet
        case poseResidualNetwork
        /// Our own detector, for pictures of any size.
        case compactDetector
        case retinaNet
    }

    /// The file's name, for messages.
    let name: String
    /// For messages: "HRNet W32".
    let title: String
    let task: Task
    /// What the weights were trained on.
    let normalization: PixelNormalization
    /// The size that the weights were trained for; nil where the graph says it or any will do.
    let inputSize: InputSize?
    /// Number of joints that a checkpoint's network gives; nil where the file does not tell.
    let joints: Int?
    /// The pose residual network in the file of a whole MultiPoseNet.
    let residual: ResidualNetwork?
    private let content: Content
    /// What products are computed in; the pose residual network, which waits for its weights, stays with f32.
    private var precision = Precision.float32
    /// Algorithms that were measured for the file on this processor.
    private(set) var measured = MeasuredAlgorithms()
    /// Every source and every stage runs on the same packed weights.
    private var plans = SharedPlans()
    private var pictures = SharedPictures()

    private enum Content: Sendable {
        case graph(Graph)
        case network(any Network)
    }

    /// - Parameter stages: refinement stages of Lightweight OpenPose that are run; nil: one.
    /// - Throws: `Failure` (`.data`) when the file is damaged, holds NaN, or is no network that is known.
    init(_ file: ModelFile, stages: Int? = nil) throws {
        name = file.fileName
        if let model = try file.graphFile() {
            if let bad = model.firstNonFinite() {
                throw Failure(.data, "damaged model", at: name, because: "\(bad)")
            }
            (title, task, normalization, inputSize, joints, residual) = ("an ONNX graph", .unknown, .imageNet, nil, nil, nil)
            content = .graph(model.graph)
            return
        }
        let checkpoint = try file.checkpoint()
        var recognition = try NetworkRecognition(checkpoint, fileName: file.tellingName)
        recognition.adapt(refinementStages: stages)
        let network = try recognition.network(checkpoint, place: name)
        title = network.title
        task = Task(recognition.kind)
        normalization = Self.normalization(of: recognition)
        inputSize = recognition.inputSize.map { InputSize(width: $0.width, height: $0.height) }
        joints = recognition.joints
        residual = task == .multiPoseNet ? try Self.residual(in: checkpoint, name: name) : nil
        content = .network(network)
    }

    /// The same network with its products in these numbers, and with the algorithms that were measured for it.
    func multiplying(in precision: Precision, measured: MeasuredAlgorithms = MeasuredAlgorithms()) -> LoadedNetwork {
        var network = self
        network.precision = precision
        network.measured = measured
        network.plans = SharedPlans()
        network.pictures = SharedPictures()
        return network
    }

    /// The graph for one picture of the size that the weights were trained for. Planned once, however often it is asked for.
    func graph() throws -> Graph {
        var graph = switch content {
        case .graph(let graph): graph
        case .network(let network): try Self.graph(network, inputSize ?? InputSize(width: 192, height: 256))
        }
        graph = graph.multiplying(in: precision, measured)
        graph.sharedPlans = plans
        return graph
    }

    /// The network for pictures of any size: the same for all who ask, so that its weights are packed once.
    ///
    /// - Parameter threads: how many may work on one layer.
    func pictureNetwork(threads: Int) throws -> PictureNetwork {
        // The network's own copy has no share in `pictures`, which holds it.
        try pictures.network(threads: threads) { [name, content, precision, measured] in
            switch content {
            case .graph(let graph): try PictureNetwork(graph.multiplying(in: precision, measured), model: name, threads: threads)
            case .network(let network):
                PictureNetwork(model: name, threads: threads) { size in try Self.graph(network, size).multiplying(in: precision, measured) }
            }
        }
    }

    private static func graph(_ network: any Network, _ size: InputSize) throws -> Graph {
        try network.graph(inputShape: network.inputShape(batch: 1, height: size.height, width: size.width))
    }

    /// The network as a pose residual network for any number of boxes. Its authors trained on COCO's order of joints.
    func residualNetwork() -> ResidualNetwork {
        switch content {
        case .graph(let graph): return ResidualNetwork(model: name, order: .coco) { _ in graph }
        case .network(let network): return Self.residual(network, name: name, order: .coco)
        }
    }

    private static func residual(in checkpoint: Checkpoint, name: String) throws -> ResidualNetwork? {
        guard checkpoint.tensors["prn.dens1.weight"] != nil else { return nil }
        let configuration = PoseResidualNetwork.Configuration(
            prefix: "prn.", hasBottleneck: checkpoint.tensors["prn.bneck.weight"] != nil)
        let network = try PoseResidualNetwork(configuration, from: CheckpointWeights(checkpoint, place: name))
        return residual(network, name: name, order: .openPose)
    }

    private static func residual(_ network: any Network, name: String, order: ResidualNetwork.JointOrder) -> ResidualNetwork {
        ResidualNetwork(model: name, order: order) { boxes in
            try network.graph(inputShape: network.inputShape(batch: boxes, height: 0, width: 0))
        }
    }

    /// What each family's published weights were trained on (spec: networks-topdown section 6).
    private static func normalization(of recognition: NetworkRecognition) -> PixelNormalization {
        switch (recognition.kind, recognition.naming) {
        case (.simpleBaseline, .mmpose), (.hrNet, .mmpose): .mmpose
        // The official SimpleBaseline weights saw BGR, HRNet's RGB, both with the same numbers.
        case (.simpleBaseline, _): .simpleBaseline
        case (.cpn, _): .cpn
        case (.tensorFlowCPN, _): .tensorFlowCPN
        case (.lightweightOpenPose, _): .lightweightOpenPose
        default: .imageNet
        }
    }
}

/// One network for pictures and its plans for each number of threads.
private final class SharedPictures: Sendable {
    private let networks = Mutex<[Int: PictureNetwork]>([:])

    func network(threads: Int, make: () throws -> PictureNetwork) throws -> PictureNetwork {
        try networks.withLock { networks in
            if let network = networks[threads] { return network }
            let network = try make()
            networks[threads] = network
            return network
        }
    }
}

extension Graph {
    /// The same with its products in these numbers and by these algorithms.
    fileprivate func multiplying(in precision: Precision, _ measured: MeasuredAlgorithms) -> Graph {
        var graph = self
        graph.precision = precision
        graph.measured = measured
        return graph
    }
}

extension LoadedNetwork.Task {
    fileprivate init(_ kind: NetworkRecognition.Kind) {
        self = switch kind {
        case .simpleBaseline, .hrNet, .compactPose: .heatmaps
        case .cpn, .tensorFlowCPN: .cpn
        case .lightweightOpenPose: .lightweightOpenPose
        case .multiPoseNet: .multiPoseNet
        case .poseResidualNetwork: .poseResidualNetwork
        case .retinaNet: .retinaNet
        case .compactDetector: .compactDetector
        }
    }

    /// The decoders that can read such a network, the usual one first; empty for what finds no poses.
    var decoders: [PoseDecoder] {
        switch self {
        case .unknown: PoseDecoder.allCases
        case .heatmaps: [.quarter, .dark, .mmpose, .none]
        case .cpn: [.cpn]
        case .lightweightOpenPose: [.paf]
        case .multiPoseNet: [.prn]
        case .poseResidualNetwork, .compactDetector, .retinaNet: []
        }
    }
}

extension NetworkRecognition {
    /// What a pipeline needs of the network: people only, and as many refinement stages as the user wants.
    fileprivate mutating func adapt(refinementStages: Int?) {
        switch kind {
        case .retinaNet(var configuration):
            // COCO's 91 classes have people in class 1.
            if configuration.classes == 91 { configuration.onlyClass = 1 }
            kind = .retinaNet(configuration)
        case .lightweightOpenPose(var configuration):
            configuration.refinementStages = refinementStages ?? configuration.refinementStages
            kind = .lightweightOpenPose(configuration)
        default: break
        }
    }
}
