import Checkpoints
import Diagnostics
import Engine

/// What network a weight file is for, told by the names and shapes of its tensors, and by its file's name where they do
/// not tell (the input size).
public struct NetworkRecognition: Sendable {
    public enum Kind: Sendable, Equatable {
        case simpleBaseline(SimpleBaseline.Configuration)
        case hrNet(HRNet.Configuration)
        case cpn(CPN.Configuration)
        case tensorFlowCPN(TensorFlowCPN.Configuration)
        case lightweightOpenPose(LightweightOpenPose.Configuration)
        case multiPoseNet(MultiPoseNet.Configuration)
        case poseResidualNetwork(PoseResidualNetwork.Configuration)
        case retinaNet(RetinaNet.Configuration)
        case compactPose(CompactPose.Configuration)
        case compactDetector(CompactDetector.Configuration)
    }

    public var kind: Kind
    public var naming: KeyNaming
    /// Height and width that the weights were trained for; nil where any size does.
    public var inputSize: (height: Int, width: Int)?
    /// Number of keypoints that the network gives; nil for a detector.
    public var joints: Int?
    /// What was assumed and what a user should know, a sentence each.
    public var notes: [String] = []

    /// Throws `Failure` of kind `.data` that says what the file seems to be when it is none of our networks.
    ///
    /// - Parameter fileName: Without folders: "pose_resnet_50_256x192.pth.tar".
    public init(_ checkpoint: Checkpoint, fileName: String) throws {
        let keys = NetworkKeys(checkpoint)
        do {
            (kind, naming) = try Self.kind(keys, fileName: fileName)
        } catch let refusal as Refusal {
            throw Failure(.data, "cannot use weights", at: fileName, because: refusal.why, remedy: refusal.remedy)
        }
        readFacts(fileName, checkpoint)
    }

    struct Refusal: Error {
        var why: String
        var remedy: String?

        init(_ why: String, remedy: String? = nil) {
            self.why = why
            self.remedy = remedy
        }
    }

    /// The network with the file's weights; `Failure` of kind `.data` names every tensor that does not fit.
    public func network(_ checkpoint: Checkpoint, place: String) throws -> any Network {
        let weights = CheckpointWeights(checkpoint, place: place, naming: naming)
        return switch kind {
        case .simpleBaseline(let configuration): try SimpleBaseline(configuration, from: weights)
        case .hrNet(let configuration): try HRNet(configuration, from: weights)
        case .cpn(let configuration): try CPN(configuration, from: weights)
        case .tensorFlowCPN(let configuration): try TensorFlowCPN(configuration, from: weights)
        case .lightweightOpenPose(let configuration): try LightweightOpenPose(configuration, from: weights)
        case .multiPoseNet(let configuration): try MultiPoseNet(configuration, from: weights)
        case .poseResidualNetwork(let configuration): try PoseResidualNetwork(configuration, from: weights)
        case .retinaNet(let configuration): try RetinaNet(configuration, from: weights)
        case .compactPose(let configuration): try CompactPose(configuration, from: weights)
        case .compactDetector(let configuration): try CompactDetector(configuration, from: weights)
        }
    }

    // MARK: - By keys

