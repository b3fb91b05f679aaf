import Foundation
import Geometry
import Pose

/// Where people are when no network looked: boxes for the pose network, people between key frames, people who coast
/// (spec: tracking, 1.1, 2.1 and 2.9).
extension FlowPoseTracker {
    /// A joint that flow carries is believed less with every thirtieth of a second.
    private static let decay = 0.97

    public func predictedBoxes(in frame: TrackedFrame) -> [ScoredBox] {
        guard let previousTime, !frame.motion.isCut else { return [] }
        return tracks.compactMap { track in
            guard track.shot == shot, track.age(at: previousTime) < Track.sameTime else { return nil }
            let sure = track.poses[0].filter { $0.score >= configuration.jointScore && !$0.isMissing }
            guard sure.count >= 3, let moved = frame.motion.move(sure.map(\.position)),
                moved.contains(where: { $0.confidence > 0 }),
                let box = Box(bounding: moved.map(\.position))?.expanded(by: 0.075).clipped(width: frame.width, height: frame.height),
                box.width > 0, box.height > 0
            else { return nil }
            return ScoredBox(box: box, score: track.score)
        }
    }

    public func boxes(joining detected: [ScoredBox], in frame: TrackedFrame) -> [ScoredBox] {
        BoxUnion(keepsDetected: configuration.association == .staged)(detected: detected, propagated: predictedBoxes(in: frame))
    }

    public func carried(in frame: TrackedFrame) -> [CarriedPerson] {
        guard let previousTime, !frame.motion.isCut else { return [] }
        let passed = max(0, frame.time - previousTime)
        let fading = pow(Self.decay, 30 * passed)
        return tracks.compactMap { track in
            guard track.shot == shot, track.age(at: previousTime) < Track.sameTime else { return nil }
            let joints = track.poses[0]
            let found = joints.indices.filter { !joints[$0].isMissing }
            guard !found.isEmpty, let moved = frame.motion.move(joints.map(\.position)), moved.count == joints.count,
                found.contains(where: { moved[$0].confidence > 0 })
            else { return nil }
            let steps = found.map { moved[$0].position - joints[$0].position }
            let step = Point(x: median(steps.map(\.x)), y: median(steps.map(\.y)))
            var person = Person(
                id: track.id, state: track.isConfirmed ? .confirmed : .tentative, origin: .flow, score: track.score * fading,
                box: track.box, keypoints: joints)
            for joint in found {
                let sure = moved[joint].confidence >= 0.5
                person.keypoints[joint] = Keypoint(
                    position: moved[joint].position, score: joints[joint].score * fading * (sure ? 1 : 0.5))
            }
            person.box = track.boxAround(person.keypoints) ?? Box(x: track.box.x + step.x, y: track.box.y + step.y, width: track.box.width, height: track.box.height)
            return CarriedPerson(
                person: person, quality: Double(found.count { moved[$0].confidence >= 0.5 }) / Double(found.count),
                residual: median(steps.map { ($0 - step).length }) / max(track.height, 1), lastNetwork: track.lastNetwork,
                box: ScoredBox(box: person.box.clipped(width: frame.width, height: frame.height), score: track.boxScore * fading))
        }
    }

    public var isAnyoneLost: Bool {
        guard let previousTime else { return false }
        return tracks.contains { $0.isConfirmed && $0.shot == shot && $0.age(at: previousTime) > Track.sameTime }
    }

    /// The people who are not found in this frame but whom flow surely followed: shown for a moment, remembered as lost.
    func coasting(at time: Double, in frame: TrackedFrame, beside linked: [Person]) -> [Person] {
        tracks.compactMap { track in
            let lost = track.age(at: time)
            guard track.isConfirmed, track.shot == shot, lost > Track.sameTime, lost <= configuration.tuning.coasting + Track.sameTime,
                track.followed >= configuration.tuning.flowShare, !isCovered(track, by: linked)
            else { return nil }
            let visible = track.box.intersection(Box(x: 0, y: 0, width: frame.width, height: frame.height))
            guard visible.area > 0.5 * track.box.area else { return nil }
            let hidden = linked.reduce(0) { max($0, $1.box.intersection(track.box).area) }
            guard hidden <= configuration.tuning.coastCovered * track.box.area else { return nil }
            let fading = pow(Self.decay, 30 * lost)
            var person = Person(
                id: track.id, state: .coasting, origin: .flow, score: track.score * fading, box: track.box, keypoints: track.poses[0])
            for joint in person.keypoints.indices where !person.keypoints[joint].isMissing { person.keypoints[joint].score *= fading }
            return person
        }
    }

    /// Whether a person of better score stands in front of the track.
    func isCovered(_ track: Track, by people: [Person]) -> Bool {
        people.contains { person in
            person.id != track.id && person.score > track.score && person.box.overlap(track.box) > configuration.tuning.coverOverlap
        }
    }
}
