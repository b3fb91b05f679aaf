import Tracking

/// Decides on which frames the networks run (spec: tracking, 2.9). It looks only at this frame's motion and at what was found in
/// the frames before, never at the clock or at other stages.
struct KeyFrameSchedule: Sendable, Codable {
    private let detectEvery: Int?
    private let poseEvery: Int?

    /// Frames since the detector and the pose network ran for all; nil: they have not run yet.
    private var sinceDetection: Int?
    private var sincePoses: Int?
    private var detectionTime = 0.0
    private var lastBorderBirth: Double?
    /// Frames in a row in which something moved that is nobody.
    private var unexplained = 0

    /// Below this share of surely followed joints the pose network looks at a person, below that the detector at the picture.
    private static let poorQuality = 0.6
    private static let badQuality = 0.4
    /// Joints went apart by so much, in body heights.
    private static let largestResidual = 0.05
    /// A pose is carried for at most so long, in seconds.
    private static let longestPose = 0.5
    /// The detector rests for at most so long; less while people come in.
    private static let longestDetection = 1.0
    private static let longestWhileEntering = 0.3
    /// Share of the picture that moves without being a person.
    private static let newMotion = 0.005

    /// - Parameters: nil: when flow is not sure enough.
    init(detect: KeyFrames, pose: KeyFrames) {
        detectEvery = if case .every(let count) = detect { count } else { nil }
        poseEvery = if case .every(let count) = pose { count } else { nil }
    }

    /// Whether a person is carried only while nothing speaks against it, rather than for a number of frames.
    var judgesPoses: Bool { poseEvery == nil }

    /// Whether the detector runs on this frame.
    ///
    /// - Parameters:
    ///   - carried: the people of the frame before.
    ///   - isAnyoneLost: a person was seen lately and is not seen now.
    ///   - newMotion: share of the picture that moves outside all people; nil when not known.
    mutating func detects(
        at time: Double, isCut: Bool, carried: [CarriedPerson], isAnyoneLost: Bool, newMotion: Double?
    ) -> Bool {
        unexplained = (newMotion ?? 0) > Self.newMotion ? unexplained + 1 : 0
        let isDue: Bool
        if let detectEvery {
            isDue = sinceDetection.map { $0 + 1 >= detectEvery } ?? true
        } else {
            let rest = lastBorderBirth.map { time - $0 < Self.longestDetection } == true ? Self.longestWhileEntering : Self.longestDetection
            isDue = sinceDetection == nil || time - detectionTime >= rest - 1e-6 || time < detectionTime || isAnyoneLost
                || carried.contains { $0.quality < Self.badQuality } || unexplained >= 2
        }
        guard isDue || isCut else {
            sinceDetection = sinceDetection.map { $0 + 1 }
            return false
        }
        sinceDetection = 0
        detectionTime = time
        unexplained = 0
        return true
    }

    /// Those of `carried` who need no network in this frame.
    mutating func carries(_ carried: [CarriedPerson], at time: Double, isCut: Bool) -> [CarriedPerson] {
        if let poseEvery {
            let isDue = isCut || (sincePoses.map { $0 + 1 >= poseEvery } ?? true)
            sincePoses = isDue ? 0 : sincePoses.map { $0 + 1 }
            if isDue { return [] }
            // Who cannot be followed is looked at between key frames too.
            return carried.filter { $0.quality >= Self.badQuality }
        }
        return carried.filter {
            $0.quality >= Self.poorQuality && $0.residual <= Self.largestResidual && time - $0.lastNetwork < Self.longestPose - 1e-6
        }
    }

    /// Somebody new was found at the border of the picture: others may follow.
    mutating func someoneEntered(at time: Double) { lastBorderBirth = time }
}
