import Geometry
import Pose

/// Takes the jitter out of tracked poses: a One Euro filter for each coordinate of each joint of each id, in time and in torso
/// lengths, so that it does the same at every frame rate and picture size (spec: tracking, 2.10).
public struct PoseSmoother: Sendable, Codable {
    private struct Joint: Hashable, Sendable, Codable {
        var x: OneEuroFilter
        var y: OneEuroFilter
        var lastTime: Double
        /// What was filtered last, and how fast flow moved it, in pixels and pixels a second.
        var input: Point
        var raw: Point
        var velocity = Point.zero
        /// What is left of a jump, and over how many frames.
        var debt = Point.zero
        var framesLeft = 0

        init(at position: Point, time: Double, _ parameters: OneEuroFilter.Parameters) {
            (x, y) = (OneEuroFilter(parameters), OneEuroFilter(parameters))
            (lastTime, input, raw) = (time, position, position)
        }

        /// What is to be filtered: `position`, or, where the network put right what flow had carried astray, a place on the way there.
        mutating func input(_ position: Point, at time: Double, isCarried: Bool, wasCarried: Bool, unit: Double) -> Point {
            let passed = time - lastTime
            if wasCarried, !isCarried, passed > 0 {
                let jump = position - (input + velocity * passed)
                if jump.length > PoseSmoother.leastJump * unit { (debt, framesLeft) = (jump * -1, PoseSmoother.jumpFrames) }
            }
            if isCarried, passed > 0 { velocity = (position - raw) * (1 / passed) }
            framesLeft = max(0, framesLeft - 1)
            (raw, lastTime) = (position, time)
            input = position + debt * (Double(framesLeft) / Double(PoseSmoother.jumpFrames))
            return input
        }
    }

    private struct Body: Sendable, Codable {
        var id: Int
        var lastTime: Double
        var torso: Double
        var joints: [Joint?]
        /// Flow gave the last pose.
        var wasCarried = false
    }

    /// A pause longer than this begins anew, in seconds.
    private static let longestPause = 0.3
    /// A jump by which the network corrects what flow carried, in torso lengths, from which on it is spread over so many frames.
    private static let leastJump = 0.1
    private static let jumpFrames = 3
    /// Start values for positions in torso lengths.
    public static let standard = OneEuroFilter.Parameters(minimumCutoff: 1.7, beta: 3, speedCutoff: 1)

    private let parameters: OneEuroFilter.Parameters
    private let jointScore: Double
    private let shoulders: [Int]
    private let hips: [Int]
    /// In ascending id.
    private var bodies: [Body] = []

    /// - Parameter jointScore: joints below this are neither smoothed nor looked at.
    public init(keypoints: KeypointSet, jointScore: Double = 0.3, parameters: OneEuroFilter.Parameters = Self.standard) {
        self.parameters = parameters
        self.jointScore = jointScore
        shoulders = ["left_shoulder", "right_shoulder"].compactMap(keypoints.names.firstIndex)
        hips = ["left_hip", "right_hip"].compactMap(keypoints.names.firstIndex)
    }

    /// The people of a frame with smoothed keypoints; the raw ones are kept in `unsmoothedKeypoints`. People without an id stay
    /// as they are. `isCut` forgets everything.
    public mutating func smooth(_ people: [Person], at time: Double, isCut: Bool = false) -> [Person] {
        bodies.removeAll { isCut || !((time - $0.lastTime).magnitude <= Self.longestPause) }
        return people.map { person in
            guard let id = person.id, time.isFinite else { return person }
            if bodies.first(where: { $0.id == id }) == nil {
                bodies.append(Body(id: id, lastTime: time, torso: 0, joints: Array(repeating: nil, count: person.keypoints.count)))
                bodies.sort { $0.id < $1.id }
            }
            guard let index = bodies.firstIndex(where: { $0.id == id }) else { return person }
            return smooth(person, &bodies[index], at: time)
        }
    }

    private func smooth(_ person: Person, _ body: inout Body, at time: Double) -> Person {
        var person = person
        person.unsmoothedKeypoints = person.keypoints
        body.lastTime = time
        if let torso = torsoLength(person.keypoints) { body.torso = torso }
        // A body whose torso was never seen: the share of the height that it has on average.
        let unit = max(body.torso > 0 ? body.torso : 0.3 * person.box.height, 1)
        for index in person.keypoints.indices where body.joints.indices.contains(index) {
            let joint = person.keypoints[index]
            guard joint.score >= jointScore, joint.position.x.isFinite, joint.position.y.isFinite else { continue }
            var filter = body.joints[index] ?? Joint(at: joint.position, time: time, parameters)
            if time - filter.lastTime > Self.longestPause { filter = Joint(at: joint.position, time: time, parameters) }
            let input = filter.input(joint.position, at: time, isCarried: person.origin == .flow, wasCarried: body.wasCarried, unit: unit)
            person.keypoints[index].position = Point(
                x: filter.x.smooth(input.x, at: time, unit: unit), y: filter.y.smooth(input.y, at: time, unit: unit))
            body.joints[index] = filter
        }
        body.wasCarried = person.origin == .flow
        return person
    }

    /// From the middle of the sure shoulders to that of the sure hips, in pixels.
    private func torsoLength(_ joints: [Keypoint]) -> Double? {
        func middle(_ indices: [Int]) -> Point? {
            let found = indices.filter { joints.indices.contains($0) && joints[$0].score >= jointScore }.map { joints[$0].position }
            return found.isEmpty ? nil : found.reduce(.zero, +) * (1 / Double(found.count))
        }
        guard let top = middle(shoulders), let bottom = middle(hips) else { return nil }
        let length = (top - bottom).length
        return length > 0 && length.isFinite ? length : nil
    }
}
