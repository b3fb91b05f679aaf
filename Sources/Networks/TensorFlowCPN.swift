import Engine

/// The Cascaded Pyramid Network as its authors wrote it (chenyilun95/tf-cpn), under the names of its TensorFlow variables.
///
/// Against `CPN`: identity shortcuts in RefineNet, a biased 1x1 convolution without batch norm after each upsampling,
/// levels joined from fine to coarse, and TensorFlow's old bilinear resize. Batch norm has an epsilon of 1e-9.
public struct TensorFlowCPN: Network {
    public typealias Configuration = CPN.Configuration

    public let configuration: Configuration
    let conv1: ScopedConv
    let blocks: [[ScopedBottleneck]]
    /// By level 5, 4, 3, 2.
    let levels: [Level]
    let finalBottleneck: ScopedBottleneck
    let refineOut: ScopedConv

    struct Level: Sendable {
        let number: Int
        let lateral, tmp, pyramid: ScopedConv
        let merge: ScopedConv?
        let refine: [ScopedBottleneck]
    }

    public init(_ configuration: Configuration, _ weights: ParameterScope) {
        self.configuration = configuration
        let root = weights.separated(by: "/")
        let resnet = root["resnet_v1_\(configuration.depth.rawValue)"]
        conv1 = ScopedConv(resnet["conv1"], 3, 64, 7, stride: 2)
        var channels = 64
        blocks = configuration.depth.blocks.enumerated().map { stage, count in
            (0..<count).map { unit in
                defer { channels = 256 << stage }
                return ScopedBottleneck(
                    resnet["block\(stage + 1)"]["unit_\(unit + 1)"]["bottleneck_v1"], channels, 64 << stage, 256 << stage,
                    stride: stage > 0 && unit == 0 ? 2 : 1)
            }
        }
        levels = [5, 4, 3, 2].map { number in
            let level = "res\(number)"
            return Level(
                number: number,
                lateral: ScopedConv(root["lateral"][level], 256 << (number - 2), 256, 1),
                tmp: ScopedConv(root["tmp"][level], 256, 256, 1),
                pyramid: ScopedConv(root["pyramid"][level], 256, configuration.joints, 3),
                merge: number == 5 ? nil : ScopedConv(root["merge"][level], 256, 256, 1, norm: false),
                refine: (0..<number - 2).map { ScopedBottleneck(root[level]["refine_conv\($0)"], 256, 128, 256) })
        }
        finalBottleneck = ScopedBottleneck(root["final_bottleneck"], 1024, 128, 256)
        refineOut = ScopedConv(root["refine_out"], 256, configuration.joints, 3)
    }

    public static func title(_ configuration: Configuration) -> String {
        "CPN ResNet-\(configuration.depth.rawValue) (TensorFlow)"
    }

    public let outputNames = ["heatmaps"]

    /// TensorFlow's optimiser stores its state beside the weights.
    public func isExpectedSurplus(_ storedName: String) -> Bool {
        storedName.hasSuffix("/Adam") || storedName.hasSuffix("/Adam_1") || storedName.hasSuffix("_power") || storedName == "global_step"
            || storedName.contains("learning_rate")
    }

    /// Output "heatmaps": [N, joints, H / 4, W / 4], trained to 0…255. H and W are multiples of 32.
    public func callAsFunction(_ image: Value) throws {
        var x = try maxPool(relu(conv1(image)), 3, stride: 2, padding: 1).named("stem")
        var features: [Value] = []
        for (index, block) in blocks.enumerated() {
            x = try run(block, x).named("block\(index + 1)")
            features.append(x)
        }

        // GlobalNet, from coarse to fine.
        var maps: [Value] = []
        for level in levels {
            var map = try relu(level.lateral(features[level.number - 2]))
            if let merge = level.merge, let coarser = maps.last {
                map = try merge(resizedBilinear(coarser, height: map.height, width: map.width, .asymmetric)) + map
            }
            maps.append(map.named("global_fm_res\(level.number)"))
        }
        let (height, width) = (maps[3].height, maps[3].width)
        for (level, map) in zip(levels, maps) {
            let prediction = try level.pyramid(relu(level.tmp(map)))
            try resizedBilinear(prediction, height: height, width: width, .asymmetric).named("global_out_res\(level.number)")
        }

        // RefineNet, from fine to coarse.
        let refined = try zip(levels, maps).reversed().map { level, map in
            try resizedBilinear(run(level.refine, map), height: height, width: width, .asymmetric)
        }
        let joined = try concat(refined).named("refine_cat")
        try refineOut(finalBottleneck(joined)).named("heatmaps")
    }
}

