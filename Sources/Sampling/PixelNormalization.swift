/// Order of the colour channels of a crop and of a network's input planes.
public enum ChannelOrder: String, Sendable, Hashable, CaseIterable {
    case rgb, bgr
}

/// How the bytes of a picture become the numbers that a network was trained on: for each channel scale * byte + bias.
///
/// The presets are those of the published weights (spec: networks-topdown section 6, networks-bottomup sections 1 to 5).
public struct PixelNormalization: Sendable, Hashable {
    public var order: ChannelOrder
    /// Factors of the first, second and third channel, in `order`.
    public var scale: SIMD3<Float>
    /// Summands, likewise.
    public var bias: SIMD3<Float>

    public init(order: ChannelOrder, scale: SIMD3<Float>, bias: SIMD3<Float>) {
        self.order = order
        self.scale = scale
        self.bias = bias
    }

    /// (byte / unit - mean) / deviation, with means and deviations in `order`.
    public init(order: ChannelOrder, mean: SIMD3<Double>, deviation: SIMD3<Double>, unit: Double = 1) {
        let scale = 1 / (unit * deviation)
        let bias = -mean / deviation
        self.init(order: order, scale: SIMD3<Float>(scale), bias: SIMD3<Float>(bias))
    }

    /// HRNet, PP-TinyPose, Ultralight-SimplePose and most networks trained from ImageNet weights: RGB, ImageNet's statistics.
    public static let imageNet = PixelNormalization(
        order: .rgb, mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225], unit: 255)

    /// The official SimpleBaseline weights: the same numbers in the same order, but on BGR.
    public static let simpleBaseline = PixelNormalization(
        order: .bgr, mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225], unit: 255)

    /// mmpose 0.x and 1.x.
    public static let mmpose = PixelNormalization(
        order: .rgb, mean: [123.675, 116.28, 103.53], deviation: [58.395, 57.12, 57.375])

    /// YOLOX since 0.1.1: BGR, plain bytes.
    public static let bytesBGR = PixelNormalization(order: .bgr, scale: [1, 1, 1], bias: [0, 0, 0])

    /// NanoDet and NanoDet-Plus.
    public static let nanoDet = PixelNormalization(
        order: .bgr, mean: [103.53, 116.28, 123.675], deviation: [57.375, 57.12, 58.395])

    /// CPN's PyTorch weights: v / 255 - mean / 255, RGB.
    public static let cpn = PixelNormalization(order: .rgb, mean: [122.7717, 115.9465, 102.9801], deviation: [255, 255, 255])

    /// CPN's own TensorFlow weights: (v - mean) / 255, BGR.
    public static let tensorFlowCPN = PixelNormalization(
        order: .bgr, mean: [102.9801, 115.9465, 122.7717], deviation: [255, 255, 255])

    /// Lightweight OpenPose: (v - 128) / 256, BGR.
    public static let lightweightOpenPose = PixelNormalization(order: .bgr, mean: [128, 128, 128], deviation: [256, 256, 256])

    /// The numbers that a byte, the same in all three channels, becomes.
    public func callAsFunction(_ byte: Float) -> SIMD3<Float> { scale * byte + bias }
}
