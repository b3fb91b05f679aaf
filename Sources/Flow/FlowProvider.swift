import Geometry
import Media
import Tracking

/// Finds out how the picture moved from frame to frame.
///
/// Frames come in order of presentation, every one of them. A provider belongs to one caller at a time; what it returns may
/// be kept and used elsewhere. The same frames give the same motion, whatever the number of threads.
public protocol FlowProvider: AnyObject {
    /// Takes the next frame and tells how the picture moved since the frame that was given before.
    ///
    /// Nothing is known of the first frame's motion.
    /// - Parameter people: where people were in the frame before, pixels: they take no part in the motion of the camera.
    /// - Throws: `Failure` when there is no memory for the picture.
    func advance(to frame: VideoFrame, people: [Box]) throws -> PictureMotion

    /// Forgets all frames: the next one is a first frame again.
    func reset()
}

/// The motion between two consecutive frames.
public struct PictureMotion: FrameMotion {
    /// This frame begins a new shot.
    public var isCut = false
    /// After a cut this frame shows again what was seen before it (within a second): the insert is over.
    public var isReturn = false
    public var background = Affine.identity
    /// The second frame's grey values as they are compared with the first's, when the exposure changed.
    public var exposure = Exposure.unchanged
    /// nil: points cannot be followed.
    var follower: (any PointFollower)?
    /// The share of the picture, 0 to 1, that moves otherwise than the background; nil when it is not known.
    var changes: ChangedCells?

    /// Nothing is known.
    public static let unknown = PictureMotion()

    /// Where points of the frame before are now. The points of one call are taken for those of one body: their extent tells
    /// its size, and a point that cannot be followed moves with the others.
    ///
    /// Confidence: 0.5 to 1 for a point that was followed there and back; 0.25 for one that was lost and moved with the others;
    /// 0 where nothing is known. Non-finite points are lost.
    public func move(_ points: [Point]) -> [MovedPoint]? { follower?.follow(points) }

    /// The share of the picture (0 to 1) outside `boxes` that changed otherwise than by the motion of the camera; nil when it
    /// is not known.
    public func newMotion(outside boxes: [Box]) -> Double? { changes?.share(outside: boxes) }
}

/// Follows the points of one body between two frames that it holds.
protocol PointFollower: Sendable {
    func follow(_ points: [Point]) -> [MovedPoint]
}

/// Knows nothing of any motion.
final class NoFlow: FlowProvider {
    func advance(to frame: VideoFrame, people: [Box]) -> PictureMotion { .unknown }
    func reset() {}
}
