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

    @Test("nothing is known with the method none")
    func none() throws {
        let provider = try FlowMethod.none.makeProvider()
        for n in 0..<2 {
            let motion = try provider.advance(to: Self.frame(.texture(width: 64, height: 48, seed: 1), time: Double(n)), people: [])
            #expect(motion.move([.zero]) == nil && !motion.isCut && motion.background == .identity)
        }
    }
}
