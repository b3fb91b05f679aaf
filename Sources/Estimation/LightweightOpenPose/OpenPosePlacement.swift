import Foundation
import Geometry
import Sampling

/// How a picture lies in Lightweight OpenPose's input: scaled to the network's height and padded on all sides to multiples
/// of the stride (`pad_width`; spec: networks-bottomup 1.2).
package struct OpenPosePlacement: Sendable, Hashable {
    /// Input pixels for each picture pixel; pads are counted in input pixels.
    package var scale: Double
    /// The scaled picture.
    package var content: InputSize
    package var input: InputSize
    package var left: Int
    package var top: Int

    private static let stride = 8
    /// Wider pictures are scaled down further.
    private static let largestWidth = 4096

    /// For a network of any size. It is at least as wide as it is high.
    ///
    /// - Parameter factor: by how much the picture is larger than `height` says; the evaluation's several scales.
    package init(picture: InputSize, height: Int, factor: Double = 1) {
        let scale = min(factor * Double(height) / Double(max(picture.height, 1)), Double(Self.largestWidth) / Double(max(picture.width, 1)))
        self.init(content: Self.scaled(picture, scale), scale: scale, height: height)
    }

    /// For a network whose file fixes its input.
    package init(picture: InputSize, input: InputSize) {
        scale = min(Double(input.height) / Double(max(picture.height, 1)), Double(input.width) / Double(max(picture.width, 1)))
        let scaled = Self.scaled(picture, scale)
        content = InputSize(width: min(scaled.width, input.width), height: min(scaled.height, input.height))
        self.input = input
        (left, top) = ((input.width - content.width) / 2, (input.height - content.height) / 2)
    }

    /// The official rule for a picture that is scaled already; one that is higher than the network keeps its height.
    package init(content: InputSize, scale: Double, height: Int) {
        func whole(_ value: Int) -> Int { (value + Self.stride - 1) / Self.stride * Self.stride }
        self.scale = scale
        self.content = content
        let padding = whole(height) - min(height, content.height)
        let width = whole(max(content.width, height))
        input = InputSize(width: width, height: content.height + padding)
        (left, top) = ((width - content.width) / 2, padding / 2)
    }

    private static func scaled(_ picture: InputSize, _ scale: Double) -> InputSize {
        func side(_ pixels: Int) -> Int { max(Int((Double(pixels) * scale).rounded(.toNearestOrEven)), 1) }
        return InputSize(width: side(picture.width), height: side(picture.height))
    }

    /// Input pixels to the right of the picture, and below it.
    package var right: Int { input.width - left - content.width }
    package var bottom: Int { input.height - top - content.height }

    /// From pixels of the enlarged maps to those of the picture.
    ///
    /// - Parameter pixel: input pixels for each enlarged one: 8 / 4.
    package func back(x: Int, y: Int, pixel: Double) -> Point {
        Point(x: (Double(x) * pixel - Double(left)) / scale, y: (Double(y) * pixel - Double(top)) / scale)
    }
}
