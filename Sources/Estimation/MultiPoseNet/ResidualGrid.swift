import Foundation
import Geometry

/// What the pose residual network sees: for each box a grid of 56 rows x 36 columns x 17 joints with a soft spot at every
/// joint found in or near the box (Kocabas et al., ECCV 2018, section 3.3; spec: networks-bottomup 2.6).
package struct ResidualGrid: Sendable {
    package static let rows = 56
    package static let columns = 36
    package static let joints = 17
    package static let count = rows * columns * joints

    /// Share of a box's size by which a joint may lie outside of it.
    private static let margin = 0.21
    /// Sums of the network's output are taken over so many cells on each side.
    private static let window = 7

    /// A found joint in a box's grid.
    package struct Entry: Sendable, Hashable {
        package var box: Int
        package var joint: Int
        package var row: Int
        package var column: Int
        /// Index among the found joints of this kind.
        package var peak: Int
    }

    package let boxCount: Int
    /// By box, joint, row, column. Of two peaks in one cell the later has it.
    package let entries: [Entry]

    /// - Parameter peaks: by joint, in the pixels in which the boxes are.
    package init(_ peaks: [[Point]], boxes: [Box]) {
        boxCount = boxes.count
        var byCell: [Int: Entry] = [:]
        for (joint, points) in peaks.prefix(Self.joints).enumerated() {
            for (peak, point) in points.enumerated() {
                for (index, box) in boxes.enumerated() where Self.holds(box, point) {
                    let cell = Self.cell(of: point, in: box)
                    let entry = Entry(box: index, joint: joint, row: cell.row, column: cell.column, peak: peak)
                    byCell[((index * Self.joints + joint) * Self.rows + cell.row) * Self.columns + cell.column] = entry
                }
            }
        }
        entries = byCell.sorted { $0.key < $1.key }.map(\.value)
    }

    private static func holds(_ box: Box, _ point: Point) -> Bool {
        box.x - box.width * margin < point.x && point.x < box.x + box.width * (1 + margin) && box.y - box.height * margin < point.y
            && point.y < box.y + box.height * (1 + margin)
    }

    private static func cell(of point: Point, in box: Box) -> (row: Int, column: Int) {
        // Towards zero, as int() does.
        func index(_ offset: Double, _ cells: Int, _ size: Double) -> Int {
            Int(min(max(offset * (Double(cells) / size.rounded(.up)), 0), Double(cells - 1)))
        }
        return (index(point.y - box.y, rows, box.height), index(point.x - box.x, columns, box.width))
    }

    /// The place of a cell in the picture.
    package static func point(row: Int, column: Int, in box: Box) -> Point {
        Point(
            x: Double(column) / (Double(columns) / box.width.rounded(.up)) + box.x,
            y: Double(row) / (Double(rows) / box.height.rounded(.up)) + box.y)
    }

    /// Writes the grids [boxes, 56, 36, 17]: 1 in each cell, each joint's plane blurred by a Gaussian of sigma 1 over 9
    /// cells, its border repeated.
    package func fill(_ grids: UnsafeMutableBufferPointer<Float>) {
        precondition(grids.count >= boxCount * Self.count)
        grids.update(repeating: 0)
        let downwards = Self.blurs(Self.rows), across = Self.blurs(Self.columns)
        for entry in entries {
            let plane = entry.box * Self.count + entry.joint
            for (row, weight) in downwards[entry.row] {
                for (column, other) in across[entry.column] {
                    grids[plane + (row * Self.columns + column) * Self.joints] += Float(weight * other)
                }
            }
        }
    }

    /// For a one at each place of a line: what the blur makes of it, and where.
    private static func blurs(_ length: Int) -> [[(place: Int, weight: Double)]] {
        let radius = 4
        let raw = (-radius...radius).map { exp(-Double($0 * $0) / 2) }
        let sum = raw.reduce(0, +)
        return (0..<length).map { center in
            (max(center - radius, 0)...min(center + radius, length - 1)).map { place in
                var weight = 0.0
                // The line goes on beyond its ends with their values.
                for (index, value) in raw.enumerated() where min(max(place + index - radius, 0), length - 1) == center {
                    weight += value / sum
                }
                return (place, weight)
            }
        }
    }

    /// How well each found joint fits each box, by joint: what the network left around its cell.
    ///
    /// - Parameter output: [boxes, 56, 36, 17].
    package func scores(_ output: UnsafeBufferPointer<Float>) -> [[(box: Int, peak: Int, score: Float)]] {
        precondition(output.count >= boxCount * Self.count)
        var scores = [[(box: Int, peak: Int, score: Float)]](repeating: [], count: Self.joints)
        for entry in entries {
            var sum: Float = 0
            for row in max(entry.row - Self.window, 0)...min(entry.row + Self.window, Self.rows - 1) {
                for column in max(entry.column - Self.window, 0)...min(entry.column + Self.window, Self.columns - 1) {
                    sum += output[entry.box * Self.count + (row * Self.columns + column) * Self.joints + entry.joint]
                }
            }
            scores[entry.joint].append((entry.box, entry.peak, sum))
        }
        return scores
    }

    /// Where a box's plane is largest.
    package static func largest(_ output: UnsafeBufferPointer<Float>, box: Int, joint: Int) -> (row: Int, column: Int) {
        var best = 0
        func value(_ cell: Int) -> Float { output[box * count + cell * joints + joint] }
        for cell in 1..<rows * columns where value(cell) > value(best) { best = cell }
        return (best / columns, best % columns)
    }
}
