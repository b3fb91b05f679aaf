import Foundation
import Geometry
import Pose

/// One person's memory: what was seen of it and where it is expected now.
struct Track: Hashable, Sendable, Codable {
    private struct Size: Hashable, Sendable, Codable {
        var time: Double
        var area: Double
        var height: Double
    }

    private struct Margins: Hashable, Sendable, Codable {
        var left = 0.0
        var top = 0.0
        var right = 0.0
        var bottom = 0.0
    }

    /// A side of the picture.
    enum Side: String, Hashable, Sendable, Codable {
        case left, right, top, bottom
    }

    /// Times closer than this are the same frame.
    static let sameTime = 1e-6
    /// How fast somebody who stands may sway, in body heights a second.
    private static let steadiness = 0.2
    /// How long sizes are remembered for their median, in seconds.
    private static let sizeSpan = 1.0

    private(set) var id: Int
    private(set) var born: Double
    private(set) var isConfirmed: Bool
    private(set) var hits = 1
    /// When the person was last found by the network or carried by flow in its place.
    private(set) var lastSeen: Double
    /// When the network last ran for the person.
    private(set) var lastNetwork: Double
    /// The shot in which the person was seen.
    var shot: Int
    /// The remembered poses, newest first, each moved to where it is expected now.
    private(set) var poses: [[Keypoint]]
    /// The last box, moved likewise.
    private(set) var box: Box
    /// The last score.
    private(set) var score: Double
    /// The joints that spanned a rectangle when the network last ran, and how far the box reached beyond it on each side, pixels.
    private var spanning: [Int] = []
    private var margins = Margins()
    /// What the detector would say of the box: the score without the joints' share in it.
    private(set) var boxScore: Double
    /// The side of the picture where the person is expected beyond the border.
    private(set) var exit: Side?
    /// How much of the body the flow followed to where it is now, 0 to 1; 0 when it did not move the person.
    private(set) var followed = 0.0
    /// Whether flow may move the person: not any more once it failed or somebody stood in front.
    private var flowHolds = true
    private(set) var centers = CenterHistory()
    private(set) var shape = BodyShape()
    private(set) var clothes = Wardrobe()
    private var sizes: [Size]

    /// A person that is seen for the first time.
    init(id: Int, person: Person, at time: Double, shot: Int, area: Double, center: Point, isConfirmed: Bool) {
        self.id = id
        self.isConfirmed = isConfirmed
        self.shot = shot
        born = time
        lastSeen = time
        lastNetwork = time
        poses = [person.keypoints]
        box = person.box
        score = person.score
        boxScore = 0
        sizes = [Size(time: time, area: area, height: person.box.height)]
        centers.add(center, at: time, afterGap: false)
        noteBox(of: person)
    }

    /// The median area of the last second, in square pixels: a person half hidden for a moment stays as large as it was.
    var area: Double { median(sizes.map(\.area)) }

    /// The median height of the last second, in pixels.
    var height: Double { median(sizes.map(\.height)) }

    /// The rectangle of all joints of all remembered poses where they are expected now; nil for a person without joints.
    var extent: Box? { Array(poses.joined()).extent }

    /// Seconds since the person was found, at `time`.
    func age(at time: Double) -> Double { time - lastSeen }

    // MARK: Prediction

    /// Moves what is remembered by the flow alone, also while the person is lost, as the paper does.
    mutating func follow(_ motion: any FrameMotion) {
        centers.move(with: motion.background)
        followed = followFlow(motion, least: 0) { _ in true }
    }

    /// Moves what is remembered from the frame at `previous` to the frame at `time`: by the flow while it holds (the flow at a
    /// hidden person is that of whoever hides it), else by its own velocity and that of the camera.
    ///
    /// - Parameter least: the share of the body that flow must have followed.
    mutating func predict(from previous: Double, to time: Double, in frame: TrackedFrame, usesFlow: Bool, least: Double) {
        let motion = frame.motion
        let lost = max(0, previous - lastSeen)
        centers.move(with: motion.background)
        let way = motion.background(box.center) - box.center + centers.way(time - previous, lost: lost)
        // At a person who is not seen, flow that goes another way than the person did is that of whatever is in front.
        let tolerance = 0.5 * centers.velocity.length * (time - previous) + Self.steadiness * height * (time - previous)
        followed = usesFlow && flowHolds
            ? followFlow(motion, least: least) { lost <= Self.sameTime || ($0 - way).length <= tolerance } : 0
        guard followed == 0 else {
            exit = nil
            return
        }
        // It gets its next chance when the person is found again.
        flowHolds = false
        let background = motion.background
        var step = centers.step(time - previous, lost: lost)
        let moved = background(box.center) + step
        exit = side(of: moved, in: frame)
        // Who left waits at the border.
        if exit != nil { step = step + (clamped(moved, to: frame) - moved) }
        for pose in poses.indices {
            poses[pose] = placed(poses[pose]) { background(poses[pose][$0].position) + step }
        }
        let corner = background(Point(x: box.x, y: box.y)) + step
        box.x = corner.x
        box.y = corner.y
    }

    private func side(of point: Point, in frame: TrackedFrame) -> Side? {
        if point.x < 0 { return .left }
        if point.x > frame.width { return .right }
        if point.y < 0 { return .top }
        return point.y > frame.height ? .bottom : nil
    }

