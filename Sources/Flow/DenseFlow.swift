import Geometry
import Media
import Tracking

/// Flow by dense inverse search: a field for each frame, read where points are asked for.
final class DenseFlow: FlowProvider {
    private let preset: DenseSearch.Preset
    private let kernels: FlowKernels
    private var frames: FramePair
    private var search: DenseSearch?
    private var before: DenseSearch.Picture?
    private var now: DenseSearch.Picture?

    init(_ preset: DenseSearch.Preset, kernels: FlowKernels) {
        self.preset = preset
        self.kernels = kernels
        frames = FramePair(kernels: kernels)
    }

    func advance(to frame: VideoFrame, people: [Box]) throws -> PictureMotion {
        let step = try frames.advance(to: frame)
        guard let current = frames.current else { return .unknown }
        if search?.width != current.width || search?.height != current.height {
            (before, now) = (nil, nil)
            search = try DenseSearch(preset, width: current.width, height: current.height, kernels: kernels)
        }
        guard let search else { return step?.motion(avoiding: people) ?? .unknown }
        swap(&before, &now)
        let picture = try now ?? DenseSearch.Picture(for: search)
        now = picture
        search.shrink(current, into: picture)
        guard let step else { return .unknown }
        guard step.isContinuous, let before else { return step.motion(avoiding: people) }
        return step.motion(along: try search.flow(from: before, to: picture), avoiding: people)
    }

    func reset() {
        frames = FramePair(kernels: kernels)
        (before, now) = (nil, nil)
    }
}

extension FrameStep {
    /// What a dense field knows of the step.
    fileprivate func motion(along field: FlowField, avoiding people: [Box]) -> PictureMotion {
        var motion = PictureMotion()
        motion.isReturn = judgement.isReturn
        motion.exposure = judgement.exposure
        let places = CameraMotion.grid(width: to.width, height: to.height, avoiding: people)
        motion.background = CameraMotion.estimate(places, places.map(field.moved), precision: 0.5) ?? .identity
        motion.follower = FieldFollower(step: follower(background: .identity), field: field)
        motion.changes = ChangedCells(self, background: motion.background)
        return motion
    }
}

extension FlowField {
    fileprivate func moved(_ p: Point) -> Point {
        let flow = self(p.x, p.y)
        return Point(x: p.x + flow.u, y: p.y + flow.v)
    }
}

/// Reads a field at points, and looks whether the pictures agree there.
private struct FieldFollower: PointFollower {
    let step: BodyFollower
    let field: FlowField

    func follow(_ points: [Point]) -> [MovedPoint] {
        guard let body = BodyAgreement(points) else { return points.map { MovedPoint(position: $0, confidence: 0) } }
        let from = body.usable.map { points[$0] }
        let to = from.map(field.moved)
        // Lucas-Kanade without a step only compares the windows.
        var compare = body.search(in: step.from)
        (compare.iterations, compare.coarserLevels, compare.leastEigenvalue, compare.exposure) = (0, 0, 0, step.exposure)
        let windows = compare.track(
            from: step.from, to: step.to, points: from.flatMap { [Float($0.x), Float($0.y)] }, guesses: to.flatMap { [Float($0.x), Float($0.y)] },
            kernels: step.kernels)
        return body.settle(
            points,
            from.indices.map {
                let isInside = to[$0].x >= 0 && to[$0].y >= 0 && to[$0].x <= Double(step.to.width - 1) && to[$0].y <= Double(step.to.height - 1)
                let error = windows.error[$0]
                return FollowedPoint(
                    position: to[$0], doubt: isInside && error <= BodyFollower.greatestError ? Double(error / BodyFollower.greatestError) : nil)
            })
    }
}
