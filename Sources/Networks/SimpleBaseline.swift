/// "Simple Baselines for Human Pose Estimation and Tracking" (Xiao, Wu, Wei; ECCV 2018), figure 1c: a ResNet, then
/// transposed convolutions up to a quarter of the picture's size, then one heatmap a joint.
public struct SimpleBaseline: Network {
    public struct Configuration: Sendable, Equatable {
        public var depth: ResNet.Depth
        public var style: ResNet.StrideStyle
        public var joints: Int
        /// One entry a transposed convolution; kernels are 4, 3 or 2.
        public var deconvolutions: [Deconvolution]
        public var deconvolutionBias: Bool
        /// Kernel of the last convolution: 1 or 3.
        public var finalKernel: Int

        public struct Deconvolution: Sendable, Equatable {
            public var filters: Int
            public var kernel: Int

            public init(filters: Int = 256, kernel: Int = 4) {
                self.filters = filters
                self.kernel = kernel
            }
        }

        /// The defaults are what was published: three transposed convolutions with 256 filters and kernel 4.
        public init(
            depth: ResNet.Depth, style: ResNet.StrideStyle = .pytorch, joints: Int = 17,
            deconvolutions: [Deconvolution] = Array(repeating: Deconvolution(), count: 3), deconvolutionBias: Bool = false,
            finalKernel: Int = 1
        ) {
            self.depth = depth
            self.style = style
            self.joints = joints
            self.deconvolutions = deconvolutions
            self.deconvolutionBias = deconvolutionBias
            self.finalKernel = finalKernel
        }
    }

    public let configuration: Configuration
    let resnet: ResNet
    let deconvLayers: [(conv: ConvTranspose2d, norm: BatchNorm2d)]
    let finalLayer: Conv2d

    public init(_ configuration: Configuration, _ weights: ParameterScope) {
        self.configuration = configuration
        resnet = ResNet(weights, configuration.depth, style: configuration.style)
        var channels = configuration.depth.channels
        // One sequence of (transposed convolution, batch norm, ReLU) triples.
        let sequence = weights["deconv_layers"]
        deconvLayers = configuration.deconvolutions.enumerated().map { index, layer in
            defer { channels = layer.filters }
            return (
                ConvTranspose2d(sequence[3 * index], channels, layer.filters, layer.kernel, bias: configuration.deconvolutionBias),
                BatchNorm2d(sequence[3 * index + 1], layer.filters)
            )
        }
        finalLayer = Conv2d(weights["final_layer"], channels, configuration.joints, configuration.finalKernel, bias: true)
    }

    public static func title(_ configuration: Configuration) -> String {
        "SimpleBaseline ResNet-\(configuration.depth.rawValue)" + (configuration.style == .caffe ? " (caffe style)" : "")
    }

    public let outputNames = ["heatmaps"]

    /// Output "heatmaps": [N, joints, H / 4, W / 4] in the published form.
    public func callAsFunction(_ image: Value) throws {
        var x = try resnet(image).c5
        for (index, (deconv, norm)) in deconvLayers.enumerated() {
            x = try relu(norm(deconv(x))).named("deconv\(index + 1)")
        }
        try finalLayer(x).named("heatmaps")
    }
}
