import CKernels
import Flow
import Geometry
import Media
import Pose
import Testing

@Suite("What people wear") struct AppearanceSamplerTests {
    /// A picture of 120 x 200 whose upper middle, shoulders to hips, is of one colour and everything else of another.
    private static func picture(torso: [UInt8], elsewhere: [UInt8]) throws -> VideoFrame {
        var rgb: [UInt8] = []
        for y in 0..<200 {
            for x in 0..<120 { rgb += (40..<80).contains(x) && (50..<110).contains(y) ? torso : elsewhere }
        }
        return try VideoFrame(rgb: rgb, width: 120, height: 200)
    }

    /// Shoulders and hips at the corners of that rectangle, in a box about the whole picture.
    private static func person(jointScore: Double = 0.9) -> Person {
        var joints = [Keypoint](repeating: .missing, count: 17)
        for (index, place) in [5: (41.0, 51.0), 6: (78, 51), 11: (41, 108), 12: (78, 108)] {
            joints[index] = Keypoint(x: place.0, y: place.1, score: jointScore)
        }
        return Person(score: 0.8, box: Box(x: 5, y: 5, width: 110, height: 190), keypoints: joints)
    }

    private let sampler = AppearanceSampler(keypoints: .coco17)

    @Test("the shares are those of the torso's colour by the definition of Y, Cb and Cr, and of nothing beside it")
    func torso() throws {
        let colour: [UInt8] = [200, 60, 30]
        let seen = try #require(sampler.appearance(of: Self.person(), in: Self.picture(torso: colour, elsewhere: [10, 250, 10])))
        // BT.601 in full range; colour differences twice about 128; classes have their centres at 16, 48, ... 240.
        let (r, g, b) = (200.0, 60.0, 30.0)
        let values = [
            0.299 * r + 0.587 * g + 0.114 * b,
            128 + 2 * (-0.168736 * r - 0.331264 * g + 0.5 * b), 128 + 2 * (0.5 * r - 0.418688 * g - 0.081312 * b),
        ]
        for (histogram, value) in values.enumerated() {
            let place = min(max((value - 16) / 32, 0), 7)
            for index in 0..<Appearance.classes {
                let share = max(0, 1 - (place - Double(index)).magnitude)
                let root = Double(seen.roots[histogram * Appearance.classes + index]) / 255
                #expect((root * root - share).magnitude < 0.08, "histogram \(histogram), class \(index)")
            }
        }
    }

    @Test("where no torso is found the upper middle of the box is looked at, and outside the picture nothing")
    func withoutTorso() throws {
        let picture = try Self.picture(torso: [200, 60, 30], elsewhere: [10, 250, 10])
        let (sure, unsure) = (sampler.appearance(of: Self.person(), in: picture), sampler.appearance(of: Self.person(jointScore: 0.1), in: picture))
        #expect(sure != nil && unsure != nil)
        // The middle of the box is a little wider than the torso here.
        #expect(try #require(unsure) != sure)
        var away = Self.person(jointScore: 0.1)
        away.box = Box(x: 500, y: 5, width: 50, height: 100)
        #expect(sampler.appearance(of: away, in: picture) == nil)
        away.box = Box(x: .nan, y: 5, width: 50, height: .infinity)
        #expect(sampler.appearance(of: away, in: picture) == nil)
    }

    @Test("equal clothes are alike, other colours are not")
    func likeness() throws {
        let red = try #require(sampler.appearance(of: Self.person(), in: Self.picture(torso: [200, 60, 30], elsewhere: [0, 0, 0])))
        let same = try #require(sampler.appearance(of: Self.person(), in: Self.picture(torso: [196, 62, 32], elsewhere: [255, 255, 255])))
        let blue = try #require(sampler.appearance(of: Self.person(), in: Self.picture(torso: [30, 60, 200], elsewhere: [0, 0, 0])))
        #expect(red.likeness(toShares: same.shares) > 0.97)
        #expect(red.likeness(toShares: blue.shares) < 0.5)
    }
}
