import Geometry
import Media
import Tracking

/// Flow by sparse Lucas-Kanade: points are followed when they are asked for, so that a frame costs its pyramid and its people.
final class LucasKanadeFlow: FlowProvider {
    private let kernels: FlowKernels
    private var frames: FramePair

    init(kernels: FlowKernels) {
        self.kernels = kernels
        frames = FramePair(kernels: kernels)
    }

    func advance(to frame: VideoFrame, people: [Box]) throws -> PictureMotion {
        guard let step = try frames.advance(to: frame) else { return .unknown }
        return step.motion(avoiding: people)
    }

    func reset() { frames = FramePair(kernels: kernels) }
}

/// The last two frames of a video as pyramids, and what their thumbnails tell.
struct FramePair {
    private let kernels: FlowKernels
    private var pool = PyramidPool()
    private var cuts = SceneCutDetector()
    private var last: (pyramid: GreyPyramid, thumbnail: Thumbnail)?

    init(kernels: FlowKernels) { self.kernels = kernels }

    /// The frame that was taken last.
    var current: GreyPyramid? { last?.pyramid }

    /// Takes a frame; nil for the first.
    mutating func advance(to frame: VideoFrame) throws -> FrameStep? {
        let pyramid = try pool.take(width: frame.width, height: frame.height)
        pyramid.fill(from: frame, kernels: kernels)
        let thumbnail = Thumbnail(pyramid)
        var judgement = cuts.judge(thumbnail, time: frame.time)
        defer { last = (pyramid, thumbnail) }
        guard let last else { return nil }
        if last.pyramid.width != pyramid.width || last.pyramid.height != pyramid.height { judgement.isCut = true }
        return FrameStep(
            from: last.pyramid, to: pyramid, thumbnails: (last.thumbnail, thumbnail), judgement: judgement, kernels: kernels)
    }
}

/// Two consecutive frames.
struct FrameStep {
    let from: GreyPyramid
    let to: GreyPyramid
    let thumbnails: (from: Thumbnail, to: Thumbnail)
    let judgement: SceneCutDetector.Judgement
    let kernels: FlowKernels

    /// Points can be followed from one frame to the other.
    var isContinuous: Bool { !judgement.isCut && !judgement.isBlank }

    func follower(background: Affine) -> BodyFollower {
        BodyFollower(from: from, to: to, exposure: judgement.exposure, background: background, kernels: kernels)
    }

    /// How the camera moved, from points outside `people`.
    func background(avoiding people: [Box]) -> Affine {
        let places = CameraMotion.grid(width: to.width, height: to.height, avoiding: people)
        let cell = (x: Double(to.width) / Double(thumbnails.to.columns), y: Double(to.height) / Double(thumbnails.to.rows))
        let guess = Point(x: Double(judgement.shift.dx) * cell.x, y: Double(judgement.shift.dy) * cell.y)
        let found = follower(background: .identity).followBackground(places, guess: guess)
        return CameraMotion.estimate(found.from, found.to, precision: found.precision) ?? .identity
    }

    /// What Lucas-Kanade knows of the step.
    func motion(avoiding people: [Box]) -> PictureMotion {
        var motion = PictureMotion()
        motion.isCut = judgement.isCut
        motion.isReturn = judgement.isReturn
        guard isContinuous else { return motion }
        motion.exposure = judgement.exposure
        motion.background = background(avoiding: people)
        motion.follower = follower(background: motion.background)
        motion.changes = ChangedCells(self, background: motion.background)
        return motion
    }
}
