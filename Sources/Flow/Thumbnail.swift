import CKernels

/// A frame as 64 x 36 grey cells (36 x 64 when it is higher than wide): enough to tell one shot from another.
package struct Thumbnail: Sendable, Hashable {
    package let columns: Int
    package let rows: Int
    /// Mean grey of each cell, row by row.
    package let cells: [UInt8]

    package init(_ pyramid: GreyPyramid) {
        (columns, rows) = pyramid.width >= pyramid.height ? (64, 36) : (36, 64)
        // The means of a coarser level are nearly those of the full picture, at a sixteenth of the work.
        var level = pyramid.level(0)
        for n in 1..<max(1, pyramid.levelCount) {
            let next = pyramid.level(n)
            guard next.width >= 2 * columns, next.height >= 2 * rows else { break }
            level = next
        }
        let (columns, rows) = (columns, rows)
        cells = [UInt8](unsafeUninitializedCapacity: columns * rows) { bytes, count in
            ps_grey_cells(&level, Int32(columns), Int32(rows), bytes.baseAddress)
            count = columns * rows
        }
    }

    package init(columns: Int, rows: Int, cells: [UInt8]) {
        precondition(cells.count == columns * rows)
        (self.columns, self.rows, self.cells) = (columns, rows, cells)
    }

    /// Mean and standard deviation of the cells.
    var statistics: (mean: Double, deviation: Double) {
        let (sum, squares) = cells.reduce(into: (0, 0)) { $0.0 += Int($1); $0.1 += Int($1) * Int($1) }
        let mean = Double(sum) / Double(cells.count)
        return (mean, max(0, Double(squares) / Double(cells.count) - mean * mean).squareRoot())
    }

    func mapped(_ exposure: Exposure) -> Thumbnail {
        let table = (0...255).map { UInt8(min(max(exposure(Double($0)).rounded(), 0), 255)) }
        return Thumbnail(columns: columns, rows: rows, cells: cells.map { table[Int($0)] })
    }

    /// Cells in 32 classes of brightness.
    var histogram: [Int] { cells.reduce(into: [Int](repeating: 0, count: 32)) { $0[Int($1) >> 3] += 1 } }

    /// Chi-square distance of the histograms, 0 (equal) to 1 (nothing in common).
    func histogramDistance(_ other: Thumbnail) -> Double {
        var sum = 0.0
        for (a, b) in zip(histogram, other.histogram) where a + b > 0 { sum += Double((a - b) * (a - b)) / Double(a + b) }
        return sum / Double(2 * cells.count)
    }

    /// The whole-cell shift under which `other` looks most like this one, and the mean absolute difference that is left.
    func bestShift(_ other: Thumbnail) -> (dx: Int, dy: Int, difference: Double) {
        var best = (dx: 0, dy: 0, difference: Double.infinity)
        // The smallest shifts first, so that a tie is no motion.
        for reach in 0...max(Self.reach.x, Self.reach.y) {
            for dy in -min(reach, Self.reach.y)...min(reach, Self.reach.y) {
                for dx in -min(reach, Self.reach.x)...min(reach, Self.reach.x) where max(abs(dx), abs(dy)) == reach {
                    let difference = self.difference(other, dx: dx, dy: dy)
                    if difference < best.difference { best = (dx, dy, difference) }
                }
            }
        }
        return best
    }

    /// Cells that a picture may shift between frames.
    private static let reach = (x: 8, y: 6)

    /// Mean absolute difference to `other`, whose content went right by dx and down by dy cells.
    func difference(_ other: Thumbnail, dx: Int, dy: Int) -> Double {
        let shared = (columns - abs(dx)) * (rows - abs(dy))
        let sum = ps_cells_difference(cells, other.cells, Int32(columns), Int32(rows), Int32(dx), Int32(dy))
        return Double(sum) / Double(shared)
    }

    /// Cells of both pictures that show the same place.
    func pairs(_ other: Thumbnail, dx: Int, dy: Int) -> (first: [UInt8], second: [UInt8]) {
        var first: [UInt8] = []
        var second: [UInt8] = []
        first.reserveCapacity(cells.count)
        second.reserveCapacity(cells.count)
        for y in max(0, -dy)..<min(rows, rows - dy) {
            let a = y * columns + max(0, -dx)
            let b = (y + dy) * columns + max(0, dx)
            first += cells[a..<a + columns - abs(dx)]
            second += other.cells[b..<b + columns - abs(dx)]
        }
        return (first, second)
    }
}

/// Correlation of paired values, -1 to 1; 0 where one of them does not vary.
func correlation(_ a: [UInt8], _ b: [UInt8]) -> Double {
    var (sa, sb, saa, sbb, sab) = (0, 0, 0, 0, 0)
    for (x, y) in zip(a, b) {
        let (x, y) = (Int(x), Int(y))
        sa += x
        sb += y
        saa += x * x
        sbb += y * y
        sab += x * y
    }
    let n = min(a.count, b.count)
    let (va, vb) = (Double(n * saa - sa * sa), Double(n * sbb - sb * sb))
    return va > 0 && vb > 0 ? Double(n * sab - sa * sb) / (va.squareRoot() * vb.squareRoot()) : 0
}