    private func clamped(_ point: Point, to frame: TrackedFrame) -> Point {
        Point(x: min(max(point.x, 0), max(frame.width, 0)), y: min(max(point.y, 0), max(frame.height, 0)))
    }

    /// Moves the poses by the flow; gives the share of the body that it followed. Nothing moves when that is below `least`, when
    /// `isBelieved` says no to the step of the body, or when there is no flow.
    private mutating func followFlow(_ motion: any FrameMotion, least: Double, isBelieved: (Point) -> Bool) -> Double {
        guard let moved = motion.move(poses[0].map(\.position)), moved.count == poses[0].count else { return 0 }
        let found = poses[0].indices.filter { !poses[0][$0].isMissing }
        guard !found.isEmpty else { return 0 }
        let share = Double(found.count { moved[$0].confidence >= 0.5 }) / Double(found.count)
        guard share >= least else { return 0 }
        let dx = median(found.map { moved[$0].position.x - poses[0][$0].position.x })
        let dy = median(found.map { moved[$0].position.y - poses[0][$0].position.y })
        guard isBelieved(Point(x: dx, y: dy)) else { return 0 }
        poses[0] = placed(poses[0]) { moved[$0].position }
        for pose in poses.indices.dropFirst() {
            guard let moved = motion.move(poses[pose].map(\.position)), moved.count == poses[pose].count else { continue }
            poses[pose] = placed(poses[pose]) { moved[$0].position }
        }
        box.x += dx
        box.y += dy
        return share
    }

    /// The joints that are known, at other places. A new array, as the old one may still be read by who writes the records.
    private func placed(_ joints: [Keypoint], at position: (Int) -> Point) -> [Keypoint] {
        joints.indices.map { joints[$0].isMissing ? joints[$0] : Keypoint(position: position($0), score: joints[$0].score) }
    }

    /// Flow at this person is from now on that of somebody else.
    mutating func cover() { flowHolds = false }

    // MARK: Observation

    /// Takes what was found in the frame at `time`; the frame before was at `previous`.
    mutating func observe(
        _ person: Person, at time: Double, previous: Double, area: Double, center: Point, queue: Int, confirmScore: Double
    ) {
        let afterGap = previous - lastSeen > Self.sameTime
        centers.add(center, at: time, afterGap: afterGap)
        box = person.box
        score = person.score
        lastSeen = time
        exit = nil
        flowHolds = true
        // What flow carried says nothing new of the person: the pose is the last one, moved.
        guard person.origin == .network else {
            poses[0] = person.keypoints
            return
        }
        poses.insert(person.keypoints, at: 0)
        if poses.count > max(1, queue) { poses.removeLast(poses.count - max(1, queue)) }
        noteBox(of: person)
        lastNetwork = time
        sizes.removeAll { time - $0.time > Self.sizeSpan }
        sizes.append(Size(time: time, area: area, height: person.box.height))
        hits += 1
        // Three hits or 0.15 s, whichever takes longer.
        if person.score >= confirmScore || (hits >= 3 && time - born >= 0.15 - Self.sameTime) { isConfirmed = true }
    }

    private mutating func noteBox(of person: Person) {
        let joints = person.keypoints
        spanning = joints.indices.filter { joints[$0].score >= 0.2 }
        guard let extent = Box(bounding: spanning.map { joints[$0].position }) else { return }
        margins = Margins(
            left: extent.x - person.box.x, top: extent.y - person.box.y, right: person.box.right - extent.right,
            bottom: person.box.bottom - extent.bottom)
        boxScore = person.boxScore
    }

    /// The box of the person whose joints are there now: as far beyond them as when the network last ran.
    func boxAround(_ joints: [Keypoint]) -> Box? {
        guard spanning.count >= 3, spanning.allSatisfy(joints.indices.contains),
            let extent = Box(bounding: spanning.map { joints[$0].position })
        else { return nil }
        let box = Box(
            left: extent.x - margins.left, top: extent.y - margins.top, right: extent.right + margins.right,
            bottom: extent.bottom + margins.bottom)
        return box.width > 0 && box.height > 0 ? box : nil
    }

    /// Takes the limbs of a person who is surely this one.
    mutating func learn(_ person: Person, limbs: LimbIndices, jointScore: Double) {
        shape.add(person, limbs: limbs, jointScore: jointScore)
    }

    /// Takes the clothes of a person who is surely this one and whom nobody hides.
    mutating func learnClothes(of person: Person, at time: Double) {
        if let appearance = person.appearance { clothes.add(appearance, at: time) }
    }

    /// Gives up the place in time: no link by likeness from now on, only by there being nobody else.
    mutating func leave() { shot = -1 }

    /// Exchanges who the two are; what was last seen, and where, stays.
    static func exchangeIdentities(_ a: inout Track, _ b: inout Track) {
        swap(&a.id, &b.id)
        swap(&a.born, &b.born)
        swap(&a.isConfirmed, &b.isConfirmed)
        swap(&a.hits, &b.hits)
        swap(&a.shape, &b.shape)
        swap(&a.clothes, &b.clothes)
    }
}