/// A convolution of TensorFlow's slim: weights [k, k, I, O], with batch norm, or with a bias and nothing else.
struct ScopedConv: Sendable {
    private let conv: Conv2d
    private let norm: BatchNorm2d?

    init(_ weights: ParameterScope, _ inputs: Int, _ outputs: Int, _ kernel: Int, stride: Int = 1, norm hasNorm: Bool = true) {
        let stored = weights.parameter("weights", [kernel, kernel, inputs, outputs], .weight)
        let padding = kernel / 2
        conv = Conv2d(
            name: weights.path, weight: stored.movingOutputsFirst(),
            bias: hasNorm ? nil : weights.parameter("biases", [outputs], .bias),
            op: Convolution(
                kernel: [kernel, kernel], strides: [stride, stride], padding: [padding, padding, padding, padding]))
        let scope = weights["BatchNorm"]
        norm = hasNorm ? BatchNorm2d(
            name: scope.path, scale: scope.parameter("gamma", [outputs], .normScale),
            shift: scope.parameter("beta", [outputs], .normShift), mean: scope.parameter("moving_mean", [outputs], .mean),
            variance: scope.parameter("moving_variance", [outputs], .variance), epsilon: 1e-9) : nil
    }

    func callAsFunction(_ x: Value) throws -> Value {
        let y = try conv(x)
        return try norm?(y) ?? y
    }
}

/// slim's bottleneck; the shortcut is projected only where the number of channels changes.
struct ScopedBottleneck: ResidualBlock {
    let conv1, conv2, conv3: ScopedConv
    let shortcut: ScopedConv?

    init(_ weights: ParameterScope, _ inputs: Int, _ planes: Int, _ outputs: Int, stride: Int = 1) {
        shortcut = inputs == outputs ? nil : ScopedConv(weights["shortcut"], inputs, outputs, 1, stride: stride)
        conv1 = ScopedConv(weights["conv1"], inputs, planes, 1)
        conv2 = ScopedConv(weights["conv2"], planes, planes, 3, stride: stride)
        conv3 = ScopedConv(weights["conv3"], planes, outputs, 1)
    }

    func callAsFunction(_ x: Value) throws -> Value {
        let y = try conv3(relu(conv2(relu(conv1(x)))))
        return try relu((shortcut?(x) ?? x) + y)
    }
}

extension Tensor {
    /// [k, k, I, O] as [O, I, k, k].
    fileprivate func movingOutputsFirst() -> Tensor {
        guard shape.count == 4 else { return self }
        let (taps, inputs, outputs) = (shape[0] * shape[1], shape[2], shape[3])
        let moved = TensorStorage(byteCount: count * MemoryLayout<Float>.stride)
        let target = moved.bytes.assumingMemoryBound(to: Float.self)
        withElements(as: Float.self) { source in
            for tap in 0..<taps {
                for input in 0..<inputs {
                    let row = (tap * inputs + input) * outputs
                    for output in 0..<outputs { target[(output * inputs + input) * taps + tap] = source[row + output] }
                }
            }
        }
        return Tensor(shape: [outputs, inputs, shape[0], shape[1]], elementType: .float32, storage: moved)
    }
}
