import Geometry
import Sampling

/// A picture scaled into the middle of a network's input, its ratio kept, as the YOLO family does it.
package struct CentredPlacement: Sendable, Hashable {
    package let contentWidth: Int
    package let contentHeight: Int
    /// Empty columns on the left and rows above.
    package let left: Int
    package let top: Int
    private let scale: Double
    private let input: InputSize

    package init(picture: InputSize, into input: InputSize) {
        let (width, height) = (Double(max(picture.width, 1)), Double(max(picture.height, 1)))
        scale = min(Double(input.width) / width, Double(input.height) / height)
        contentWidth = min(max(Int((width * scale).rounded(.toNearestOrEven)), 1), input.width)
        contentHeight = min(max(Int((height * scale).rounded(.toNearestOrEven)), 1), input.height)
        // Of an odd rest the smaller half comes first.
        left = (input.width - contentWidth) / 2
        top = (input.height - contentHeight) / 2
        self.input = input
    }

    /// From input pixels to picture pixels.
    package func back(_ point: Point) -> Point {
        Point(x: (point.x - Double(left)) / scale, y: (point.y - Double(top)) / scale)
    }

    func back(_ box: Box) -> Box {
        Box(x: (box.x - Double(left)) / scale, y: (box.y - Double(top)) / scale, width: box.width / scale, height: box.height / scale)
    }

    /// Moves a picture that lies in the left upper corner of `[3, height, width]` into the middle.
    func centre(_ planes: UnsafeMutableBufferPointer<Float>, fill: UInt8, _ normalization: PixelNormalization) {
        guard left > 0 || top > 0, let start = planes.baseAddress, planes.count >= 3 * input.width * input.height else { return }
        for channel in 0..<3 {
            let plane = start + channel * input.width * input.height
            let empty = normalization.scale[channel] * Float(fill) + normalization.bias[channel]
            // From below, so that no row is overwritten before it was moved.
            for row in (0..<contentHeight).reversed() {
                let source = plane + row * input.width, target = plane + (row + top) * input.width
                (target + left).update(from: source, count: contentWidth)
                target.update(repeating: empty, count: left)
                let right = left + contentWidth
                (target + right).update(repeating: empty, count: input.width - right)
            }
            plane.update(repeating: empty, count: top * input.width)
        }
    }
}
