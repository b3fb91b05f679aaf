/// Our own small person detector: anchor-free, three maps, top-down sums (Feature Pyramid Networks, Lin et al. 2017), a head
/// for each of them, and one score that was trained to be the box's IoU.
public struct CompactDetector: Network {
    public struct Configuration: Sendable, Equatable {
        /// Channels and basic blocks of each stage of the trunk; the last three have strides 8, 16 and 32.
        public var widths, blocks: [Int]
        /// Channels of the merged maps.
        public var neck: Int
        /// 3x3 convolutions of each map's head.
        public var head: Int

        public init(widths: [Int] = [16, 32, 48, 96, 160], blocks: [Int] = [0, 0, 2, 2, 1], neck: Int = 64, head: Int = 1) {
            self.widths = widths
            self.blocks = blocks
            self.neck = neck
            self.head = head
        }
    }

    /// Values of a cell: the logit of the score, and the logarithms of the distances from the cell's centre to the left,
    /// top, right and bottom side, in strides.
    public static let values = 5

    public let configuration: Configuration
    let backbone: CompactBackbone
    let lateral, merge, out: [Conv2d]
    let heads: [[Conv2d]]

    public init(_ configuration: Configuration, _ weights: ParameterScope) {
        self.configuration = configuration
        let neck = configuration.neck
        backbone = CompactBackbone(weights["backbone"], widths: configuration.widths, blocks: configuration.blocks)
        lateral = configuration.widths.suffix(3).enumerated().map { Conv2d(weights["lateral"][$0]["conv"], $1, neck, 1, bias: true) }
        merge = (0..<3).map { Conv2d(weights["merge"][$0]["conv"], neck, neck, 3, bias: true) }
        heads = (0..<3).map { level in
            (0..<configuration.head).map { Conv2d(weights["heads"][level][$0]["conv"], neck, neck, 3, bias: true) }
        }
        out = (0..<3).map { Conv2d(weights["out"][$0], neck, Self.values, 1, bias: true) }
    }

    public static func title(_ configuration: Configuration) -> String { "compact person detector" }

    public let outputNames = ["cells"]

    /// Output "cells": [N, 5, cells of the strides 8, 16, 32, row-major]; H and W are multiples of 32.
    public func callAsFunction(_ image: Value) throws {
        var maps = try zip(lateral, backbone(image).suffix(3)).map { try relu($0($1)) }
        for level in [1, 0] { maps[level] = try maps[level] + upsampledNearest(maps[level + 1], by: 2) }
        let cells = try (0..<3).map { level in
            var x = try relu(merge[level](maps[level]))
            for layer in heads[level] { x = try relu(layer(x)) }
            let output = try out[level](x)
            return try reshaped(output, [output.shape[0], Self.values, output.height * output.width])
        }
        try concat(cells, axis: 2).named("cells")
    }
}
