/// Our own small pose network: a SimpleBaseline (figure 1c of its paper) on a slim trunk, with the trunk's larger maps added on
/// the way up. On so slim a trunk the smallest map alone learns slowly where in its 32 pixels a joint lies (docs/embedded-training.md).
public struct CompactPose: Network {
    public struct Configuration: Sendable, Equatable {
        /// Channels and basic blocks of each stage of the trunk.
        public var widths, blocks: [Int]
        /// Filters of each transposed convolution.
        public var deconvolutions: [Int]
        /// Whether the trunk's map of the same size is added (through a 1x1 convolution) to what a transposed convolution gives.
        public var laterals: Bool
        /// Basic blocks after each transposed convolution.
        public var refinements: [Int]
        public var joints: Int

        public init(
            widths: [Int] = [16, 32, 48, 96, 160], blocks: [Int] = [0, 0, 2, 2, 3], deconvolutions: [Int] = [64, 48, 32],
            laterals: Bool = true, refinements: [Int] = [2, 1, 1], joints: Int = 17
        ) {
            self.widths = widths
            self.blocks = blocks
            self.deconvolutions = deconvolutions
            self.laterals = laterals
            self.refinements = refinements
            self.joints = joints
        }
    }

    public let configuration: Configuration
    let backbone: CompactBackbone
    let upsample: [CompactUpsampling]
    let head: Conv2d

    public init(_ configuration: Configuration, _ weights: ParameterScope) {
        self.configuration = configuration
        backbone = CompactBackbone(weights["backbone"], widths: configuration.widths, blocks: configuration.blocks)
        // The trunk's maps from the second smallest up.
        let beside = configuration.widths.reversed().dropFirst()
        var channels = configuration.widths.last ?? 3
        upsample = zip(zip(configuration.deconvolutions, configuration.refinements), beside).enumerated().map { index, step in
            let ((filters, blocks), lateral) = step
            defer { channels = filters }
            return CompactUpsampling(
                weights["upsample"][index], channels, filters, lateral: configuration.laterals ? lateral : nil, blocks: blocks)
        }
        head = Conv2d(weights["head"], channels, configuration.joints, 1, bias: true)
    }

    public static func title(_ configuration: Configuration) -> String { "compact SimpleBaseline" }

    public let outputNames = ["heatmaps"]

    /// Output "heatmaps": [N, joints, H / 4, W / 4] with five stages and three transposed convolutions; H and W are
    /// multiples of 32.
    public func callAsFunction(_ image: Value) throws {
        var maps = try backbone(image)
        var x = maps.popLast() ?? image
        for layer in upsample { x = try layer(x, beside: maps.removeLast()) }
        try head(x).named("heatmaps")
    }
}

/// A transposed 4x4 convolution of stride 2, the trunk's map of that size added to it, and basic blocks.
struct CompactUpsampling {
    let deconvolution: ConvTranspose2d
    let lateral: Conv2d?
    let blocks: [CompactBlock]

    /// - Parameter lateral: channels of the map that is added; nil when none is.
    init(_ weights: ParameterScope, _ inputs: Int, _ outputs: Int, lateral: Int?, blocks: Int) {
        deconvolution = ConvTranspose2d(weights["conv"], inputs, outputs, 4, bias: true)
        self.lateral = lateral.map { Conv2d(weights["lateral"]["conv"], $0, outputs, 1, bias: true) }
        self.blocks = (0..<blocks).map { CompactBlock(weights["blocks"][$0], outputs) }
    }

    func callAsFunction(_ x: Value, beside map: Value) throws -> Value {
        var x = try deconvolution(x)
        if let lateral { x = try x + lateral(map) }
        x = try relu(x)
        for block in blocks { x = try block(x) }
        return x
    }
}
