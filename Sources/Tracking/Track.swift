import Geometry
import Pose

/// One person's memory: what was seen of it and where it is expected now.
struct Track: Hashable, Sendable, Codable {
    private struct Area: Hashable, Sendable, Codable {
        var time: Double
        var value: Double
    }

    /// Times closer than this are the same frame.
    private static let sameTime = 1e-6
    /// How long areas are remembered for their median, in seconds.
    private static let areaSpan = 1.0

    let id: Int
    let born: Double
    private(set) var isConfirmed: Bool
    private(set) var hits = 1
    private(set) var lastSeen: Double
    /// The remembered poses, newest first, each moved to where it is expected now.
    private(set) var poses: [[Keypoint]]
    /// The last box, moved likewise.
    private(set) var box: Box
    /// The last score.
    private(set) var score: Double
    private var centers = CenterHistory()
    private var areas: [Area]

    /// A person that is seen for the first time.
    init(id: Int, person: Person, at time: Double, area: Double, center: Point, isConfirmed: Bool) {
        self.id = id
        self.isConfirmed = isConfirmed
        born = time
        lastSeen = time
        poses = [person.keypoints]
        box = person.box
        score = person.score
        areas = [Area(time: time, value: area)]
        centers.add(center, at: time, afterGap: false)
    }

    /// The median area of the last second, in square pixels: a person half hidden for a moment stays as large as it was.
    var area: Double { median(areas.map(\.value)) }

    /// The rectangle of all joints of all remembered poses where they are expected now; nil for a person without joints.
    var extent: Box? { Array(poses.joined()).extent }

    /// Seconds since the person was found, at `time`.
    func age(at time: Double) -> Double { time - lastSeen }

    /// Moves what is remembered by the flow alone, also while the person is lost, as the paper does.
    mutating func follow(_ motion: any FrameMotion) {
        centers.move(with: motion.background)
        _ = followFlow(motion, evenUnsure: true)
    }

    /// Moves what is remembered from the frame at `previous` to the frame at `time`: by the flow when the person was seen there
    /// (the flow at a hidden person is that of whoever hides it), else by its own velocity and that of the camera.
    mutating func predict(from previous: Double, to time: Double, motion: any FrameMotion, usesFlow: Bool) {
        let lost = max(0, previous - lastSeen)
        centers.move(with: motion.background)
        if usesFlow, lost < Self.sameTime, followFlow(motion, evenUnsure: false) { return }
        let step = centers.step(time - previous, lost: lost)
        let background = motion.background
        func moved(_ point: Point) -> Point { background(point) + step }
        for pose in poses.indices {
            for joint in poses[pose].indices where !poses[pose][joint].isMissing {
                poses[pose][joint].position = moved(poses[pose][joint].position)
            }
        }
        let corner = moved(Point(x: box.x, y: box.y))
        box.x = corner.x
        box.y = corner.y
    }

    /// Moves the poses by the flow; false when there is none or it is not sure of this person.
    private mutating func followFlow(_ motion: any FrameMotion, evenUnsure: Bool) -> Bool {
        guard let moved = motion.move(poses[0].map(\.position)), moved.count == poses[0].count else { return false }
        let found = poses[0].indices.filter { !poses[0][$0].isMissing }
        guard !found.isEmpty, evenUnsure || found.reduce(0, { $0 + moved[$1].confidence }) >= 0.5 * Double(found.count) else {
            return false
        }
        let dx = median(found.map { moved[$0].position.x - poses[0][$0].position.x })
        let dy = median(found.map { moved[$0].position.y - poses[0][$0].position.y })
        for joint in found { poses[0][joint].position = moved[joint].position }
        for pose in poses.indices.dropFirst() {
            guard let moved = motion.move(poses[pose].map(\.position)), moved.count == poses[pose].count else { continue }
            for joint in poses[pose].indices where !poses[pose][joint].isMissing { poses[pose][joint].position = moved[joint].position }
        }
        box.x += dx
        box.y += dy
        return true
    }

    /// Takes what was found in the frame at `time`; the frame before was at `previous`.
    mutating func observe(
        _ person: Person, at time: Double, previous: Double, area: Double, center: Point, queue: Int, confirmScore: Double
    ) {
        let afterGap = previous - lastSeen > Self.sameTime
        centers.add(center, at: time, afterGap: afterGap)
        areas.removeAll { time - $0.time > Self.areaSpan }
        areas.append(Area(time: time, value: area))
        poses.insert(person.keypoints, at: 0)
        if poses.count > max(1, queue) { poses.removeLast(poses.count - max(1, queue)) }
        box = person.box
        score = person.score
        lastSeen = time
        hits += 1
        // Three hits or 0.15 s, whichever takes longer.
        if person.score >= confirmScore || (hits >= 3 && time - born >= 0.15 - Self.sameTime) { isConfirmed = true }
    }
}
