/// How people are linked: the `track:` part of a pipeline (spec: interface, section 3; tracking).
///
/// Every duration is in seconds of presentation time, so that the same settings hold at 10 and at 60 frames a second.
/// Scores are those of `Person.score`: box score times the mean of the confident joints, so a clear person has about 0.6.
public struct TrackerConfiguration: Hashable, Sendable, Codable {
    /// What makes two people alike.
    public enum Similarity: String, Sendable, Codable, CaseIterable {
        /// IoU of the boxes.
        case box
        /// OKS of the poses.
        case pose
        /// OKS of the poses after the older one was moved by the flow.
        case flow
        /// As `flow`, the best over all remembered poses of a person.
        case multiFlow = "multi-flow"

        /// Whether older poses are moved by the flow. Without a flow the `staged` association goes by velocities.
        var usesFlow: Bool { self == .flow || self == .multiFlow }
    }

    /// Which people may be linked with which tracks.
    public enum Association: String, Sendable, Codable, CaseIterable {
        /// All with all, every person left over is new (Xiao et al. 2018, section 3).
        case paper
        /// Sure people first, then unsure ones with what is left, doubles refused, tracks tentative before they are trusted.
        case staged
    }

    /// How pairs are chosen from their similarities.
    public enum Pairing: String, Sendable, Codable, CaseIterable {
        case greedy, hungarian
    }

    public var similarity = Similarity.multiFlow
    public var association = Association.staged
    public var assignment = Pairing.greedy
    /// How long a person who is not found is remembered, in seconds. 0: only the frame before counts.
    public var memory = 1.0
    /// Poses that are remembered of each person; only `multi-flow` looks at more than the last.
    public var queue = 8
    /// Joints below this score take no part.
    public var jointScore = 0.3
    /// The least similarity of a pair.
    public var threshold = 0.3
    /// The least similarity of a pair with a person of low score.
    public var lowThreshold = 0.2
    /// From this score on a person may begin a track.
    public var highScore = 0.35
    /// From this score of the box alone on (`Person.boxScore`) a person may begin a track, however unsure the joints are; 1: boxes
    /// alone begin none. Of use where the detector sees better than the pose network.
    public var highBox = 1.0
    /// From this score on a person may continue a track.
    public var lowScore = 0.1
    /// From this score on a new track is trusted at once.
    public var confirmScore = 0.6

    /// Whether what people wear helps to tell them apart, where it is known (`Person.appearance`). Only `staged` asks for it.
    public var appearance = true

    /// The number of people who are known to be in the shot: never more ids than that. 0: unknown.
    public var people = 0

    package var tuning = TrackerTuning()

    public init() {}
}
