/// Our own small pose network: a SimpleBaseline (figure 1c of its paper) on a slim trunk.
public struct CompactPose: Network {
    public struct Configuration: Sendable, Equatable {
        /// Channels and basic blocks of each stage of the trunk.
        public var widths, blocks: [Int]
        /// Filters of each transposed convolution.
        public var deconvolutions: [Int]
        public var joints: Int

        public init(
            widths: [Int] = [16, 32, 48, 96, 160], blocks: [Int] = [0, 0, 2, 2, 2], deconvolutions: [Int] = [64, 48, 32], joints: Int = 17
        ) {
            self.widths = widths
            self.blocks = blocks
            self.deconvolutions = deconvolutions
            self.joints = joints
        }
    }

    public let configuration: Configuration
    let backbone: CompactBackbone
    let upsample: [ConvTranspose2d]
    let head: Conv2d

    public init(_ configuration: Configuration, _ weights: ParameterScope) {
        self.configuration = configuration
        backbone = CompactBackbone(weights["backbone"], widths: configuration.widths, blocks: configuration.blocks)
        var channels = configuration.widths.last ?? 3
        upsample = configuration.deconvolutions.enumerated().map { index, filters in
            defer { channels = filters }
            return ConvTranspose2d(weights["upsample"][index]["conv"], channels, filters, 4, bias: true)
        }
        head = Conv2d(weights["head"], channels, configuration.joints, 1, bias: true)
    }

    public static func title(_ configuration: Configuration) -> String { "compact SimpleBaseline" }

    public let outputNames = ["heatmaps"]

    /// Output "heatmaps": [N, joints, H / 4, W / 4] with five stages and three transposed convolutions; H and W are
    /// multiples of 32.
    public func callAsFunction(_ image: Value) throws {
        var x = try backbone(image).last ?? image
        for layer in upsample { x = try relu(layer(x)) }
        try head(x).named("heatmaps")
    }
}
