import Geometry

/// The motion of the background, from points all over the picture.
package enum CameraMotion {
    /// Places all over the picture that lie in none of the boxes, row by row.
    package static func grid(width: Int, height: Int, avoiding boxes: [Box]) -> [Point] {
        let (columns, rows) = width >= height ? (16, 9) : (9, 16)
        var points: [Point] = []
        for j in 0..<rows {
            for i in 0..<columns {
                let p = Point(x: (Double(i) + 0.5) * Double(width) / Double(columns), y: (Double(j) + 0.5) * Double(height) / Double(rows))
                if !boxes.contains(where: { p.x >= $0.x && p.x <= $0.right && p.y >= $0.y && p.y <= $0.bottom }) { points.append(p) }
            }
        }
        return points
    }

    /// Turning, scaling and shifting that most of the points agree on; from few points the middle shift; nil from fewer than three.
    ///
    /// - Parameter precision: how well a point is followed, pixels.
    package static func estimate(_ from: [Point], _ to: [Point], precision: Double) -> Affine? {
        guard from.count >= 3 else { return nil }
        let shift = Point(x: median(zip(from, to).map { $1.x - $0.x }), y: median(zip(from, to).map { $1.y - $0.y }))
        let shiftOnly = Affine(a: 1, b: 0, tx: shift.x, c: 0, d: 1, ty: shift.y)
        guard from.count >= 8 else { return shiftOnly }
        var map = start(from, to, orElse: shiftOnly, tolerance: 4 * precision)
        for _ in 0..<5 {
            let residuals = from.indices.map { (map(from[$0]) - to[$0]).length }
            // Tukey's biweight: what is far from the others does not count at all.
            let limit = 4.7 * max(1.4826 * median(residuals), precision)
            let weights = residuals.map { $0 < limit ? (1 - $0 * $0 / (limit * limit)) * (1 - $0 * $0 / (limit * limit)) : 0 }
            guard weights.count(where: { $0 > 0 }) >= 8, let next = fitSimilarity(from, to, weights: weights) else { break }
            map = next
        }
        // A camera that zooms by a quarter from one frame to the next was not understood.
        let scale = (map.a * map.a + map.c * map.c).squareRoot()
        return (0.8...1.25).contains(scale) ? map : shiftOnly
    }

    /// Of the motions that pairs of points tell, the one that most points share; always the same pairs.
    private static func start(_ from: [Point], _ to: [Point], orElse shift: Affine, tolerance: Double) -> Affine {
        func agreeing(_ map: Affine) -> Int { from.indices.count { (map(from[$0]) - to[$0]).length < tolerance } }
        var best = (map: shift, count: agreeing(shift))
        var state: UInt64 = 1
        for _ in 0..<64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let (i, j) = (Int(state >> 40) % from.count, Int(state >> 20 & 0xFFFFF) % from.count)
            guard (from[i] - from[j]).length > 1, let map = fitSimilarity([from[i], from[j]], [to[i], to[j]], weights: [1, 1]) else { continue }
            let count = agreeing(map)
            if count > best.count { best = (map, count) }
        }
        return best.map
    }
}
