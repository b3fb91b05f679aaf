/// The trunk of our own two networks (docs/models.md): a 3x3 convolution of stride 2 a stage, then ResNet's basic blocks.
///
/// Plain 3x3 convolutions on purpose: they run by Winograd, while depthwise layers cost far more time than their arithmetic
/// says. Batch norm was folded into the convolutions when the weights were exported (training/posetrain/export.py).
struct CompactBackbone {
    private let stages: [(entry: Conv2d, blocks: [CompactBlock])]

    /// - Parameters:
    ///   - widths: channels of each stage.
    ///   - blocks: basic blocks of each stage.
    init(_ weights: ParameterScope, widths: [Int], blocks: [Int]) {
        var inputs = 3
        stages = zip(widths, blocks).enumerated().map { index, stage in
            let (width, count) = stage
            let layers = weights["stages"][index]
            defer { inputs = width }
            return (
                Conv2d(layers[0]["conv"], inputs, width, 3, stride: 2, bias: true),
                (0..<count).map { CompactBlock(layers[1 + $0], width) }
            )
        }
    }

    /// The maps of all stages: strides 2, 4, 8 and so on.
    func callAsFunction(_ image: Value) throws -> [Value] {
        var x = image
        return try stages.map { stage in
            x = try relu(stage.entry(x))
            for block in stage.blocks { x = try block(x) }
            return x
        }
    }
}

/// Two 3x3 convolutions around an identity.
struct CompactBlock {
    let first, second: Conv2d

    init(_ weights: ParameterScope, _ channels: Int) {
        first = Conv2d(weights["first"]["conv"], channels, channels, 3, bias: true)
        second = Conv2d(weights["second"]["conv"], channels, channels, 3, bias: true)
    }

    func callAsFunction(_ x: Value) throws -> Value { try relu(x + second(relu(first(x)))) }
}
