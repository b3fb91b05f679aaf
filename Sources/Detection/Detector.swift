import Media
import Pose
import Sampling

/// Finds people in a picture.
///
/// A detector belongs to one thread at a time.
public protocol Detector: AnyObject {
    /// The boxes of all people found, best first, in pixels of the frame.
    func detect(_ frame: VideoFrame) throws -> [ScoredBox]
}

/// What can be set on a detector, whatever its network.
public struct DetectorOptions: Sendable, Hashable {
    /// Boxes with a smaller score are dropped.
    public var scoreThreshold: Double
    /// Overlap beyond which the weaker of two boxes goes; nil: the network's own (YOLOX 0.65, NanoDet 0.6,
    /// RetinaNet 0.5).
    public var overlapThreshold: Double?
    /// At most so many boxes, the best ones.
    public var maximumPeople: Int
    /// Input size for a network that leaves it open; nil: 416 x 416.
    public var inputSize: InputSize?
    /// Which of the network's classes are people (COCO: 0).
    public var personClass: Int
    /// Pixels to which RetinaNet scales a picture's shorter side; nil: 800, as published. Its work grows with the square.
    public var shorterSide: Int?

    public init(
        scoreThreshold: Double = 0.3, overlapThreshold: Double? = nil, maximumPeople: Int = 100, inputSize: InputSize? = nil,
        personClass: Int = 0, shorterSide: Int? = nil
    ) {
        self.scoreThreshold = scoreThreshold
        self.overlapThreshold = overlapThreshold
        self.maximumPeople = maximumPeople
        self.inputSize = inputSize
        self.personClass = personClass
        self.shorterSide = shorterSide
    }
}
