import Flow
import Foundation
import Geometry
import Media
import Testing
import Tracking

@Suite("Flow provider") struct FlowProviderTests {
    /// A frame of grey pixels.
    static func frame(_ picture: GreyPicture, time: Double) throws -> VideoFrame {
        try VideoFrame(rgb: picture.pixels.flatMap { [$0, $0, $0] }, width: picture.width, height: picture.height, time: time)
    }

    /// A body of 17 points about a centre, 150 pixels high.
    static func body(_ x: Double, _ y: Double) -> [Point] {
        (0..<17).map { Point(x: x + 25 * sin(Double($0) * 2.1), y: y - 75 + 150 * Double($0) / 16) }
    }

    /// Texture that moves by (dx, dy) everywhere, and by (px, py) in a box about the middle.
    static func scene(width: Int = 480, height: Int = 300, camera: (Double, Double), person: (Double, Double)) -> GreyPicture {
        var back = GreyPicture.texture(width: width, height: height, seed: 5) { ($0 - camera.0, $1 - camera.1) }
        let front = GreyPicture.texture(width: width, height: height, seed: 6) { ($0 - person.0, $1 - person.1) }
        for y in 0..<height {
            for x in 0..<width {
                let (u, v) = (Double(x) - person.0, Double(y) - person.1)
                if u > 180, u < 300, v > 40, v < 260 { back.pixels[y * width + x] = front[x, y] }
            }
        }
        return back
    }

    @Test("follows a body against a moving background, and tells the background's motion", arguments: FlowMethod.allCases.filter { $0 != .none })
    func body(method: FlowMethod) throws {
        let provider = try method.makeProvider()
        let person = [Box(x: 180, y: 40, width: 120, height: 220)]
        let first = try provider.advance(to: Self.frame(Self.scene(camera: (0, 0), person: (0, 0)), time: 0), people: [])
        #expect(first.move(Self.body(240, 150)) == nil && !first.isCut)
        let motion = try provider.advance(to: Self.frame(Self.scene(camera: (3, -1), person: (-5, 2.5)), time: 0.04), people: person)
        #expect(!motion.isCut)
        let corner = motion.background(Point(x: 400, y: 50))
        #expect(abs(corner.x - 403) < 0.1 && abs(corner.y - 49) < 0.1)
        let moved = try #require(motion.move(Self.body(240, 150)))
        for (point, start) in zip(moved, Self.body(240, 150)) {
            #expect((point.position - start - Point(x: -5, y: 2.5)).length < 0.2)
            #expect(point.confidence >= 0.5)
        }
    }

    @Test("a limb keeps its own motion, a point that runs away goes with the body")
    func limbs() throws {
        let limb = [Point(x: 130, y: 120), Point(x: 135, y: 150), Point(x: 130, y: 180)]
        func limbMotion(_ person: (Double, Double)) throws -> [MovedPoint] {
            let provider = try FlowMethod.lucasKanade.makeProvider()
            _ = try provider.advance(to: Self.frame(Self.scene(camera: (0, 0), person: (0, 0)), time: 0), people: [])
            let motion = try provider.advance(to: Self.frame(Self.scene(camera: (2, 0), person: person), time: 0.04), people: [])
            return try #require(motion.move(Self.body(240, 150) + limb)).suffix(3)
        }
        for (point, start) in zip(try limbMotion((-3, 1)), limb) {
            #expect((point.position - start - Point(x: 2, y: 0)).length < 0.3 && point.confidence >= 0.5)
        }
        for (point, start) in zip(try limbMotion((-13, 4)), limb) {
            #expect((point.position - start - Point(x: -13, y: 4)).length < 2 && point.confidence < 0.5)
        }
    }

    @Test("nothing is known with the method none")
    func none() throws {
        let provider = try FlowMethod.none.makeProvider()
        for n in 0..<2 {
            let motion = try provider.advance(to: Self.frame(.texture(width: 64, height: 48, seed: 1), time: Double(n)), people: [])
            #expect(motion.move([.zero]) == nil && !motion.isCut && motion.background == .identity)
        }
    }

