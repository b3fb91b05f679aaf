import Geometry
import Tracking

/// Follows the points of one body with Lucas-Kanade, there and back (spec: optical-flow section 1, "For our use").
struct BodyFollower: PointFollower {
    let from: GreyPyramid
    let to: GreyPyramid
    let exposure: Exposure
    let background: Affine
    let kernels: FlowKernels

    /// The height of a body, in pixels, at which flow is cheapest and best: larger bodies are looked at on a coarser level.
    private static let bestHeight = 200.0
    /// The window's share of a body's height.
    private static let windowShare = 0.08
    /// Mean grey difference up to which a window counts as found again.
    private static let greatestError: Float = 20
    /// Displacements of the background from which on it is where the search begins.
    private static let guessFrom = 4.0

    func follow(_ points: [Point]) -> [MovedPoint] {
        let usable = points.indices.filter { abs(points[$0].x) < 1e6 && abs(points[$0].y) < 1e6 }
        guard let extent = Box(bounding: usable.map { points[$0] }) else { return points.map { MovedPoint(position: $0, confidence: 0) } }
        // The joints' rectangle is a little smaller than the person; one point alone has no size.
        let size = usable.count > 2 ? 1.15 * max(extent.width, extent.height) : Self.bestHeight
        let limit = max(0.5, 0.02 * 1.15 * (extent.width * extent.height).squareRoot())
        let sent = usable.map { points[$0] }
        let there = track(sent, bodySize: size)
        var moved = points.map { MovedPoint(position: $0, confidence: 0) }
        var accepted: [Int] = []
        for (i, index) in usable.enumerated() where there[i].error <= Self.greatestError && there[i].roundTrip <= limit {
            moved[index] = MovedPoint(position: there[i].position, confidence: 1 - 0.5 * there[i].roundTrip / limit)
            accepted.append(index)
        }
        carryOthers(&moved, accepted, usable, points, size)
        return moved
    }

    /// Drops accepted points that go against all others and lets the lost ones move with the body.
    private func carryOthers(_ moved: inout [MovedPoint], _ accepted: [Int], _ usable: [Int], _ points: [Point], _ size: Double) {
        guard accepted.count >= 3 else { return }
        let from = accepted.map { points[$0] }
        let to = accepted.map { moved[$0].position }
        let even = [Double](repeating: 1, count: from.count)
        guard let first = fitSimilarity(from, to, weights: even) else { return }
        func residuals(_ map: Affine) -> [Double] { from.indices.map { (map(from[$0]) - to[$0]).length } }
        // Once more, with little weight for what is far off.
        let rough = residuals(first)
        let scale = max(median(rough), 0.1)
        guard let body = fitSimilarity(from, to, weights: rough.map { 1 / max(1, $0 / scale) }) else { return }
        let final = residuals(body)
        // Limbs move on their own: what is within a fiftieth of the body's size is agreement.
        let limit = 3 * median(final) + max(1, 0.02 * size)
        for (i, index) in accepted.enumerated() where final[i] > limit { moved[index].confidence = 0 }
        for index in usable where moved[index].confidence == 0 { moved[index] = MovedPoint(position: body(points[index]), confidence: 0.25) }
    }

    private struct Trip {
        var position: Point
        /// Mean grey difference; infinite for what was lost.
        var error: Float
        /// Distance between the start and where the way back ended, pixels.
        var roundTrip: Double
    }

    private func track(_ points: [Point], bodySize: Double) -> [Trip] {
        var search = LucasKanade()
        // On the level where the body is nearest to the best height.
        var size = bodySize
        while size > 1.42 * Self.bestHeight, search.finest + 1 < from.levelCount {
            search.finest += 1
            size /= 2
        }
        search.window = min(max(Int(Self.windowShare * size) / 2 * 2 + 1, 9), 21)
        search.exposure = exposure
        let guesses = points.map { p in
            let q = background(p)
            return (q - p).length > Self.guessFrom ? q : p
        }
        return roundTrip(search, points, guesses)
    }

    private func roundTrip(_ search: LucasKanade, _ points: [Point], _ guesses: [Point]) -> [Trip] {
        let start = points.flatMap { [Float($0.x), Float($0.y)] }
        var there = guesses.flatMap { [Float($0.x), Float($0.y)] }
        var back = start
        var (found, foundBack) = ([UInt8](repeating: 0, count: points.count), [UInt8](repeating: 0, count: points.count))
        var (error, unused) = ([Float](repeating: .infinity, count: points.count), [Float](repeating: 0, count: points.count))
        run(search, from, to, start, &there, &found, &error)
        var backward = search
        backward.exposure = exposure.inverse
        // The way back begins at the end of the way there, shifted as the guess was: an honest test must not begin at the answer.
        for i in points.indices {
            back[2 * i] = there[2 * i] + (start[2 * i] - Float(guesses[i].x))
            back[2 * i + 1] = there[2 * i + 1] + (start[2 * i + 1] - Float(guesses[i].y))
        }
        run(backward, to, from, there, &back, &foundBack, &unused)
        return points.indices.map { i in
            let arrived = Point(x: Double(there[2 * i]), y: Double(there[2 * i + 1]))
            let inside = arrived.x >= 0 && arrived.y >= 0 && arrived.x <= Double(to.width - 1) && arrived.y <= Double(to.height - 1)
            guard found[i] == 1, foundBack[i] == 1, inside else { return Trip(position: points[i], error: .infinity, roundTrip: .infinity) }
            let home = Point(x: Double(back[2 * i]), y: Double(back[2 * i + 1]))
            return Trip(position: arrived, error: error[i], roundTrip: (home - points[i]).length)
        }
    }

    private func run(
        _ search: LucasKanade, _ from: GreyPyramid, _ to: GreyPyramid, _ points: [Float], _ moved: inout [Float], _ found: inout [UInt8],
        _ error: inout [Float]
    ) {
        points.withUnsafeBufferPointer { points in
            moved.withUnsafeMutableBufferPointer { moved in
                found.withUnsafeMutableBufferPointer { found in
                    error.withUnsafeMutableBufferPointer { error in
                        search.track(
                            from: from, to: to, points: points, moved: moved, found: found, error: error, startsFromGuess: true,
                            kernels: kernels)
                    }
                }
            }
        }
    }

    /// Where points on the background went: those of `points` that were followed there and back, on a coarse level.
    func followBackground(_ points: [Point], guess: Point) -> (from: [Point], to: [Point], precision: Double) {
        var search = LucasKanade()
        search.window = 15
        search.exposure = exposure
        search.leastEigenvalue = 1e-3
        while search.finest + 1 < from.levelCount, from.level(search.finest).width > 480 { search.finest += 1 }
        let precision = 0.1 * Double(1 << search.finest)
        let trips = roundTrip(search, points, points.map { $0 + guess })
        let kept = points.indices.filter { trips[$0].error <= Self.greatestError && trips[$0].roundTrip <= 5 * precision }
        return (kept.map { points[$0] }, kept.map { trips[$0].position }, precision)
    }
}

extension Exposure {
    /// The same change seen from the other picture.
    var inverse: Exposure { Exposure(gain: 1 / gain, offset: -offset / gain) }
}
