import Geometry
import Media
import Tracking

/// Lucas-Kanade that begins where the encoder of the film says a block went.
///
/// A seed saves the coarse levels and reaches further than they do. It is believed only when the point is found there and comes
/// back; else the point is searched for without it. Frames must carry vectors (`SourceOptions.exportsMotionVectors`);
/// without them (key frames, codecs that do not export them) this is plain Lucas-Kanade.
final class CodecFlow: FlowProvider {
    private let kernels: FlowKernels
    private var frames: FramePair
    private var lastIndex: Int?

    init(kernels: FlowKernels) {
        self.kernels = kernels
        frames = FramePair(kernels: kernels)
    }

    func advance(to frame: VideoFrame, people: [Box]) throws -> PictureMotion {
        defer { lastIndex = frame.index }
        guard let step = try frames.advance(to: frame) else { return .unknown }
        var motion = step.motion(avoiding: people)
        // Where frames are left out the vectors tell of another step than this one.
        guard step.isContinuous, !frame.motionVectors.isEmpty, lastIndex == frame.index - 1 else { return motion }
        motion.follower = SeededFollower(
            search: step.follower(background: motion.background),
            seeds: BlockMotion(frame.motionVectors, width: frame.width, height: frame.height))
        return motion
    }

    func reset() {
        frames = FramePair(kernels: kernels)
        lastIndex = nil
    }
}

/// The vectors of a frame by place.
package struct BlockMotion: Sendable {
    private static let cell: Float = 8
    /// A film's blocks move by less; what is beyond is damage.
    private static let farthest: Float = 1024

    private let columns: Int
    private let rows: Int
    /// For each cell what its content moved by; nil where no block says it.
    private var cells: [SIMD2<Float>?]

    package init(_ vectors: [MotionVector], width: Int, height: Int) {
        columns = (width + 7) / 8
        rows = (height + 7) / 8
        cells = [SIMD2<Float>?](repeating: nil, count: columns * rows)
        for vector in vectors where vector.isFromPast && abs(vector.dx) < Self.farthest && abs(vector.dy) < Self.farthest {
            let across = Self.range(vector.x, vector.width, columns)
            for j in Self.range(vector.y, vector.height, rows) {
                for i in across where cells[j * columns + i] == nil { cells[j * columns + i] = SIMD2(vector.dx, vector.dy) }
            }
        }
    }

    /// Cells of a line of `count` that a block touches.
    private static func range(_ center: Float, _ size: Float, _ count: Int) -> Range<Int> {
        let low = (center + 0.5 - size / 2) / cell
        let high = (center + 0.5 + size / 2) / cell
        // Also for what is no number.
        guard low < Float(count), high > 0, high > low else { return 0..<0 }
        let first = Int(max(low, 0))
        return first..<max(first, Int(min(high.rounded(.up), Float(count))))
    }

    /// Where a point of the frame before should be now; nil where the film does not say.
    package func place(of point: Point) -> Point? {
        // The block that holds the point now is not the one at its old place: look there, then where that one leads.
        guard let first = motion(at: point), let second = motion(at: point + first) else { return nil }
        return point + second
    }

    private func motion(at p: Point) -> Point? {
        guard p.x > -0.5, p.y > -0.5, p.x < Double(8 * columns), p.y < Double(8 * rows) else { return nil }
        let (i, j) = (min(Int((p.x + 0.5) / 8), columns - 1), min(Int((p.y + 0.5) / 8), rows - 1))
        return cells[j * columns + i].map { Point(x: Double($0.x), y: Double($0.y)) }
    }
}

/// Tries the seeds first.
private struct SeededFollower: PointFollower {
    let search: BodyFollower
    let seeds: BlockMotion

    func follow(_ points: [Point]) -> [MovedPoint] {
        guard let body = BodyAgreement(points) else { return search.follow(points) }
        let limit = body.roundTripLimit
        var trips = [BodyFollower.Trip?](repeating: nil, count: body.usable.count)
        let seeded = body.usable.indices.compactMap { n in seeds.place(of: points[body.usable[n]]).map { (n, $0) } }
        if !seeded.isEmpty {
            var near = body.search(in: search.from)
            (near.coarserLevels, near.exposure) = (1, search.exposure)
            let tried = search.roundTrip(near, seeded.map { points[body.usable[$0.0]] }, seeded.map(\.1))
            for (trip, seed) in zip(tried, seeded) where trip.isAccepted(limit) { trips[seed.0] = trip }
        }
        let others = trips.indices.filter { trips[$0] == nil }
        if !others.isEmpty {
            let places = others.map { points[body.usable[$0]] }
            for (trip, n) in zip(search.roundTrip(search.settings(for: body), places, search.guesses(for: places)), others) { trips[n] = trip }
        }
        return body.settle(points, trips.map { $0?.followed(limit) ?? FollowedPoint(position: .zero, doubt: nil) })
    }
}
