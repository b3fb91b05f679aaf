/// Residual network (He et al., CVPR 2016) without its classifier: a stem at a quarter of the size and four stages.
public struct ResNet: Sendable {
    /// 18, 34, 50, 101 or 152.
    public enum Depth: Int, Sendable, CaseIterable {
        case r18 = 18, r34 = 34, r50 = 50, r101 = 101, r152 = 152

        /// Blocks in each stage.
        public var blocks: [Int] {
            switch self {
            case .r18: [2, 2, 2, 2]
            case .r34, .r50: [3, 4, 6, 3]
            case .r101: [3, 4, 23, 3]
            case .r152: [3, 8, 36, 3]
            }
        }

        public var hasBottlenecks: Bool { self != .r18 && self != .r34 }

        /// How much wider a stage's output is than its 3x3 convolutions.
        var expansion: Int { hasBottlenecks ? 4 : 1 }

        /// Channels of the last stage.
        var channels: Int { 512 * expansion }
    }

    /// Which convolution of a bottleneck halves the size. A file does not tell.
    public enum StrideStyle: Sendable {
        /// The 3x3 (torchvision and nearly everyone).
        case pytorch
        /// The first 1x1 (the paper and its Caffe models).
        case caffe
    }

    let conv1: Conv2d
    let bn1: BatchNorm2d
    let layers: [[any ResidualBlock]]

    init(_ weights: ParameterScope, _ depth: Depth, style: StrideStyle = .pytorch, epsilon: Float = 1e-5) {
        conv1 = Conv2d(weights["conv1"], 3, 64, 7, stride: 2)
        bn1 = BatchNorm2d(weights["bn1"], 64, epsilon: epsilon)
        var layers: [[any ResidualBlock]] = []
        var channels = 64
        for (stage, count) in depth.blocks.enumerated() {
            let planes = 64 << stage
            let scope = weights["layer\(stage + 1)"]
            layers.append((0..<count).map { index in
                defer { channels = planes * depth.expansion }
                let stride = stage > 0 && index == 0 ? 2 : 1
                if !depth.hasBottlenecks { return BasicBlock(scope[index], channels, planes, stride: stride) }
                return Bottleneck(
                    scope[index], channels, planes, planes * 4, stride: stride, style: style, projects: index == 0, epsilon: epsilon)
            })
        }
        self.layers = layers
    }

    /// Maps at 1/4, 1/8, 1/16 and 1/32 of the picture's size.
    func callAsFunction(_ image: Value) throws -> (c2: Value, c3: Value, c4: Value, c5: Value) {
        let stem = try maxPool(relu(bn1(conv1(image))), 3, stride: 2, padding: 1).named("stem")
        let c2 = try run(layers[0], stem).named("layer1")
        let c3 = try run(layers[1], c2).named("layer2")
        let c4 = try run(layers[2], c3).named("layer3")
        let c5 = try run(layers[3], c4).named("layer4")
        return (c2, c3, c4, c5)
    }
}

protocol ResidualBlock: Sendable {
    func callAsFunction(_ x: Value) throws -> Value
}

/// Runs blocks one after the other.
func run(_ blocks: [any ResidualBlock], _ x: Value) throws -> Value {
    try blocks.reduce(x) { try $1($0) }
}

/// Two 3x3 convolutions and a shortcut, which is projected where size or channels change.
struct BasicBlock: ResidualBlock {
    let conv1, conv2: Conv2d
    let bn1, bn2: BatchNorm2d
    let downsample: Downsample?

    init(_ weights: ParameterScope, _ inputs: Int, _ planes: Int, stride: Int = 1) {
        conv1 = Conv2d(weights["conv1"], inputs, planes, 3, stride: stride)
        bn1 = BatchNorm2d(weights["bn1"], planes)
        conv2 = Conv2d(weights["conv2"], planes, planes, 3)
        bn2 = BatchNorm2d(weights["bn2"], planes)
        downsample = stride != 1 || inputs != planes ? Downsample(weights["downsample"], inputs, planes, stride: stride) : nil
    }

    func callAsFunction(_ x: Value) throws -> Value {
        let y = try bn2(conv2(relu(bn1(conv1(x)))))
        return try relu(y + (downsample?(x) ?? x))
    }
}

/// 1x1 to fewer channels, 3x3, 1x1 to more channels, and a shortcut.
struct Bottleneck: ResidualBlock {
    let conv1, conv2, conv3: Conv2d
    let bn1, bn2, bn3: BatchNorm2d
    let downsample: Downsample?

    init(
        _ weights: ParameterScope, _ inputs: Int, _ planes: Int, _ outputs: Int, stride: Int = 1, style: ResNet.StrideStyle = .pytorch,
        projects: Bool, epsilon: Float = 1e-5
    ) {
        conv1 = Conv2d(weights["conv1"], inputs, planes, 1, stride: style == .caffe ? stride : 1)
        bn1 = BatchNorm2d(weights["bn1"], planes, epsilon: epsilon)
        conv2 = Conv2d(weights["conv2"], planes, planes, 3, stride: style == .caffe ? 1 : stride)
        bn2 = BatchNorm2d(weights["bn2"], planes, epsilon: epsilon)
        conv3 = Conv2d(weights["conv3"], planes, outputs, 1)
        bn3 = BatchNorm2d(weights["bn3"], outputs, epsilon: epsilon)
        downsample = projects ? Downsample(weights["downsample"], inputs, outputs, stride: stride, epsilon: epsilon) : nil
    }

    func callAsFunction(_ x: Value) throws -> Value {
        var y = try relu(bn1(conv1(x)))
        y = try relu(bn2(conv2(y)))
        y = try bn3(conv3(y))
        return try relu(y + (downsample?(x) ?? x))
    }
}

/// The projection of a shortcut: 1x1 convolution and batch norm.
struct Downsample: Sendable {
    let conv: Conv2d
    let norm: BatchNorm2d

    init(_ weights: ParameterScope, _ inputs: Int, _ outputs: Int, stride: Int, epsilon: Float = 1e-5) {
        conv = Conv2d(weights[0], inputs, outputs, 1, stride: stride)
        norm = BatchNorm2d(weights[1], outputs, epsilon: epsilon)
    }

    func callAsFunction(_ x: Value) throws -> Value { try norm(conv(x)) }
}
