/// A map of the plane: x' = a x + b y + tx, y' = c x + d y + ty.
public struct Affine: Hashable, Sendable, Codable {
    public var a, b, tx: Double
    public var c, d, ty: Double

    public init(a: Double, b: Double, tx: Double, c: Double, d: Double, ty: Double) {
        self.a = a
        self.b = b
        self.tx = tx
        self.c = c
        self.d = d
        self.ty = ty
    }

    public static let identity = Affine(a: 1, b: 0, tx: 0, c: 0, d: 1, ty: 0)

    public func callAsFunction(_ p: Point) -> Point {
        Point(x: a * p.x + b * p.y + tx, y: c * p.x + d * p.y + ty)
    }

    /// The inverse map; nil when the map is singular (a box without size).
    public var inverse: Affine? {
        let determinant = a * d - b * c
        guard determinant != 0, determinant.isFinite else { return nil }
        let (ia, ib, ic, id) = (d / determinant, -b / determinant, -c / determinant, a / determinant)
        return Affine(a: ia, b: ib, tx: -ia * tx - ib * ty, c: ic, d: id, ty: -ic * tx - id * ty)
    }
}
