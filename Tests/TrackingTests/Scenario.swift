import Evaluation
import Foundation
import Geometry
import Pose
import Tracking

/// A sequence without pictures: what a detector and a pose network would give, and the truth (format: the README of the
/// tracking reference).
struct Scenario: Decodable {
    struct Truth: Decodable {
        var id: Int
        /// "1" for each joint that can be seen.
        var vis: String
        /// x, y of each joint.
        var k: [Double]
    }

    struct Detection: Decodable {
        var s: Double
        /// Left, top, right, bottom.
        var box: [Double]
        var k: [Double]
        var ks: [Double]
    }

    struct Frame: Decodable {
        var t: Double
        var cam: [Double]
        var cut: Bool
        var truth: [Truth]
        var det: [Detection]
    }

    var name: String
    var width: Double
    var height: Double
    var frames: [Frame]

    init(name: String, width: Double, height: Double, frames: [Frame]) {
        (self.name, self.width, self.height, self.frames) = (name, width, height, frames)
    }

    init(contentsOf url: URL) throws {
        self = try JSONDecoder().decode(Scenario.self, from: Data(contentsOf: url))
    }
}

extension Scenario.Truth {
    var points: [Point] { k.points }
    var isVisible: [Bool] { vis.map { $0 == "1" } }
    var visibleCount: Int { vis.count { $0 == "1" } }
}

extension [Double] {
    var points: [Point] { stride(from: 0, to: count - 1, by: 2).map { Point(x: self[$0], y: self[$0 + 1]) } }
}

extension Scenario.Detection {
    /// The person that the pose stage would give: its score is the box score times the mean of the confident joints.
    var person: Person {
        let confident = ks.filter { $0 > 0.2 }
        let mean = confident.isEmpty ? 0 : confident.reduce(0, +) / Double(confident.count)
        return Person(
            score: s * mean, box: Box(left: box[0], top: box[1], right: box[2], bottom: box[3]),
            keypoints: zip(k.points, ks).map { Keypoint(position: $0, score: $1) })
    }
}

/// The motion that a perfect flow would see: a point goes with the nearest visible true joint of a person who is in both frames,
/// if that is within 0.12 of the person's height, else with the camera.
struct OracleMotion: FrameMotion {
    var isCut: Bool
    var background: Affine
    private var people: [(joints: [Point], steps: [Point], reach: Double)] = []
    private let followsPeople: Bool

    init(from previous: Scenario.Frame?, to frame: Scenario.Frame, followsPeople: Bool = true) {
        self.followsPeople = followsPeople
        isCut = previous != nil && frame.cut
        background = .identity
        guard let previous else { return }
        background.tx = frame.cam[0] - previous.cam[0]
        background.ty = frame.cam[1] - previous.cam[1]
        for before in previous.truth {
            guard let after = frame.truth.first(where: { $0.id == before.id }), let box = Box(bounding: before.points) else { continue }
            let visible = before.isVisible.indices.filter { before.isVisible[$0] }
            guard !visible.isEmpty else { continue }
            people.append(
                (visible.map { before.points[$0] }, visible.map { after.points[$0] - before.points[$0] }, 0.12 * box.height))
        }
    }

    func move(_ points: [Point]) -> [MovedPoint]? {
        guard followsPeople, !isCut else { return nil }
        return points.map { point in
            var best = (distance: Double.infinity, step: background(point) - point)
            for person in people {
                let distances = person.joints.map { ($0 - point).length }
                guard let nearest = distances.indices.min(by: { distances[$0] < distances[$1] }) else { continue }
                if distances[nearest] <= person.reach, distances[nearest] < best.distance {
                    best = (distances[nearest], person.steps[nearest])
                }
            }
            return MovedPoint(position: point + best.step, confidence: 1)
        }
    }
}

extension Scenario {
    /// The people of a frame after a suppression of boxes that overlap by `limit` or more; all for nil.
    private func people(_ frame: Frame, suppressing limit: Double?) -> [Person] {
        let people = frame.det.map(\.person)
        guard let limit else { return people }
        var kept: [Person] = []
        for person in people.sorted(by: { $0.score > $1.score }) where kept.allSatisfy({ $0.box.iou(person.box) < limit }) {
            kept.append(person)
        }
        return kept
    }

    /// How the truth and what `tracker` makes of the detections go together.
    func sequence(
        tracker: some PeopleTracker, suppressing limit: Double? = nil, motion: (Frame?, Frame) -> any FrameMotion
    ) -> TrackingSequence {
        var tracker = tracker
        var previous: Frame?
        return TrackingSequence(
            frames: frames.map { frame in
                let moment = TrackedFrame(time: frame.t, width: width, height: height, motion: motion(previous, frame))
                previous = frame
                return scored(tracker.link(people(frame, suppressing: limit), in: moment), frame)
            })
    }

    /// OKS with the area of the true joints' rectangle over the visible joints; people with fewer than three are not asked for.
    private func scored(_ people: [Person], _ frame: Frame) -> TrackingSequence.Frame {
        let truth = frame.truth.filter { $0.visibleCount >= 3 }
        var similarity = PairMatrix(rows: truth.count, columns: people.count)
        for (row, person) in truth.enumerated() {
            let points = person.points
            let area = (Box(bounding: points)?.area ?? 0) + .ulpOfOne
            let visible = person.isVisible.indices.filter { person.isVisible[$0] }
            for (column, found) in people.enumerated() {
                let sum = visible.reduce(0.0) { sum, joint in
                    let distance = (found.keypoints[joint].position - points[joint]).length
                    let sigma = KeypointSet.coco17.sigmas[joint]
                    return sum + exp(-distance * distance / (8 * sigma * sigma * area))
                }
                similarity[row, column] = (sum / Double(visible.count) * 1e6).rounded() / 1e6
            }
        }
        return TrackingSequence.Frame(truth: truth.map(\.id), predicted: people.map { $0.id ?? -1 }, similarity: similarity)
    }
}