    private static func kind(_ keys: NetworkKeys, fileName: String) throws -> (Kind, KeyNaming) {
        if keys.has("backbone.body.conv1.weight") { return try retinaNet(keys, fileName: fileName) }
        if keys.has("cpm.align.0.weight") {
            let stages = keys.count("refinement_stages.", 0..., ".trunk.0.initial.0.weight")
            return (.lightweightOpenPose(.init(refinementStages: min(1, stages))), .official)
        }
        if keys.has("fpn.conv1.weight") { return (.multiPoseNet(.init(depth: try keys.depth(below: "fpn."))), .official) }
        for prefix in ["", "prn."] where keys.has(prefix + "dens1.weight") {
            return (.poseResidualNetwork(.init(prefix: prefix, hasBottleneck: keys.has(prefix + "bneck.weight"))), .official)
        }
        if keys.has("global_net.laterals.0.0.weight") {
            let joints = keys.shape("refine_net.final_predict.1.weight")?.first ?? 17
            return (.cpn(.init(depth: try keys.depth(below: "resnet."), joints: joints)), .official)
        }
        for depth in [ResNet.Depth.r50, .r101] where keys.has("resnet_v1_\(depth.rawValue)/conv1/weights") {
            guard keys.has("refine_out/weights") else { throw Refusal("a ResNet of TensorFlow without CPN's head") }
            return (.tensorFlowCPN(.init(depth: depth, joints: keys.shape("refine_out/weights")?.last ?? 17)), .official)
        }
        if keys.has("backbone.stages.0.0.conv.weight") { return (try CompactRecognition.kind(keys), .official) }
        if keys.has(prefix: "backbone.") { return try mmpose(keys, fileName: fileName) }
        return (try headOnResidualNetwork(keys, backbone: "", head: "", fileName: fileName), .official)
    }

    private static func mmpose(_ keys: NetworkKeys, fileName: String) throws -> (Kind, KeyNaming) {
        if keys.has(prefix: "backbone.stem.") { throw Refusal("mmpose's resnetv1d, whose stem and shortcuts differ, is not supported") }
        let head = keys.has(prefix: "keypoint_head.") ? "keypoint_head." : "head."
        if keys.has("\(head)final_layer.0.weight") || keys.has(prefix: "\(head)conv_layers.") {
            throw Refusal("a head with additional convolutions, which is not supported")
        }
        return (try headOnResidualNetwork(keys, backbone: "backbone.", head: head, fileName: fileName), .mmpose(head: head))
    }

    /// SimpleBaseline and HRNet, which share the names of their first layers with every ResNet.
    private static func headOnResidualNetwork(_ keys: NetworkKeys, backbone: String, head: String, fileName: String) throws -> Kind {
        guard keys.has("\(backbone)conv1.weight"), keys.has("\(backbone)layer1.0.conv1.weight") else {
            let names = keys.names.prefix(3).joined(separator: ", ")
            throw Refusal("no network that is known (\(keys.names.count) tensors: \(names) …)")
        }
        if let width = keys.shape("\(backbone)transition1.0.0.weight")?.first {
            guard !keys.has(prefix: "\(backbone)incre_modules."), !keys.has(prefix: "classifier.") else {
                throw Refusal("HRNet W\(width) trained to name pictures (ImageNet), not to find poses", remedy: "take pose_hrnet_*.pth")
            }
            return .hrNet(.init(width: width, joints: keys.shape("\(head)final_layer.weight")?.first ?? 17))
        }
        let depth = try keys.depth(below: backbone)
        guard keys.has("\(head)deconv_layers.0.weight") else {
            throw Refusal("a ResNet-\(depth.rawValue) without a pose head", remedy: "take pose_resnet_*.pth.tar")
        }
        let layers = keys.count("\(head)deconv_layers.", stride(from: 0, to: 300, by: 3), ".weight")
        let deconvolutions = try (0..<layers).map { index in
            guard let shape = keys.shape("\(head)deconv_layers.\(3 * index).weight"), shape.count == 4, 2...4 ~= shape[2] else {
                throw Refusal("its transposed convolution \(index) is none that is known")
            }
            return SimpleBaseline.Configuration.Deconvolution(filters: shape[1], kernel: shape[2])
        }
        let final = keys.shape("\(head)final_layer.weight") ?? []
        return .simpleBaseline(.init(
            depth: depth, style: fileName.contains("caffe") ? .caffe : .pytorch, joints: final.first ?? 17, deconvolutions: deconvolutions,
            deconvolutionBias: keys.has("\(head)deconv_layers.0.bias"), finalKernel: final.last == 3 ? 3 : 1))
    }

