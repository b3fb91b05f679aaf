import Media
import Pose

/// Gives another estimator's people with the joints of another set; joints that it does not have are missing.
public final class ConvertedPoseEstimator: PoseEstimator {
    public let keypointSet: KeypointSet
    private let base: any PoseEstimator
    private let sources: [Int?]

    /// - Parameters:
    ///   - keypointSet: what comes out.
    ///   - sources: for each of its joints the joint of the base's set that it is.
    public init(_ base: any PoseEstimator, to keypointSet: KeypointSet, sources: [Int?]) {
        precondition(sources.count == keypointSet.count && sources.allSatisfy { $0.map { base.keypointSet.names.indices.contains($0) } ?? true })
        self.base = base
        self.keypointSet = keypointSet
        self.sources = sources
    }

    public func estimate(_ frame: VideoFrame, boxes: [ScoredBox]) throws -> [Person] {
        try base.estimate(frame, boxes: boxes).map { person in
            var converted = person
            converted.keypoints = sources.map { $0.map { person.keypoints[$0] } ?? .missing }
            return converted
        }
    }
}
