import Geometry

/// Where the picture changed otherwise than by the motion of the camera: two thumbnails, the first moved with the background.
struct ChangedCells: Sendable {
    private let from: Thumbnail
    private let to: Thumbnail
    /// From places of the first frame to those of the second, in cells.
    private let background: Affine
    private let exposure: Exposure
    /// Pixels of a cell.
    private let cell: (x: Double, y: Double)

    /// Grey levels by which a cell must differ, whatever the noise.
    private static let leastDifference = 12.0

    init(_ step: FrameStep, background b: Affine) {
        (from, to) = step.thumbnails
        exposure = step.judgement.exposure
        cell = (Double(step.to.width) / Double(to.columns), Double(step.to.height) / Double(to.rows))
        background = Affine(
            a: b.a, b: b.b * cell.y / cell.x, tx: b.tx / cell.x, c: b.c * cell.x / cell.y, d: b.d, ty: b.ty / cell.y)
    }

    /// Share of the picture outside the boxes (pixels) whose cells changed.
    func share(outside boxes: [Box]) -> Double {
        guard let back = background.inverse else { return 0 }
        var differences: [Double] = []
        var isOutside: [Bool] = []
        for y in 0..<to.rows {
            for x in 0..<to.columns {
                // In cells the border of the picture lies half a cell before the first centre.
                let place = Point(x: (Double(x) + 0.5) * cell.x, y: (Double(y) + 0.5) * cell.y)
                let origin = back(Point(x: Double(x), y: Double(y)))
                guard let before = sample(origin) else { continue }
                differences.append(abs(exposure(Double(to.cells[y * to.columns + x])) - before))
                isOutside.append(!boxes.contains { place.x >= $0.x && place.x <= $0.right && place.y >= $0.y && place.y <= $0.bottom })
            }
        }
        let limit = max(Self.leastDifference, 4 * median(differences))
        let count = differences.indices.count { isOutside[$0] && differences[$0] > limit }
        return Double(count) / Double(to.cells.count)
    }

    /// Bilinear value of the first thumbnail; nil outside.
    private func sample(_ p: Point) -> Double? {
        guard p.x >= 0, p.y >= 0, p.x <= Double(from.columns - 1), p.y <= Double(from.rows - 1) else { return nil }
        let (x, y) = (min(Int(p.x), from.columns - 2), min(Int(p.y), from.rows - 2))
        let (fx, fy) = (p.x - Double(x), p.y - Double(y))
        func at(_ x: Int, _ y: Int) -> Double { Double(from.cells[y * from.columns + x]) }
        return (at(x, y) * (1 - fx) + at(x + 1, y) * fx) * (1 - fy) + (at(x, y + 1) * (1 - fx) + at(x + 1, y + 1) * fx) * fy
    }
}
