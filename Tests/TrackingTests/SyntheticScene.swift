import Foundation
import Geometry

/// A sequence with known truth: articulated people walk through a picture 640 x 360 on paths that a scene gives them; what a
/// detector and a pose network would say of them is made up with misses, jitter, doubles and false people.
///
/// Seeded: the same scene is the same on every run.
struct SyntheticScene {
    /// Somebody who walks.
    struct Walker {
        /// Height in pixels.
        var height: Double
        /// Smaller is nearer to the camera.
        var depth: Double
        /// Steps a second, and how far arms and legs swing (1: walking; 2: dancing).
        var cadence = 1.8
        var swing = 1.0
        /// Limb lengths against the average body.
        var build = 1.0
        /// Where the feet are at a time, in world pixels; nil while the person is not there.
        var feet: (Double) -> Point?
    }

    /// Something that hides people and never moves: left and right, in world pixels.
    struct Pillar {
        var left: Double
        var right: Double
    }

    var name: String
    var seconds = 4.0
    var rate = 25.0
    var walkers: [Walker]
    var pillars: [Pillar] = []
    /// Where the camera looks at a time: what is at 0 in the world is there in the picture.
    var camera: (Double) -> Point = { _ in .zero }
    /// Times at which another shot begins; what is in the odd ones is nobody of the even ones.
    var cuts: [Double] = []
    /// Whether frames come unevenly, and the share of them that is dropped.
    var isUneven = false
    var dropped = 0.0
    /// How bad detector and pose network are: 1 is like the small networks on street scenes.
    var noise = 1.0
    /// Whether the detector gives one box for two people who overlap by more than about a half.
    var merges = false

    static let width = 640.0
    static let height = 360.0

    func make(seed: UInt64) -> Scenario {
        var random = SeededRandom(seed: seed)
        var frames: [Scenario.Frame] = []
        for (index, time) in times(&random).enumerated() {
            let shot = cuts.count { $0 <= time }
            let isCut = index > 0 && shot != cuts.count { $0 <= frames[frames.count - 1].t }
            frames.append(frame(at: time, shot: shot, isCut: isCut, &random))
        }
        return Scenario(name: name, width: Self.width, height: Self.height, frames: frames)
    }

    private func times(_ random: inout SeededRandom) -> [Double] {
        var times: [Double] = []
        var time = 0.0
        while time < seconds {
            if times.isEmpty || random.unit() >= dropped { times.append((time * 1e6).rounded() / 1e6) }
            time += 1 / rate * (isUneven ? 0.5 + random.unit() : 1)
        }
        return times
    }

    // MARK: A frame

    private struct Body {
        var id: Int
        var depth: Double
        var joints: [Point]
        var isVisible: [Bool]
        /// Who hides each joint.
        var hiddenBy: [Int?]
        var height: Double
        var box: Box
    }

    private func frame(at time: Double, shot: Int, isCut: Bool, _ random: inout SeededRandom) -> Scenario.Frame {
        let view = camera(time)
        var bodies: [Body] = []
        for (id, walker) in walkers.enumerated() where shot % 2 == id % 2 || cuts.isEmpty {
            guard let feet = walker.feet(time) else { continue }
            let joints = Self.joints(walker, feet: feet + view, time: time, phase: Double(id))
            guard let extent = Box(bounding: joints), extent.right > 0, extent.x < Self.width else { continue }
            bodies.append(
                Body(
                    id: id, depth: walker.depth, joints: joints, isVisible: [], hiddenBy: [], height: walker.height,
                    box: extent.expanded(by: 0.06)))
        }
        for index in bodies.indices { look(at: index, in: &bodies, view) }
        return Scenario.Frame(
            t: time, cam: [view.x, view.y], cut: isCut,
            truth: bodies.map { body in
                Scenario.Truth(
                    id: body.id, vis: String(body.isVisible.map { $0 ? "1" : "0" }), k: body.joints.flatMap { [$0.x, $0.y] })
            },
            det: detections(bodies, &random))
    }

