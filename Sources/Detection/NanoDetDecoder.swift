import Foundation
import Geometry
import Pose
import Sampling

/// Reads NanoDet's outputs: class scores, and for each side of a box a distribution over distances
/// (Generalized Focal Loss; spec: networks-bottomup section 5).
package struct NanoDetDecoder: Sendable {
    private let input: InputSize
    private let layout: NanoDetLayout
    private let personClass: Int
    private let scoreThreshold: Float

    package init(input: InputSize, layout: NanoDetLayout, personClass: Int = 0, scoreThreshold: Double) {
        self.input = input
        self.layout = layout
        self.personClass = personClass
        self.scoreThreshold = Float(scoreThreshold)
    }

    /// The boxes of people, in row order, in input pixels, cut to `input`. A person is a row whose largest class is the
    /// person class.
    ///
    /// - Parameter output: the elements of each of the network's outputs.
    package func decode(_ output: (Int) -> UnsafeBufferPointer<Float>, into boxes: inout [ScoredBox]) {
        let sides = 4 * layout.bins
        let scoreColumns = layout.isShared ? layout.classes + sides : layout.classes
        let distanceColumns = layout.isShared ? layout.classes + sides : sides
        let distanceOffset = layout.isShared ? layout.classes : 0
        for level in layout.levels {
            let (scores, distances) = (output(level.scores), output(level.distances))
            let columns = (input.width + level.stride - 1) / level.stride
            let cells = columns * ((input.height + level.stride - 1) / level.stride)
            guard let firstScore = scores.baseAddress, let firstDistance = distances.baseAddress,
                (level.firstRow + cells) * scoreColumns <= scores.count,
                (level.firstRow + cells) * distanceColumns <= distances.count
            else { continue }
            let probable = hasProbabilities(firstScore + level.firstRow * scoreColumns, cells, scoreColumns)
            for cell in 0..<cells {
                let row = firstScore + (level.firstRow + cell) * scoreColumns
                let own = row[personClass]
                let score = probable ? own : sigmoid(own)
                guard score >= scoreThreshold, isLargest(row, own) else { continue }
                let sides = firstDistance + (level.firstRow + cell) * distanceColumns + distanceOffset
                let box = box(sides, x: cell % columns, y: cell / columns, stride: level.stride)
                guard box.x.isFinite, box.y.isFinite, box.width.isFinite, box.height.isFinite else { continue }
                boxes.append(ScoredBox(box: box, score: Double(score)))
            }
        }
    }

    private func box(_ sides: UnsafePointer<Float>, x: Int, y: Int, stride: Int) -> Box {
        let offset = layout.center.offset(stride: stride)
        let (px, py) = (Double(x * stride) + offset, Double(y * stride) + offset)
        func distance(_ side: Int) -> Double { expectation(sides + side * layout.bins) * Double(stride) }
        let box = Box(left: px - distance(0), top: py - distance(1), right: px + distance(2), bottom: py + distance(3))
        return box.clipped(width: Double(input.width), height: Double(input.height))
    }

    /// Mean of the bins 0, 1, 2.. under the softmax of their logits.
    private func expectation(_ logits: UnsafePointer<Float>) -> Double {
        var largest = -Float.infinity
        for bin in 0..<layout.bins { largest = max(largest, logits[bin]) }
        var (sum, weighted) = (0.0, 0.0)
        for bin in 0..<layout.bins {
            let weight = exp(Double(logits[bin] - largest))
            sum += weight
            weighted += weight * Double(bin)
        }
        return weighted / sum
    }

    private func isLargest(_ row: UnsafePointer<Float>, _ own: Float) -> Bool {
        for column in 0..<layout.classes where row[column] > own { return false }
        return true
    }

    /// Whether the export has the sigmoid inside.
    private func hasProbabilities(_ first: UnsafePointer<Float>, _ cells: Int, _ columns: Int) -> Bool {
        for cell in 0..<cells {
            let value = first[cell * columns + personClass]
            if value < 0 || value > 1 { return false }
        }
        return true
    }
}
