import Geometry
import Tracking

/// What a method found for one point of a body.
struct FollowedPoint {
    var position: Point
    /// How far from sure, 0 (sure) to 1 (just acceptable); nil for what was lost.
    var doubt: Double?
}

/// The second test: the points of one body move alike (spec: optical-flow section 1).
struct BodyAgreement {
    /// The greater side of the body's box, pixels.
    let size: Double
    /// Indices of points that are numbers and near the picture.
    let usable: [Int]
    /// Area of the body's box, square pixels.
    let area: Double

    /// One point alone has no size: then a person of the size that suits flow best.
    static let usualSize = 200.0

    /// How far from its start the way back of a point may end, pixels.
    var roundTripLimit: Double { max(0.5, 0.02 * area.squareRoot()) }

    /// nil when there is no usable point.
    init?(_ points: [Point]) {
        let usable = points.indices.filter { abs(points[$0].x) < 1e6 && abs(points[$0].y) < 1e6 }
        guard let extent = Box(bounding: usable.map { points[$0] }) else { return nil }
        self.usable = usable
        // The joints' rectangle is a little smaller than the person.
        size = usable.count > 2 ? 1.15 * max(extent.width, extent.height) : Self.usualSize
        area = 1.15 * 1.15 * extent.width * extent.height
    }

    /// Drops followed points that go against all others and lets the lost ones move with the body. `followed` holds one entry
    /// for each usable point.
    func settle(_ points: [Point], _ followed: [FollowedPoint]) -> [MovedPoint] {
        var moved = points.map { MovedPoint(position: $0, confidence: 0) }
        var accepted: [Int] = []
        for (entry, index) in zip(followed, usable) {
            guard let doubt = entry.doubt, doubt <= 1 else { continue }
            moved[index] = MovedPoint(position: entry.position, confidence: 1 - 0.5 * doubt)
            accepted.append(index)
        }
        guard accepted.count >= 3 else { return moved }
        let from = accepted.map { points[$0] }
        let to = accepted.map { moved[$0].position }
        guard var body = fitSimilarity(from, to, weights: [Double](repeating: 1, count: from.count)) else { return moved }
        func residuals() -> [Double] { from.indices.map { (body(from[$0]) - to[$0]).length } }
        // Again with little weight for what is far off, until that is settled.
        for _ in 0..<4 {
            let rough = residuals()
            let scale = max(median(rough), 0.1)
            let weights = rough.map { $0 > scale ? scale * scale / ($0 * $0) : 1 }
            guard let next = fitSimilarity(from, to, weights: weights) else { break }
            body = next
        }
        let final = residuals()
        // Limbs move on their own. Against the poses that the network finds (tud_campus), a point that came back is nearer to the truth
        // than the body's motion is until they are about a sixteenth of the body's size apart.
        let limit = 3 * median(final) + max(1, 0.05 * size)
        for (i, index) in accepted.enumerated() where final[i] > limit { moved[index].confidence = 0 }
        for index in usable where moved[index].confidence == 0 { moved[index] = MovedPoint(position: body(points[index]), confidence: 0.25) }
        return moved
    }

    /// The search that suits a body of this size: a window of about a twelfth of its height, on the level where it is about
    /// 200 pixels high: cheapest, and best on blurred films.
    func search(in pyramid: GreyPyramid) -> LucasKanade {
        var search = LucasKanade()
        var size = size
        while size > 1.42 * Self.usualSize, search.finest + 1 < pyramid.levelCount {
            search.finest += 1
            size /= 2
        }
        search.window = min(max(Int(0.08 * size) / 2 * 2 + 1, 9), 21)
        return search
    }
}