    private func look(at index: Int, in bodies: inout [Body], _ view: Point) {
        let body = bodies[index]
        var visible: [Bool] = []
        var hiders: [Int?] = []
        for joint in body.joints {
            let inside = joint.x >= 0 && joint.x <= Self.width && joint.y >= 0 && joint.y <= Self.height
            let isBehindPillar = pillars.contains { joint.x - view.x >= $0.left && joint.x - view.x <= $0.right }
            let hider = bodies.indices.first { other in
                bodies[other].depth < body.depth && Self.covers(bodies[other].joints, joint, height: bodies[other].height)
            }
            visible.append(inside && !isBehindPillar && hider == nil)
            hiders.append(hider)
        }
        bodies[index].isVisible = visible
        bodies[index].hiddenBy = hiders
    }

    /// Whether a body hides a point: a thick line from head to hips, thinner ones along the legs.
    private static func covers(_ joints: [Point], _ point: Point, height: Double) -> Bool {
        func near(_ a: Int, _ b: Int, _ width: Double) -> Bool {
            let (start, way) = (joints[a], joints[b] - joints[a])
            let length = max(way.x * way.x + way.y * way.y, 1e-9)
            let share = min(max(((point.x - start.x) * way.x + (point.y - start.y) * way.y) / length, 0), 1)
            return (start + way * share - point).length <= width * height
        }
        return near(5, 11, 0.07) || near(6, 12, 0.07) || near(5, 12, 0.07) || near(0, 6, 0.06) || near(11, 13, 0.05)
            || near(12, 14, 0.05) || near(13, 15, 0.045) || near(14, 16, 0.045) || near(5, 7, 0.04) || near(6, 8, 0.04)
    }

    /// COCO's 17 joints of a walking body.
    private static func joints(_ walker: Walker, feet: Point, time: Double, phase: Double) -> [Point] {
        let h = walker.height
        let swing = sin(2 * .pi * walker.cadence / 2 * time + phase) * walker.swing
        func at(_ x: Double, _ up: Double) -> Point { Point(x: feet.x + x * h, y: feet.y - up * h) }
        let b = walker.build
        return [
            at(0.01, 0.93), at(0.025, 0.95), at(-0.005, 0.95), at(0.045, 0.94), at(-0.04, 0.94),
            at(0.10, 0.81), at(-0.10, 0.81),
            at(0.13 + 0.05 * swing, 0.81 - 0.17 * b), at(-0.13 + 0.05 * swing, 0.81 - 0.17 * b),
            at(0.13 + 0.13 * swing, 0.81 - 0.30 * b), at(-0.13 - 0.13 * swing, 0.81 - 0.30 * b),
            at(0.06, 0.52), at(-0.06, 0.52),
            at(0.06 + 0.07 * swing, 0.28), at(-0.06 - 0.07 * swing, 0.28),
            at(0.06 + 0.14 * swing, 0.03 + 0.02 * abs(swing)), at(-0.06 - 0.14 * swing, 0.03 + 0.02 * abs(swing)),
        ]
    }

    // MARK: What the networks say

