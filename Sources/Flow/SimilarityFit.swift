import Geometry

/// Turning, scaling and shifting that best takes points to others, in the least squares sense.
///
/// Weights that are all zero, or points that are all one, give a shift or nil.
func fitSimilarity(_ from: [Point], _ to: [Point], weights: [Double]) -> Affine? {
    var (total, cx, cy, dx, dy) = (0.0, 0.0, 0.0, 0.0, 0.0)
    for i in from.indices where weights[i] > 0 {
        total += weights[i]
        cx += weights[i] * from[i].x
        cy += weights[i] * from[i].y
        dx += weights[i] * to[i].x
        dy += weights[i] * to[i].y
    }
    guard total > 0 else { return nil }
    (cx, cy, dx, dy) = (cx / total, cy / total, dx / total, dy / total)
    var (along, across, spread) = (0.0, 0.0, 0.0)
    for i in from.indices where weights[i] > 0 {
        let p = Point(x: from[i].x - cx, y: from[i].y - cy)
        let q = Point(x: to[i].x - dx, y: to[i].y - dy)
        along += weights[i] * (p.x * q.x + p.y * q.y)
        across += weights[i] * (p.x * q.y - p.y * q.x)
        spread += weights[i] * (p.x * p.x + p.y * p.y)
    }
    let (a, b) = spread > 1e-9 * total ? (along / spread, across / spread) : (1, 0)
    let map = Affine(a: a, b: -b, tx: dx - a * cx + b * cy, c: b, d: a, ty: dy - b * cx - a * cy)
    return [map.a, map.b, map.tx, map.ty].allSatisfy(\.isFinite) ? map : nil
}

/// The middle value; the mean of the two middle ones for an even count; 0 for none.
func median(_ values: [Double]) -> Double {
    guard !values.isEmpty else { return 0 }
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}
