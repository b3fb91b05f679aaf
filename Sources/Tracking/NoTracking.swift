import Pose

/// Links nobody: every person that the networks found goes on without an id, to be linked later (`posestream retrack`).
public struct NoTracking: PeopleTracker, Codable {
    public init() {}

    public mutating func link(_ people: [Person], in frame: TrackedFrame) -> [Person] {
        people.map { person in
            var person = person.asRecorded
            person.id = nil
            return person
        }
    }

    /// Nobody is carried: what is found in a frame must not depend on the frames before it.
    public func carried(in frame: TrackedFrame) -> [CarriedPerson] { [] }
    public var isAnyoneLost: Bool { false }

    /// None: what is found in a frame must not depend on the frames before it.
    public func predictedBoxes(in frame: TrackedFrame) -> [ScoredBox] { [] }
}