    private func detections(_ bodies: [Body], _ random: inout SeededRandom) -> [Scenario.Detection] {
        var found: [Scenario.Detection] = []
        let partners = merges ? merged(bodies, &random) : [:]
        for (index, body) in bodies.enumerated() {
            if let front = partners[index], bodies[front].depth < body.depth { continue }
            let share = Double(body.isVisible.count { $0 }) / 17
            // Less of a body: found less often, and less surely.
            if random.unit() < 0.02 * noise + (share < 0.6 ? 0.9 * (0.6 - share) / 0.6 : 0) || share < 0.18 { continue }
            var own = detection(of: body, in: bodies, share: share, jitter: 1, &random)
            if let other = partners[index] {
                // One box for both reaches somewhere between the one in front and the heap.
                let (both, part) = (bodies[other].box, random.unit())
                own.box = zip(own.box, [min(both.x, own.box[0]), min(both.y, own.box[1]), max(both.right, own.box[2]), max(both.bottom, own.box[3])])
                    .map { $0 + part * ($1 - $0) }
            }
            found.append(own)
            if random.unit() < 0.04 * noise { found.append(detection(of: body, in: bodies, share: share * 0.7, jitter: 2, &random)) }
        }
        if random.unit() < 0.05 * noise {
            let feet = Point(x: random.unit() * Self.width, y: 200 + random.unit() * 150)
            let ghost = Walker(height: 60 + 100 * random.unit(), depth: 9, feet: { _ in feet })
            let joints = Self.joints(ghost, feet: feet, time: 0, phase: random.unit())
            let box = Box(bounding: joints)?.expanded(by: 0.06) ?? Box(x: 0, y: 0, width: 1, height: 1)
            found.append(
                Scenario.Detection(
                    s: 0.15 + 0.3 * random.unit(), box: [box.x, box.y, box.right, box.bottom], k: joints.flatMap { [$0.x, $0.y] },
                    ks: joints.map { _ in 0.2 + 0.4 * random.unit() }))
        }
        return found.shuffled(using: &random)
    }

    /// Who shares a box with whom: pairs of places in `bodies`, both ways.
    private func merged(_ bodies: [Body], _ random: inout SeededRandom) -> [Int: Int] {
        var partners: [Int: Int] = [:]
        for a in bodies.indices {
            for b in bodies.indices where b > a && partners[a] == nil && partners[b] == nil {
                if bodies[a].box.iou(bodies[b].box) > 0.4 + 0.2 * random.unit() { (partners[a], partners[b]) = (b, a) }
            }
        }
        return partners
    }

    private func detection(of body: Body, in bodies: [Body], share: Double, jitter: Double, _ random: inout SeededRandom) -> Scenario.Detection {
        let spread = 0.008 * body.height * noise * jitter
        var points: [Point] = []
        var scores: [Double] = []
        for (index, joint) in body.joints.enumerated() {
            var place = joint
            var score = 0.75 + 0.2 * random.unit()
            if !body.isVisible[index] {
                score = 0.15 + 0.35 * random.unit()
                // The network answers with the same joint of whoever stands in front, if it is near.
                if let hider = body.hiddenBy[index], (bodies[hider].joints[index] - joint).length < 0.35 * body.height, random.unit() < 0.5 * noise {
                    place = bodies[hider].joints[index]
                    score = 0.5 + 0.3 * random.unit()
                } else {
                    place = place + Point(x: random.normal() * 4 * spread, y: random.normal() * 4 * spread)
                }
            }
            points.append(place + Point(x: random.normal() * spread, y: random.normal() * spread))
            scores.append(min(1, score))
        }
        let seen = body.joints.indices.filter { body.isVisible[$0] }.map { body.joints[$0] }
        let visible = Box(bounding: seen)?.expanded(by: 0.06) ?? body.box
        // Detectors guess the hidden part, some of the time.
        let box = share > 0.5 ? body.box : visible
        func moved(_ value: Double) -> Double { value + random.normal() * 1.5 * spread }
        return Scenario.Detection(
            s: min(0.98, max(0.12, 0.35 + 0.55 * share + 0.08 * random.normal())),
            box: [moved(box.x), moved(box.y), moved(box.right), moved(box.bottom)], k: points.flatMap { [$0.x, $0.y] }, ks: scores)
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): small, and the same everywhere.
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    /// 0 to 1.
    mutating func unit() -> Double { Double(next() >> 11) / 0x1p53 }

    mutating func normal() -> Double {
        (-2 * log(max(unit(), 1e-12))).squareRoot() * cos(2 * .pi * unit())
    }
}
