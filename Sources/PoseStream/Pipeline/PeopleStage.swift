import Detection
import Estimation
import Flow
import Geometry
import Media
import Pose
import Tracking

/// A frame with what the detector found in it.
struct DetectedFrame: Sendable {
    var frame: VideoFrame
    /// Best first; nil when the detector did not work ahead.
    var boxes: [ScoredBox]?
}

/// From a frame and the detector's boxes to people with ids.
///
/// Motion since the frame before → boxes of the people of the frame before, moved → poses → links. Frames come in order; all
/// memory of the frames before is here.
struct PeopleStage {
    let stages: Stages
    private let times: StageTimes
    var tracker: any PeopleTracker
    var smoother: PoseSmoother?
    var schedule: KeyFrameSchedule
    private let usesKeyFrames: Bool
    /// A person whom flow carried right overlaps the detector's box by at least this.
    private static let steadyOverlap = 0.7
    /// What flow follows from this frame to the next.
    var followed = FollowedPoses()
    var idCount = 0

    /// - Parameter times: counts the busy time of the parts.
    init(_ stages: Stages, times: StageTimes) {
        self.stages = stages
        self.times = times
        tracker = stages.tracker
        smoother = stages.smoother
        // Without a detector the pose network is the one that finds people.
        schedule = stages.detector == nil
            ? KeyFrameSchedule(detect: stages.poseEvery, pose: .all) : KeyFrameSchedule(detect: stages.detectEvery, pose: stages.poseEvery)
        usesKeyFrames = stages.poseEvery != .all || stages.detector != nil && stages.detectEvery != .all
    }

    mutating func process(_ found: DetectedFrame) throws -> ProcessedFrame {
        let frame = found.frame
        let (place, newMotion) = try times.measure(.flow) { try motion(of: frame) }
        let carried = usesKeyFrames ? tracker.carried(in: place) : []
        let looks = !usesKeyFrames || schedule.detects(
            at: frame.time, isCut: place.motion.isCut, carried: carried, isAnyoneLost: tracker.isAnyoneLost, newMotion: newMotion)
        var people = stages.detector == nil
            ? try wholeFrame(frame, carried, looks: looks) : try inBoxes(found, place, carried, looks: looks)
        if let clothes = stages.clothes {
            times.measure(.track) {
                for index in people.indices where people[index].origin == .network {
                    people[index].appearance = clothes.appearance(of: people[index], in: frame)
                }
            }
        }
        if stages.flow != nil { followed.add(people, at: frame.time) }
        let linked = times.measure(.track) { link(people, in: place) }
        // With the digits that lines keep, so that drawing stored lines gives the same film.
        var processed = ProcessedFrame(
            frame: frame,
            result: FrameResult(frame: frame.index, pts: frame.pts, time: frame.time, people: linked.map { $0.asRecorded }))
        processed.motion = place.motion as? SampledMotion
        return processed
    }

    /// How the picture moved, at the people and in the background, and what else moves in it.
    private mutating func motion(of frame: VideoFrame) throws -> (TrackedFrame, newMotion: Double?) {
        var place = TrackedFrame(time: TrackedFrame.recorded(frame.time), width: Double(frame.width), height: Double(frame.height))
        guard let flow = stages.flow else { return (place, nil) }
        let picture = try flow.advance(to: frame, people: followed.boxes)
        place.motion = followed.sample(picture)
        return (place, usesKeyFrames ? picture.newMotion(outside: followed.boxes) : nil)
    }

    /// People of a network that sees the whole frame; between its key frames those of the frame before.
    private func wholeFrame(_ frame: VideoFrame, _ carried: [CarriedPerson], looks: Bool) throws -> [Person] {
        guard looks else { return carried.map(\.person) }
        return try times.measure(.pose) { try stages.estimator.estimate(frame, boxes: []) }
    }

    /// People in the boxes of the detector and of the frame before.
    private mutating func inBoxes(
        _ found: DetectedFrame, _ place: TrackedFrame, _ carried: [CarriedPerson], looks: Bool
    ) throws -> [Person] {
        var kept = usesKeyFrames ? schedule.carries(carried, at: found.frame.time, isCut: place.motion.isCut) : []
        var boxes: [ScoredBox]
        if looks {
            let detected = try found.boxes ?? times.measure(.detect) { try stages.detector?.detect(found.frame) ?? [] }
            // The detector has looked: whom it sees elsewhere, or not at all, the flow has lost.
            if schedule.judgesPoses {
                kept.removeAll { person in !detected.contains { $0.box.iou(person.person.box) >= Self.steadyOverlap } }
            }
            boxes = stages.propagates ? tracker.boxes(joining: detected, in: place) : detected
            boxes.removeAll { box in kept.contains { $0.person.box.iou(box.box) > BoxUnion.standard.threshold } }
        } else {
            let keptIDs = Set(kept.compactMap(\.person.id))
            boxes = carried.filter { !keptIDs.contains($0.person.id ?? -1) }.map(\.box)
        }
        let posed = try times.measure(.pose) { try stages.estimator.estimate(found.frame, boxes: boxes) }
        return kept.map(\.person) + posed
    }

    private mutating func link(_ people: [Person], in place: TrackedFrame) -> [Person] {
        let linked = tracker.link(people, in: place)
        let count = linked.reduce(idCount) { max($0, ($1.id ?? -1) + 1) }
        if linked.contains(where: { ($0.id ?? -1) >= idCount && isAtBorder($0.box, of: place) }) { schedule.someoneEntered(at: place.time) }
        idCount = count
        return smoother?.smooth(linked, at: place.time, isCut: place.motion.isCut) ?? linked
    }

    private func isAtBorder(_ box: Box, of place: TrackedFrame) -> Bool {
        let (x, y) = (0.05 * place.width, 0.05 * place.height)
        return box.x < x || box.y < y || box.right > place.width - x || box.bottom > place.height - y
    }
}
