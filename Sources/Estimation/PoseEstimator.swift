import Media
import Pose

/// Finds the joints of the people in given boxes.
public protocol PoseEstimator: AnyObject {
    /// Which joints, in which order.
    var keypointSet: KeypointSet { get }

    /// The people in the boxes, in the boxes' order, in pixels of the frame. A box whose pose turns out to be another's,
    /// or that has no size, gives nobody.
    func estimate(_ frame: VideoFrame, boxes: [ScoredBox]) throws -> [Person]
}