    @Test("follows through a change of exposure, and tells it", arguments: [FlowMethod.lucasKanade, .denseUltrafast])
    func exposure(method: FlowMethod) throws {
        let provider = try method.makeProvider()
        _ = try provider.advance(to: Self.frame(Self.scene(camera: (0, 0), person: (0, 0)), time: 0), people: [])
        var second = Self.scene(camera: (1, 0), person: (-4, 3))
        second.pixels = second.pixels.map { UInt8(Double($0) * 0.75 + 20) }
        let motion = try provider.advance(to: Self.frame(second, time: 0.04), people: [])
        #expect(!motion.isCut && abs(motion.exposure.gain - 1 / 0.75) < 0.06)
        let moved = try #require(motion.move(Self.body(240, 150)))
        for (point, start) in zip(moved, Self.body(240, 150)) {
            #expect((point.position - start - Point(x: -4, y: 3)).length < 0.5)
            #expect(point.confidence >= 0.5)
        }
    }

    @Test("a cut is told and nothing is followed across it; neither across a change of size; a reset forgets", arguments: FlowMethod.allCases.filter { $0 != .none })
    func cut(method: FlowMethod) throws {
        let provider = try method.makeProvider()
        let dark = GreyPicture.texture(width: 320, height: 180, seed: 21)
        let bright = GreyPicture(width: 320, height: 180, pixels: GreyPicture.texture(width: 320, height: 180, seed: 22).pixels.map { 128 + $0 / 2 })
        _ = try provider.advance(to: Self.frame(dark, time: 0), people: [])
        #expect(try !provider.advance(to: Self.frame(dark, time: 0.04), people: []).isCut)
        let motion = try provider.advance(to: Self.frame(bright, time: 0.08), people: [])
        #expect(motion.isCut && motion.move([Point(x: 100, y: 90)]) == nil)
        let other = try provider.advance(to: Self.frame(.texture(width: 200, height: 180, seed: 3), time: 0.12), people: [])
        #expect(other.isCut && other.move([Point(x: 100, y: 90)]) == nil)
        provider.reset()
        let first = try provider.advance(to: Self.frame(dark, time: 0.16), people: [])
        #expect(!first.isCut && first.move([.zero]) == nil)
    }

    @Test("new motion is what moves otherwise than the camera, outside the boxes")
    func newMotion() throws {
        let provider = try FlowMethod.lucasKanade.makeProvider()
        _ = try provider.advance(to: Self.frame(Self.scene(camera: (0, 0), person: (0, 0)), time: 0), people: [])
        let motion = try provider.advance(to: Self.frame(Self.scene(camera: (4, 1), person: (-12, 4)), time: 0.04), people: [])
        let person = Box(x: 150, y: 20, width: 170, height: 260)
        #expect(try #require(motion.newMotion(outside: [])) > 0.05)
        #expect(try #require(motion.newMotion(outside: [person])) < 0.005)
    }

    @Test("tiny pictures and places outside do no harm", arguments: FlowMethod.allCases)
    func tiny(method: FlowMethod) throws {
        for (width, height) in [(1, 1), (1, 50), (64, 2), (9, 9), (21, 300)] {
            let provider = try method.makeProvider()
            for n in 0..<3 {
                let picture = GreyPicture.texture(width: width, height: height, seed: 1) { ($0 + Double(n), $1) }
                let motion = try provider.advance(to: Self.frame(picture, time: Double(n) / 25), people: [])
                let odd = [Point(x: .nan, y: 1), Point(x: -1e9, y: 4), Point(x: 1e300, y: 0), Point(x: 0, y: 0), Point(x: 500, y: -30)]
                if let moved = motion.move(odd) {
                    #expect(moved.count == odd.count && moved[0].confidence == 0 && moved[1].confidence == 0)
                }
                #expect(motion.move([])?.isEmpty ?? true)
                _ = motion.newMotion(outside: [])
            }
        }
    }

    @Test("the same frames give the same motion")
    func determinism() throws {
        func run() throws -> [MovedPoint] {
            let provider = try FlowMethod.lucasKanade.makeProvider()
            var all: [MovedPoint] = []
            for n in 0..<4 {
                let motion = try provider.advance(
                    to: Self.frame(Self.scene(camera: (Double(n), 0), person: (2 * Double(n), 1)), time: Double(n) / 25), people: [])
                all += motion.move(Self.body(240, 150)) ?? []
            }
            return all
        }
        let (first, second) = (try run(), try run())
        #expect(first == second && first.count == 51)
    }
}
