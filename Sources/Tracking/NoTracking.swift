import Pose

/// Links nobody: every person that the networks found goes on without an id, to be linked later (`posestream retrack`).
public struct NoTracking: PeopleTracker, Codable {
    public init() {}

    public mutating func link(_ people: [Person], in frame: TrackedFrame) -> [Person] {
        people.map { person in
            var person = FlowPoseTracker.asRecorded(person)
            person.id = nil
            return person
        }
    }

    /// None: what is found in a frame must not depend on the frames before it.
    public func predictedBoxes(in frame: TrackedFrame) -> [ScoredBox] { [] }
}
