/// "Cascaded Pyramid Network for Multi-Person Pose Estimation" (Chen et al., CVPR 2018), figure 1, in the form of the
/// PyTorch code (GengDavid/pytorch-cpn): GlobalNet finds the easy joints, RefineNet joins all levels for the hard ones.
///
/// Its RefineNet has a projection in every bottleneck, where the authors' own has identities (`TensorFlowCPN`).
public struct CPN: Network {
    public struct Configuration: Sendable, Equatable {
        /// 50 or 101.
        public var depth: ResNet.Depth
        public var joints: Int

        public init(depth: ResNet.Depth, joints: Int = 17) {
            self.depth = depth
            self.joints = joints
        }
    }

    public let configuration: Configuration
    let resnet: ResNet
    let globalNet: GlobalNet
    let refineNet: RefineNet

    public init(_ configuration: Configuration, _ weights: ParameterScope) {
        self.configuration = configuration
        resnet = ResNet(weights["resnet"], configuration.depth)
        globalNet = GlobalNet(weights["global_net"], configuration.joints)
        refineNet = RefineNet(weights["refine_net"], configuration.joints)
    }

    public static func title(_ configuration: Configuration) -> String { "CPN ResNet-\(configuration.depth.rawValue)" }

    public let outputNames = ["heatmaps"]

    /// Output "heatmaps": [N, joints, H / 4, W / 4], trained to 0…255. H and W are multiples of 32.
    public func callAsFunction(_ image: Value) throws {
        let features = try resnet(image)
        let pyramid = try globalNet([features.c5, features.c4, features.c3, features.c2])
        try refineNet(pyramid).named("heatmaps")
    }
}

/// A feature pyramid; levels run from coarse (C5) to fine (C2).
struct GlobalNet: Sendable {
    let laterals: [ConvNorm]
    let upsamples: [UpsampleNorm]
    let predict: [Prediction]

    init(_ weights: ParameterScope, _ joints: Int) {
        laterals = [2048, 1024, 512, 256].enumerated().map { ConvNorm(weights["laterals"][$0], $1, 256, 1) }
        upsamples = (0..<3).map { UpsampleNorm(weights["upsamples"][$0]) }
        predict = (0..<4).map { Prediction(weights["predict"][$0], joints) }
    }

    func callAsFunction(_ features: [Value]) throws -> [Value] {
        var pyramid: [Value] = []
        for (index, feature) in features.enumerated() {
            var map = try relu(laterals[index](feature))
            if let coarser = pyramid.last { map = try map + upsamples[index - 1](coarser) }
            pyramid.append(map.named("global_fm\(index)"))
        }
        // The finest level gives the size of all predictions. Training supervises them; the result does not need them.
        for (index, map) in pyramid.enumerated() {
            try predict[index](map, size: pyramid[3]).named("global_out\(index)")
        }
        return pyramid
    }
}

/// Twice the size, then 1x1 convolution and batch norm (indices 1 and 2 of a sequence, after the resize).
struct UpsampleNorm: Sendable {
    let conv: Conv2d
    let norm: BatchNorm2d

    init(_ weights: ParameterScope) {
        conv = Conv2d(weights[1], 256, 256, 1)
        norm = BatchNorm2d(weights[2], 256)
    }

    func callAsFunction(_ x: Value) throws -> Value {
        try norm(conv(resizedBilinear(x, height: 2 * x.height, width: 2 * x.width, .alignCorners)))
    }
}

/// Heatmaps of one level; the batch norm comes after the resize.
struct Prediction: Sendable {
    let conv1, conv2: Conv2d
    let norm1, norm2: BatchNorm2d

    init(_ weights: ParameterScope, _ joints: Int) {
        conv1 = Conv2d(weights[0], 256, 256, 1)
        norm1 = BatchNorm2d(weights[1], 256)
        conv2 = Conv2d(weights[3], 256, joints, 3)
        norm2 = BatchNorm2d(weights[5], joints)
    }

    func callAsFunction(_ x: Value, size: Value) throws -> Value {
        let maps = try conv2(relu(norm1(conv1(x))))
        return try norm2(resizedBilinear(maps, height: size.height, width: size.width, .alignCorners))
    }
}

/// More bottlenecks the coarser the level, all brought to the finest size and joined.
struct RefineNet: Sendable {
    let cascade: [[Bottleneck]]
    let bottleneck: Bottleneck
    let conv: Conv2d
    let norm: BatchNorm2d

    init(_ weights: ParameterScope, _ joints: Int) {
        cascade = (0..<4).map { level in
            (0..<3 - level).map { Bottleneck(weights["cascade"][level][$0], 256, 128, 256, projects: true) }
        }
        let final = weights["final_predict"]
        bottleneck = Bottleneck(final[0], 1024, 128, 256, projects: true)
        conv = Conv2d(final[1], 256, joints, 3)
        norm = BatchNorm2d(final[2], joints)
    }

    func callAsFunction(_ pyramid: [Value]) throws -> Value {
        let finest = pyramid[3]
        let levels = try zip(cascade, pyramid).map { blocks, map in
            try resizedBilinear(run(blocks, map), height: finest.height, width: finest.width, .alignCorners)
        }
        let joined = try concat(levels).named("refine_cat")
        return try norm(conv(bottleneck(joined)))
    }
}
