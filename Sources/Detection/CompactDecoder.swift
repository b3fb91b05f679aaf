import Foundation
import Geometry
import Pose
import Sampling

/// Reads the cells of our own detector: a logit of the score, and logarithms of the distances to the four sides in strides
/// (training/posetrain/networks.py).
package struct CompactDecoder: Sendable {
    static let values = 5
    static let strides = [8, 16, 32]
    /// Beyond it a distance is no person's: e^6 strides.
    private static let largestLogarithm: Float = 6

    private let input: InputSize
    private let smallestLogit: Float
    let cells: Int

    package init(input: InputSize, scoreThreshold: Double) {
        self.input = input
        cells = CellTable.cells(Self.strides, input).reduce(0, +)
        // The logit of the threshold: cells that are none need no exponential.
        smallestLogit = scoreThreshold <= 0 ? -.infinity : scoreThreshold >= 1 ? .infinity : Float(log(scoreThreshold / (1 - scoreThreshold)))
    }

    /// The boxes above the threshold, in cell order, in input pixels.
    ///
    /// - Parameter values: [5, cells] as the network gives it; too short a buffer gives no boxes.
    package func decode(_ values: UnsafeBufferPointer<Float>, into boxes: inout [ScoredBox]) {
        guard let logits = values.baseAddress, values.count >= Self.values * cells else { return }
        var cell = 0
        for stride in Self.strides {
            let columns = (input.width + stride - 1) / stride
            let end = cell + columns * ((input.height + stride - 1) / stride)
            let start = cell
            while cell < end {
                defer { cell += 1 }
                guard logits[cell] >= smallestLogit else { continue }
                let x = (Double((cell - start) % columns) + 0.5) * Double(stride)
                let y = (Double((cell - start) / columns) + 0.5) * Double(stride)
                func distance(_ side: Int) -> Double {
                    exp(Double(min(logits[(1 + side) * cells + cell], Self.largestLogarithm))) * Double(stride)
                }
                let box = Box(left: x - distance(0), top: y - distance(1), right: x + distance(2), bottom: y + distance(3))
                guard box.x.isFinite, box.y.isFinite, box.width.isFinite, box.height.isFinite else { continue }
                boxes.append(ScoredBox(box: box, score: Double(sigmoid(logits[cell]))))
            }
        }
    }
}
