import Foundation
import Geometry
import Pose
import Sampling

/// Reads YOLOX's output rows (x, y, w, h, objectness, classes) (spec: networks-bottomup section 4).
///
/// Rows may be raw (offsets in cells and logarithms of sizes) or decoded inside the network (input pixels): which of the
/// two is told by the values, since decoded centres lie near their cells and raw ones near zero. Probabilities may have
/// been through the sigmoid or not.
package struct YOLOXDecoder: Sendable {
    private let input: InputSize
    private let columns: Int
    private let personClass: Int
    private let scoreThreshold: Float

    package init(input: InputSize, classes: Int, personClass: Int = 0, scoreThreshold: Double) {
        self.input = input
        columns = 5 + classes
        self.personClass = personClass
        self.scoreThreshold = Float(scoreThreshold)
    }

    /// The boxes of people, in row order, in input pixels. A person is a row whose largest class is the person class.
    package func decode(_ rows: UnsafeBufferPointer<Float>, into boxes: inout [ScoredBox]) {
        let decoded = isDecoded(rows)
        let probable = hasProbabilities(rows)
        forEachCell(rows) { row, gridX, gridY, stride in
            let objectness = probable ? row[4] : sigmoid(row[4])
            let own = row[5 + personClass]
            let score = objectness * (probable ? own : sigmoid(own))
            guard score.isFinite, score >= scoreThreshold, isLargest(row, own) else { return }
            let center = decoded ? (row[0], row[1]) : ((row[0] + gridX) * stride, (row[1] + gridY) * stride)
            let size = decoded ? (row[2], row[3]) : (exp(row[2]) * stride, exp(row[3]) * stride)
            guard center.0.isFinite, center.1.isFinite, size.0.isFinite, size.1.isFinite else { return }
            let box = Box(
                left: Double(center.0 - size.0 / 2), top: Double(center.1 - size.1 / 2), right: Double(center.0 + size.0 / 2),
                bottom: Double(center.1 + size.1 / 2))
            boxes.append(ScoredBox(box: box, score: Double(score)))
        }
    }

    private func isLargest(_ row: UnsafePointer<Float>, _ own: Float) -> Bool {
        for column in 5..<columns where row[column] > own { return false }
        return true
    }

    /// Whether x is nearer to the cell's place in the input than to its offset in the cell, all in all.
    private func isDecoded(_ rows: UnsafeBufferPointer<Float>) -> Bool {
        var (asPixels, asOffsets) = (Float(0), Float(0))
        forEachCell(rows) { row, gridX, gridY, stride in
            guard row[0].isFinite else { return }
            asPixels += min(abs(row[0] - gridX * stride), 1e6)
            asOffsets += min(abs(row[0]), 1e6)
        }
        return asPixels < asOffsets
    }

    private func hasProbabilities(_ rows: UnsafeBufferPointer<Float>) -> Bool {
        var row = 4
        while row < rows.count {
            if rows[row] < 0 || rows[row] > 1 { return false }
            row += columns
        }
        return true
    }

    private func forEachCell(
        _ rows: UnsafeBufferPointer<Float>, _ body: (_ row: UnsafePointer<Float>, _ x: Float, _ y: Float, _ stride: Float) -> Void
    ) {
        guard var row = rows.baseAddress else { return }
        var left = rows.count / columns
        for stride in [8, 16, 32] {
            for y in 0..<(input.height + stride - 1) / stride {
                for x in 0..<(input.width + stride - 1) / stride where left > 0 {
                    body(row, Float(x), Float(y), Float(stride))
                    row += columns
                    left -= 1
                }
            }
        }
    }
}

func sigmoid(_ v: Float) -> Float { 1 / (1 + exp(-v)) }
