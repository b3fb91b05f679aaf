/// "Real-time 2D Multi-Person Pose Estimation on CPU: Lightweight OpenPose" (Osokin, 2018), figures 2 to 4: a dilated
/// MobileNet, then stages that each give heatmaps and part affinity fields, the later ones from those before.
public struct LightweightOpenPose: Network {
    public struct Configuration: Sendable, Equatable {
        /// Refinement stages behind the initial one. Files hold three; the published accuracy is that of one.
        public var refinementStages: Int

        public init(refinementStages: Int = 1) { self.refinementStages = refinementStages }
    }

    /// 18 keypoints and the background.
    static let heatmaps = 19
    /// Two for each of 19 limbs.
    static let fields = 38

    public let configuration: Configuration
    let stem: ConvNorm
    let model: [DepthwiseBlock]
    let cpm: CPM
    let initialStage: InitialStage
    let refinementStages: [RefinementStage]

    public init(_ configuration: Configuration, _ weights: ParameterScope) {
        self.configuration = configuration
        let model = weights["model"]
        stem = ConvNorm(model[0], 3, 32, 3, stride: 2)
        // MobileNet up to its fifth stage, whose stride became a dilation.
        let blocks = [
            (32, 64, 1, 1), (64, 128, 2, 1), (128, 128, 1, 1), (128, 256, 2, 1), (256, 256, 1, 1), (256, 512, 1, 1),
            (512, 512, 1, 2), (512, 512, 1, 1), (512, 512, 1, 1), (512, 512, 1, 1), (512, 512, 1, 1),
        ]
        self.model = blocks.enumerated().map { index, block in
            DepthwiseBlock(model[index + 1], block.0, block.1, stride: block.2, dilation: block.3)
        }
        cpm = CPM(weights["cpm"])
        initialStage = InitialStage(weights["initial_stage"])
        refinementStages = (0..<configuration.refinementStages).map { RefinementStage(weights["refinement_stages"][$0]) }
    }

    public static func title(_ configuration: Configuration) -> String {
        let count = configuration.refinementStages
        return "Lightweight OpenPose (\(count) refinement \(count == 1 ? "stage" : "stages"))"
    }

    public let outputNames = ["heatmaps", "pafs"]

    /// A file may hold more refinement stages than are run.
    public func isExpectedSurplus(_ storedName: String) -> Bool { storedName.hasPrefix("refinement_stages.") }

    /// Outputs "heatmaps" [N, 19, H / 8, W / 8] and "pafs" [N, 38, H / 8, W / 8] of the last stage.
    public func callAsFunction(_ image: Value) throws {
        var x = try relu(stem(image))
        for block in model { x = try block(x) }
        let features = try cpm(x.named("backbone")).named("cpm")

        var (heatmaps, pafs) = try initialStage(features)
        heatmaps.named("stage0.heatmaps")
        pafs.named("stage0.pafs")
        for (index, stage) in refinementStages.enumerated() {
            let trunk = try stage.trunk(concat([features, heatmaps, pafs])).named("refinement\(index).trunk")
            (heatmaps, pafs) = try stage.heads(trunk)
            heatmaps.named("stage\(index + 1).heatmaps")
            pafs.named("stage\(index + 1).pafs")
        }
        heatmaps.named("heatmaps")
        pafs.named("pafs")
    }
}

/// Depthwise 3x3 and pointwise convolution, each with batch norm and ReLU: indices 0, 1, 3 and 4 of a sequence.
struct DepthwiseBlock: Sendable {
    let depthwise, pointwise: Conv2d
    let norm1, norm2: BatchNorm2d

    init(_ weights: ParameterScope, _ inputs: Int, _ outputs: Int, stride: Int, dilation: Int) {
        depthwise = Conv2d(weights[0], inputs, inputs, 3, stride: stride, dilation: dilation, groups: inputs)
        norm1 = BatchNorm2d(weights[1], inputs)
        pointwise = Conv2d(weights[3], inputs, outputs, 1)
        norm2 = BatchNorm2d(weights[4], outputs)
    }