    private static func retinaNet(_ keys: NetworkKeys, fileName: String) throws -> (Kind, KeyNaming) {
        guard let logits = keys.shape("head.classification_head.cls_logits.weight")?.first else {
            throw Refusal("a detector of torchvision, but not RetinaNet")
        }
        guard !keys.has("head.classification_head.conv.0.1.weight") else {
            throw Refusal(
                "version 2 of torchvision's RetinaNet, which is not supported", remedy: "take retinanet_resnet50_fpn_coco-eeacb38b.pth")
        }
        // torchvision runs its own weights without epsilon, and all others with the usual one.
        let isOwn = fileName.contains("retinanet_resnet50_fpn_coco")
        let naming: KeyNaming = keys.has("head.classification_head.conv.0.weight") ? .oldTorchvision : .official
        return (.retinaNet(.init(classes: logits / AnchorHead.anchors, batchNormEpsilon: isOwn ? 0 : 1e-5)), naming)
    }

    // MARK: - By name

    private mutating func readFacts(_ fileName: String, _ checkpoint: Checkpoint) {
        switch kind {
        case .simpleBaseline(let configuration): joints = configuration.joints
        case .hrNet(let configuration): joints = configuration.joints
        case .cpn(let configuration), .tensorFlowCPN(let configuration): joints = configuration.joints
        case .lightweightOpenPose, .multiPoseNet: joints = 18
        case .poseResidualNetwork: joints = PoseResidualNetwork.joints
        case .compactPose(let configuration): joints = configuration.joints
        case .retinaNet, .compactDetector: joints = nil
        }
        switch kind {
        case .simpleBaseline, .hrNet, .cpn, .tensorFlowCPN:
            let lowered = fileName.lowercased()
            if let size = Self.sizes.first(where: { lowered.contains("\($0.height)x\($0.width)") }) {
                inputSize = size
            } else {
                // MPII's 16 joints were trained on square crops.
                inputSize = joints == 16 ? (256, 256) : (256, 192)
                notes.append("the file's name states no input size: \(joints == 16 ? "256x256" : "256x192") is assumed")
            }
            if lowered.contains("dark") { notes.append("trained for DARK decoding: --set pose.decoder=dark") }
            if lowered.contains("udp") { notes.append("trained for UDP, whose crops and decoding differ from the usual ones") }
        case .compactPose, .compactDetector: inputSize = CompactRecognition.inputSize(checkpoint)
        case .lightweightOpenPose, .multiPoseNet, .poseResidualNetwork, .retinaNet: break
        }
    }

    /// Height and width, as they stand in the names of published files.
    private static let sizes: [(height: Int, width: Int)] = [(256, 192), (384, 288), (256, 256), (384, 384), (128, 96)]
}

/// Questions to the names and shapes in a file.
struct NetworkKeys {
    let names: [String]
    private let tensors: [String: Tensor]

    init(_ checkpoint: Checkpoint) {
        names = checkpoint.names
        tensors = checkpoint.tensors
    }

    func has(_ name: String) -> Bool { tensors[name] != nil }
    func has(prefix: String) -> Bool { names.contains { $0.hasPrefix(prefix) } }
    func shape(_ name: String) -> [Int]? { tensors[name]?.shape }

    /// How many of `before` + index + `after` there are, one after the other.
    func count(_ before: String, _ indices: some Sequence<Int>, _ after: String) -> Int {
        var count = 0
        for index in indices {
            guard has("\(before)\(index)\(after)") else { break }
            count += 1
        }
        return count
    }

    /// Which ResNet the blocks of the four layers make.
    func depth(below prefix: String) throws -> ResNet.Depth {
        let blocks = (1...4).map { count("\(prefix)layer\($0).", 0..., ".conv1.weight") }
        let hasBottlenecks = has("\(prefix)layer1.0.conv3.weight")
        guard let depth = ResNet.Depth.allCases.first(where: { $0.blocks == blocks && $0.hasBottlenecks == hasBottlenecks }) else {
            throw NetworkRecognition.Refusal("a residual network with \(blocks) blocks, which is none that is known")
        }
        return depth
    }
}
