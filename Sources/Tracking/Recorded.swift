import Geometry
import Pose

/// Numbers with the digits that records keep: linking what was stored must see what was linked at first.
enum Recorded {
    static func coordinate(_ value: Double) -> Double { kept(value, 100) }
    static func score(_ value: Double) -> Double { kept(value, 1e4) }

    /// Errors below a hundredth of a pixel at the far corner of any picture.
    static func map(_ map: Affine) -> Affine {
        Affine(
            a: kept(map.a, 1e8), b: kept(map.b, 1e8), tx: kept(map.tx, 1e4), c: kept(map.c, 1e8), d: kept(map.d, 1e8), ty: kept(map.ty, 1e4))
    }

    private static func kept(_ value: Double, _ scale: Double) -> Double {
        value.isFinite ? (min(max(value, -1e9), 1e9) * scale).rounded() / scale : 0
    }
}

extension Point {
    var asRecorded: Point { Point(x: Recorded.coordinate(x), y: Recorded.coordinate(y)) }
}

extension Person {
    /// The person as its record has it; joints that are no numbers are missing.
    package var asRecorded: Person {
        var person = self
        person.score = Recorded.score(score)
        person.box = Box(
            x: Recorded.coordinate(box.x), y: Recorded.coordinate(box.y), width: Recorded.coordinate(box.width),
            height: Recorded.coordinate(box.height))
        for index in keypoints.indices {
            let joint = keypoints[index]
            guard joint.position.x.isFinite, joint.position.y.isFinite, joint.score.isFinite else {
                person.keypoints[index] = .missing
                continue
            }
            person.keypoints[index] = Keypoint(position: joint.position.asRecorded, score: Recorded.score(joint.score))
        }
        return person
    }
}
