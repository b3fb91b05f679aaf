import Geometry

/// A joint: where it is in the picture as shown (pixels) and how sure the network is.
public struct Keypoint: Hashable, Sendable, Codable {
    public var position: Point
    /// The network's score, about 0 to 1. A joint that was not found has position (0, 0) and score 0.
    public var score: Double

    public init(position: Point, score: Double) {
        self.position = position
        self.score = score
    }

    public init(x: Double, y: Double, score: Double) {
        self.init(position: Point(x: x, y: y), score: score)
    }

    public static let missing = Keypoint(x: 0, y: 0, score: 0)
    public var isMissing: Bool { self == .missing }
}

/// A person in one frame.
public struct Person: Hashable, Sendable {
    /// How far a track is to be trusted (spec: tracking, states).
    public enum State: String, Sendable, Codable, CaseIterable {
        case tentative, confirmed, coasting
    }

    /// Whether the network ran on this frame for this person or flow carried the pose here.
    public enum Origin: String, Sendable, Codable, CaseIterable {
        case network = "net"
        case flow
    }

    /// The id that holds while the person stays in view; nil before the tracker has seen the person.
    public var id: Int?
    public var state: State
    public var origin: Origin
    /// Instance score: box score times the mean of the confident joints.
    public var score: Double
    /// The person's box, pixels of the picture as shown.
    public var box: Box
    /// One entry for each name of the keypoint set, in its order.
    public var keypoints: [Keypoint]
    /// The keypoints before smoothing; nil when nothing was smoothed.
    public var unsmoothedKeypoints: [Keypoint]?
    /// What the person wears; nil when nobody looked or too little of it was in the picture.
    public var appearance: Appearance?

    public init(
        id: Int? = nil, state: State = .confirmed, origin: Origin = .network, score: Double, box: Box, keypoints: [Keypoint],
        unsmoothedKeypoints: [Keypoint]? = nil, appearance: Appearance? = nil
    ) {
        self.id = id
        self.state = state
        self.origin = origin
        self.score = score
        self.box = box
        self.keypoints = keypoints
        self.unsmoothedKeypoints = unsmoothedKeypoints
        self.appearance = appearance
    }
}

/// All people of one frame: what the pipeline gives for each picture, also for empty ones.
public struct FrameResult: Hashable, Sendable {
    /// Number of the decoded picture in its source, from 0.
    public var frame: Int
    /// Presentation time stamp in ticks of the source's time base; nil when the source has none.
    public var pts: Int64?
    /// Seconds from the source's first picture.
    public var time: Double
    public var people: [Person]

    public init(frame: Int, pts: Int64?, time: Double, people: [Person]) {
        self.frame = frame
        self.pts = pts
        self.time = time
        self.people = people
    }

    /// What people wear serves to link them; whoever reads who is where does not need it.
    package mutating func forgetAppearances() {
        for index in people.indices { people[index].appearance = nil }
    }
}

/// A box that a detector found, with its score.
public struct ScoredBox: Hashable, Sendable {
    public var box: Box
    public var score: Double

    public init(box: Box, score: Double) {
        self.box = box
        self.score = score
    }
}