    func callAsFunction(_ x: Value) throws -> Value {
        try relu(norm2(pointwise(relu(norm1(depthwise(x))))))
    }
}

/// Brings the backbone's 512 channels to 128, with a light residual in between.
struct CPM: Sendable {
    let align, conv: Conv2d
    /// Depthwise and pointwise convolutions without batch norm, each with ELU: indices 0 and 2 of a sequence.
    let trunk: [(depthwise: Conv2d, pointwise: Conv2d)]

    init(_ weights: ParameterScope) {
        align = Conv2d(weights["align"][0], 512, 128, 1, bias: true)
        trunk = (0..<3).map {
            (Conv2d(weights["trunk"][$0][0], 128, 128, 3, groups: 128), Conv2d(weights["trunk"][$0][2], 128, 128, 1))
        }
        conv = Conv2d(weights["conv"][0], 128, 128, 3, bias: true)
    }

    func callAsFunction(_ x: Value) throws -> Value {
        let aligned = try relu(align(x))
        let residual = try trunk.reduce(aligned) { try elu($1.pointwise(elu($1.depthwise($0)))) }
        return try relu(conv(aligned + residual))
    }
}

/// The two ends of a stage: a hidden 1x1 convolution and the maps, for heatmaps and for fields.
struct StageHeads: Sendable {
    let heatmaps, pafs: (hidden: Conv2d, maps: Conv2d)

    init(_ weights: ParameterScope, hidden: Int) {
        func head(_ name: String, _ maps: Int) -> (Conv2d, Conv2d) {
            (Conv2d(weights[name][0][0], 128, hidden, 1, bias: true), Conv2d(weights[name][1][0], hidden, maps, 1, bias: true))
        }
        heatmaps = head("heatmaps", LightweightOpenPose.heatmaps)
        pafs = head("pafs", LightweightOpenPose.fields)
    }

    func callAsFunction(_ x: Value) throws -> (heatmaps: Value, pafs: Value) {
        (try heatmaps.maps(relu(heatmaps.hidden(x))), try pafs.maps(relu(pafs.hidden(x))))
    }
}

struct InitialStage: Sendable {
    let trunk: [Conv2d]
    let heads: StageHeads

    init(_ weights: ParameterScope) {
        trunk = (0..<3).map { Conv2d(weights["trunk"][$0][0], 128, 128, 3, bias: true) }
        heads = StageHeads(weights, hidden: 512)
    }

    func callAsFunction(_ x: Value) throws -> (heatmaps: Value, pafs: Value) {
        try heads(trunk.reduce(x) { try relu($1($0)) })
    }
}

/// Five blocks in place of the paper's 7x7 convolutions, then the two heads.
struct RefinementStage: Sendable {
    let blocks: [RefinementBlock]
    let heads: StageHeads

    init(_ weights: ParameterScope) {
        let inputs = 128 + LightweightOpenPose.heatmaps + LightweightOpenPose.fields
        blocks = (0..<5).map { RefinementBlock(weights["trunk"][$0], $0 == 0 ? inputs : 128) }
        heads = StageHeads(weights, hidden: 128)
    }

    func trunk(_ x: Value) throws -> Value { try blocks.reduce(x) { try $1($0) } }
}

/// 1x1, then two 3x3 (the second dilated) that see as far as a 7x7; no ReLU after the sum.
struct RefinementBlock: Sendable {
    let initial: Conv2d
    let trunk: [ConvNorm]

    init(_ weights: ParameterScope, _ inputs: Int) {
        initial = Conv2d(weights["initial"][0], inputs, 128, 1, bias: true)
        trunk = [
            ConvNorm(weights["trunk"][0], 128, 128, 3, bias: true),
            ConvNorm(weights["trunk"][1], 128, 128, 3, dilation: 2, bias: true),
        ]
    }

    func callAsFunction(_ x: Value) throws -> Value {
        let start = try relu(initial(x))
        return try start + trunk.reduce(start) { try relu($1($0)) }
    }
}
