/// "Deep High-Resolution Representation Learning for Human Pose Estimation" (Sun, Xiao, Liu, Wang; CVPR 2019), figure 1:
/// branches of falling resolution run side by side and exchange what they know after every module.
public struct HRNet: Network {
    public struct Configuration: Sendable, Equatable {
        /// Channels of the finest branch, 32 or 48 in the paper; each coarser branch has twice as many.
        public var width: Int
        public var joints: Int

        public init(width: Int, joints: Int = 17) {
            self.width = width
            self.joints = joints
        }
    }

    public let configuration: Configuration
    let conv1, conv2: Conv2d
    let bn1, bn2: BatchNorm2d
    let layer1: [Bottleneck]
    let transition1: [ConvNorm]
    let transition2, transition3: ConvNorm
    let stage2, stage3, stage4: [ExchangeModule]
    let finalLayer: Conv2d

    public init(_ configuration: Configuration, _ weights: ParameterScope) {
        self.configuration = configuration
        let width = configuration.width
        conv1 = Conv2d(weights["conv1"], 3, 64, 3, stride: 2)
        bn1 = BatchNorm2d(weights["bn1"], 64)
        conv2 = Conv2d(weights["conv2"], 64, 64, 3, stride: 2)
        bn2 = BatchNorm2d(weights["bn2"], 64)
        layer1 = (0..<4).map { Bottleneck(weights["layer1"][$0], $0 == 0 ? 64 : 256, 64, 256, projects: $0 == 0) }

        // The index in a transition is the branch that it feeds; a new branch has one more level of nesting.
        transition1 = [
            ConvNorm(weights["transition1"][0], 256, width, 3),
            ConvNorm(weights["transition1"][1][0], 256, width * 2, 3, stride: 2),
        ]
        stage2 = [ExchangeModule(weights["stage2"][0], width, branches: 2, outputs: 2)]
        transition2 = ConvNorm(weights["transition2"][2][0], width * 2, width * 4, 3, stride: 2)
        stage3 = (0..<4).map { ExchangeModule(weights["stage3"][$0], width, branches: 3, outputs: 3) }
        transition3 = ConvNorm(weights["transition3"][3][0], width * 4, width * 8, 3, stride: 2)
        stage4 = (0..<3).map { ExchangeModule(weights["stage4"][$0], width, branches: 4, outputs: $0 == 2 ? 1 : 4) }
        finalLayer = Conv2d(weights["final_layer"], width, configuration.joints, 1, bias: true)
    }

    public static func title(_ configuration: Configuration) -> String { "HRNet W\(configuration.width)" }

    public let outputNames = ["heatmaps"]

    /// Output "heatmaps": [N, joints, H / 4, W / 4]. H and W are multiples of 32.
    public func callAsFunction(_ image: Value) throws {
        var x = try relu(bn1(conv1(image)))
        x = try relu(bn2(conv2(x))).named("stem")
        x = try run(layer1, x).named("layer1")

        var branches = try transition1.map { try relu($0(x)) }
        branches = try exchange(stage2, branches, "stage2")
        branches.append(try relu(transition2(branches[1])))
        branches = try exchange(stage3, branches, "stage3")
        branches.append(try relu(transition3(branches[2])))
        branches = try exchange(stage4, branches, "stage4")
        try finalLayer(branches[0]).named("heatmaps")
    }

    private func exchange(_ modules: [ExchangeModule], _ branches: [Value], _ name: String) throws -> [Value] {
        let outputs = try modules.reduce(branches) { try $1($0) }
        for (index, output) in outputs.enumerated() { output.named("\(name).\(index)") }
        return outputs
    }
}

/// Four residual blocks on each branch, then each output is the sum of all branches brought to its resolution.
struct ExchangeModule: Sendable {
    let branches: [[BasicBlock]]
    /// By output, then by the branch that it takes from.
    let fuseLayers: [[FuseLayer]]

    init(_ weights: ParameterScope, _ width: Int, branches count: Int, outputs: Int) {
        branches = (0..<count).map { branch in
            (0..<4).map { BasicBlock(weights["branches"][branch][$0], width << branch, width << branch) }
        }
        fuseLayers = (0..<outputs).map { output in
            (0..<count).map { FuseLayer(weights["fuse_layers"][output][$0], width, from: $0, to: output) }
        }
    }

    func callAsFunction(_ inputs: [Value]) throws -> [Value] {
        let maps = try zip(branches, inputs).map { try run($0, $1) }
        return try fuseLayers.map { layers in
            // In the order of the branches, as rounding depends on it.
            let parts = try zip(layers, maps).map { try $0($1) }
            return try relu(parts.dropFirst().reduce(parts[0]) { try $0 + $1 })
        }
    }
}

/// Brings a branch to the resolution and width of another.
enum FuseLayer: Sendable {
    case identity
    /// From a coarser branch: 1x1 convolution, then nearest neighbours.
    case up(ConvNorm, factor: Int)
    /// From a finer branch: 3x3 convolutions with stride 2; all but the last keep the channels and end with ReLU.
    case down([ConvNorm])

    init(_ weights: ParameterScope, _ width: Int, from source: Int, to target: Int) {
        if source == target {
            self = .identity
        } else if source > target {
            self = .up(ConvNorm(weights, width << source, width << target, 1), factor: 1 << (source - target))
        } else {
            let steps = target - source
            self = .down((0..<steps).map { step in
                ConvNorm(weights[step], width << source, width << (step == steps - 1 ? target : source), 3, stride: 2)
            })
        }
    }

    func callAsFunction(_ x: Value) throws -> Value {
        switch self {
        case .identity: return x
        case .up(let conv, let factor): return try upsampledNearest(conv(x), by: factor)
        case .down(let convs):
            let y = try convs.dropLast().reduce(x) { try relu($1($0)) }
            return try convs.last?(y) ?? y
        }
    }
}
