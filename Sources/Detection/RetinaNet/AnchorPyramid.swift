import Foundation
import Sampling

/// The boxes from which a RetinaNet starts: nine at each cell of the maps of levels 3 to 7, three sizes in three ratios
/// (Lin et al., ICCV 2017, section 4).
///
/// Codes differ in how they round and centre them, which is part of the result.
package struct AnchorPyramid: Sendable {
    package enum Rules: Sendable, Hashable {
        /// torchvision: whole sizes, corners rounded, cells counted from their left upper corner.
        case torchvision
        /// MultiPoseNet.pytorch: nothing rounded, cells counted from their middle.
        case multiPoseNet
    }

    /// Corners x1, y1, x2, y2 in input pixels.
    package typealias Anchor = SIMD4<Float>

    package struct Level: Sendable {
        package let columns: Int
        package let rows: Int
        /// Input pixels from one cell to the next.
        let strideX, strideY: Double
        let center: Double
        let cell: [SIMD4<Double>]

        package var count: Int { columns * rows * AnchorPyramid.anchorsPerCell }

        /// Number `index` in the order row, column, anchor.
        package subscript(index: Int) -> Anchor {
            let place = index / AnchorPyramid.anchorsPerCell
            let x = (Double(place % columns) + center) * strideX, y = (Double(place / columns) + center) * strideY
            return Anchor(cell[index % AnchorPyramid.anchorsPerCell] + SIMD4(x, y, x, y))
        }
    }

    package static let anchorsPerCell = 9
    private static let levelNumbers = 3...7
    private static let ratios = [0.5, 1, 2]

    package let levels: [Level]

    /// `input` is the size of the network's input.
    package init(_ rules: Rules, input: InputSize) {
        levels = Self.levelNumbers.map { number in
            let stride = 1 << number
            let columns = (input.width + stride - 1) / stride, rows = (input.height + stride - 1) / stride
            switch rules {
            case .torchvision:
                // The stride follows from the sizes: 800 rows over 7 cells are 114, not 128.
                return Level(
                    columns: columns, rows: rows, strideX: Double(input.width / columns), strideY: Double(input.height / rows), center: 0,
                    cell: Self.roundedCell(size: Float(4 * stride)))
            case .multiPoseNet:
                return Level(
                    columns: columns, rows: rows, strideX: Double(stride), strideY: Double(stride), center: 0.5,
                    cell: Self.exactCell(size: Double(4 * stride)))
            }
        }
    }

    package var count: Int { levels.reduce(0) { $0 + $1.count } }

    private static func roundedCell(size: Float) -> [SIMD4<Double>] {
        let sizes = (0..<3).map { Float((Double(size) * pow(2, Double($0) / 3)).rounded(.towardZero)) }
        return ratios.flatMap { ratio in
            let high = Float(ratio).squareRoot(), wide = 1 / high
            return sizes.map { size in
                let corner = SIMD4<Float>(-wide * size, -high * size, wide * size, high * size) / 2
                return SIMD4<Double>(corner.rounded(.toNearestOrEven))
            }
        }
    }

    private static func exactCell(size: Double) -> [SIMD4<Double>] {
        ratios.flatMap { ratio in
            (0..<3).map { step in
                let side = size * pow(2, Double(step) / 3)
                let width = (side * side / ratio).squareRoot(), height = width * ratio
                return SIMD4(-width / 2, -height / 2, width / 2, height / 2)
            }
        }
    }
}
