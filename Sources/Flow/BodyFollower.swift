import Geometry
import Tracking

/// Follows the points of one body with Lucas-Kanade, there and back (spec: optical-flow section 1, "For our use").
struct BodyFollower: PointFollower {
    let from: GreyPyramid
    let to: GreyPyramid
    let exposure: Exposure
    let background: Affine
    let kernels: FlowKernels

    /// Mean grey difference up to which a window counts as found again.
    static let greatestError: Float = 20
    /// Displacements of the background, in pixels, from which on it is where the search begins.
    private static let guessFrom = 4.0

    func follow(_ points: [Point]) -> [MovedPoint] {
        guard let body = BodyAgreement(points) else { return points.map { MovedPoint(position: $0, confidence: 0) } }
        let places = body.usable.map { points[$0] }
        let trips = roundTrip(settings(for: body), places, guesses(for: places))
        return body.settle(points, trips.map { $0.followed(body.roundTripLimit) })
    }

    /// The search for a body that nothing is known of.
    func settings(for body: BodyAgreement) -> LucasKanade {
        var search = body.search(in: from)
        search.exposure = exposure
        return search
    }

    /// Where to begin: with the background, when the camera moved far.
    func guesses(for points: [Point]) -> [Point] {
        points.map { p in
            let q = background(p)
            return (q - p).length > Self.guessFrom ? q : p
        }
    }

    struct Trip {
        var position: Point
        /// Mean grey difference; infinite for what was lost.
        var error: Float
        /// Distance between the start and where the way back ended, pixels.
        var roundTrip: Double

        func isAccepted(_ limit: Double) -> Bool { error <= BodyFollower.greatestError && roundTrip <= limit }

        func followed(_ limit: Double) -> FollowedPoint {
            FollowedPoint(position: position, doubt: isAccepted(limit) ? roundTrip / limit : nil)
        }
    }

    /// Follows points there and back, beginning at the guesses.
    func roundTrip(_ search: LucasKanade, _ points: [Point], _ guesses: [Point]) -> [Trip] {
        let start = points.flatMap { [Float($0.x), Float($0.y)] }
        let guess = guesses.flatMap { [Float($0.x), Float($0.y)] }
        let there = search.track(from: from, to: to, points: start, guesses: guess, kernels: kernels)
        var backward = search
        backward.exposure = exposure.inverse
        // The way back begins at the end of the way there, shifted as the guess was: an honest test must not begin at the answer.
        let home = there.moved.indices.map { there.moved[$0] + (start[$0] - guess[$0]) }
        let back = backward.track(from: to, to: from, points: there.moved, guesses: home, kernels: kernels)
        return points.indices.map { i in
            let arrived = there.point(i)
            let isInside = arrived.x >= 0 && arrived.y >= 0 && arrived.x <= Double(to.width - 1) && arrived.y <= Double(to.height - 1)
            guard there.found[i] == 1, back.found[i] == 1, isInside else {
                return Trip(position: points[i], error: .infinity, roundTrip: .infinity)
            }
            return Trip(position: arrived, error: there.error[i], roundTrip: (back.point(i) - points[i]).length)
        }
    }

    /// Where points on the background went: those of `points` that were followed there and back, on a coarse level.
    func followBackground(_ points: [Point], guess: Point) -> (from: [Point], to: [Point], precision: Double) {
        var search = LucasKanade()
        search.window = 15
        search.exposure = exposure
        (search.leastEigenvalue, search.iterations, search.epsilon) = (1e-3, 10, 0.03)
        while search.finest + 1 < from.levelCount, from.level(search.finest).width > 480 { search.finest += 1 }
        let precision = 0.1 * Double(1 << search.finest)
        let trips = roundTrip(search, points, points.map { $0 + guess })
        let kept = points.indices.filter { trips[$0].isAccepted(5 * precision) }
        return (kept.map { points[$0] }, kept.map { trips[$0].position }, precision)
    }
}

extension Exposure {
    /// The same change seen from the other picture.
    var inverse: Exposure { Exposure(gain: 1 / gain, offset: -offset / gain) }
}
