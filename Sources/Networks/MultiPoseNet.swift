/// "MultiPoseNet: Fast Multi-Person Pose Estimation using Pose Residual Network" (Kocabas, Karagoz, Akbas; ECCV 2018),
/// figure 2, as LiMeng95 wrote it: one ResNet, two feature pyramids, one for keypoints and one for persons.
///
/// The pose residual network, which deals the keypoints out to the persons, is a network of its own
/// (`PoseResidualNetwork`), as it runs once a frame on all boxes.
public struct MultiPoseNet: Network {
    public struct Configuration: Sendable, Equatable {
        /// 50 or 101.
        public var depth: ResNet.Depth

        public init(depth: ResNet.Depth) { self.depth = depth }
    }

    public let configuration: Configuration
    let resnet: ResNet
    let keypoints: KeypointNet
    let persons: PersonNet

    public init(_ configuration: Configuration, _ weights: ParameterScope) {
        self.configuration = configuration
        resnet = ResNet(weights["fpn"], configuration.depth)
        keypoints = KeypointNet(weights)
        persons = PersonNet(weights)
    }

    public static func title(_ configuration: Configuration) -> String { "MultiPoseNet ResNet-\(configuration.depth.rawValue)" }

    public let outputNames = ["heatmaps", "classification", "regression"]

    /// The pose residual network may stand in the same file.
    public func isExpectedSurplus(_ storedName: String) -> Bool { storedName.hasPrefix("prn.") }

    /// Outputs "heatmaps" [N, 18, H / 4, W / 4], "classification" [N, A, 1] (0…1) and "regression" [N, A, 4], where A runs
    /// over level, row, column and anchor. H and W are multiples of 32.
    public func callAsFunction(_ image: Value) throws {
        let features = try resnet(image)
        features.c2.named("c2")
        features.c5.named("c5")
        try keypoints(features.c2, features.c3, features.c4, features.c5).named("heatmaps")
        let (classification, regression) = try persons(features.c3, features.c4, features.c5)
        classification.named("classification")
        regression.named("regression")
    }
}

/// Feature pyramid and head for keypoints (figure 3).
struct KeypointNet: Sendable {
    let toplayer: Conv2d
    /// For C4, C3, C2.
    let flatlayers, smooths: [Conv2d]
    /// For levels 5, 4, 3, 2.
    let convt, convs: [Conv2d]
    let conv2, convfin: Conv2d
    /// Intermediate supervision of levels 2, 3, 4, 5: training only.
    let supervision: [Conv2d]

    init(_ weights: ParameterScope) {
        let fpn = weights["fpn"]
        toplayer = Conv2d(fpn["toplayer"], 2048, 256, 1, bias: true)
        flatlayers = [1024, 512, 256].enumerated().map { Conv2d(fpn["flatlayer\($0 + 1)"], $1, 256, 1, bias: true) }
        smooths = (1...3).map { Conv2d(fpn["smooth\($0)"], 256, 256, 3, bias: true) }
        convt = (1...4).map { Conv2d(weights["convt\($0)"], 256, 128, 3, bias: true) }
        convs = (1...4).map { Conv2d(weights["convs\($0)"], 128, 128, 3, bias: true) }
        conv2 = Conv2d(weights["conv2"], 512, 256, 3, bias: true)
        convfin = Conv2d(weights["convfin"], 256, 18, 1, bias: true)
        supervision = (2...5).map { Conv2d(weights["convfin_k\($0)"], 256, 19, 1, bias: true) }
    }

    func callAsFunction(_ c2: Value, _ c3: Value, _ c4: Value, _ c5: Value) throws -> Value {
        // Sums of the maps before smoothing; the coarsest level is not smoothed.
        let fp5 = try toplayer(c5).named("fp5")
        let fp4 = try upsampledNearest(fp5, like: c4) + flatlayers[0](c4)
        let fp3 = try upsampledNearest(fp4, like: c3) + flatlayers[1](c3)
        let fp2 = try upsampledNearest(fp3, like: c2) + flatlayers[2](c2)
        let levels = try [fp5, smooths[0](fp4), smooths[1](fp3), smooths[2](fp2).named("fp2")]

        try c5.layout.withoutCounting {
            for (index, level) in levels.reversed().enumerated() { try supervision[index](level).named("k\(index + 2)") }
        }

        let heads = try levels.indices.map { try convs[$0](convt[$0](levels[$0])) }
        heads[3].named("d2")
        let joined = try concat([
            upsampledNearest(heads[0], by: 8), upsampledNearest(heads[1], by: 4), upsampledNearest(heads[2], by: 2), heads[3],
        ])
        return try convfin(relu(conv2(joined)))
    }
}

/// Feature pyramid and RetinaNet heads for persons.
struct PersonNet: Sendable {
    /// For C5, C4, C3, and for P5, P4, P3.
    let latlayers, toplayers: [Conv2d]
    let conv6, conv7: Conv2d
    let regressionModel, classificationModel: AnchorHead

    init(_ weights: ParameterScope) {
        let fpn = weights["fpn"]
        latlayers = [2048, 1024, 512].enumerated().map { Conv2d(fpn["latlayer\($0 + 1)"], $1, 256, 1, bias: true) }
        toplayers = (0..<3).map { Conv2d(fpn["toplayer\($0)"], 256, 256, 3, bias: true) }
        conv6 = Conv2d(fpn["conv6"], 2048, 256, 3, stride: 2, bias: true)
        conv7 = Conv2d(fpn["conv7"], 256, 256, 3, stride: 2, bias: true)
        func head(_ weights: ParameterScope, values: Int) -> AnchorHead {
            AnchorHead(
                tower: (1...4).map { Conv2d(weights["conv\($0)"], 256, 256, 3, bias: true) },
                output: Conv2d(weights["output"], 256, AnchorHead.anchors * values, 3, bias: true), values: values)
        }
        regressionModel = head(weights["regressionModel"], values: 4)
        classificationModel = head(weights["classificationModel"], values: 1)
    }

    func callAsFunction(_ c3: Value, _ c4: Value, _ c5: Value) throws -> (classification: Value, regression: Value) {
        let p6 = try conv6(c5)
        let p7 = try conv7(relu(p6)).named("p7")
        let p5 = try latlayers[0](c5)
        let p4 = try upsampledNearest(p5, like: c4) + latlayers[1](c4)
        let p3 = try upsampledNearest(p4, like: c3) + latlayers[2](c3)
        let levels = try [toplayers[2](p3).named("p3"), toplayers[1](p4), toplayers[0](p5), p6, p7]
        return (try sigmoid(classificationModel(levels)), try regressionModel(levels))
    }
}

/// A head that all levels of a pyramid share: four convolutions, then the values of nine anchors a cell.
struct AnchorHead: Sendable {
    static let anchors = 9

    let tower: [Conv2d]
    let output: Conv2d
    /// Values an anchor.
    let values: Int

    /// [N, A, values], where A runs over level, row, column and anchor.
    func callAsFunction(_ levels: [Value]) throws -> Value {
        try concat(
            levels.map { level in
                let maps = try output(tower.reduce(level) { try relu($1($0)) })
                // Channels are anchor, then value.
                let cells = try permuted(maps, [0, 2, 3, 1])
                return try reshaped(cells, [maps.shape[0], maps.height * maps.width * Self.anchors, values])
            }, axis: 1)
    }
}
