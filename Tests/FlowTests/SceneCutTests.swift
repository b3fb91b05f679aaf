import Flow
import Foundation
import Geometry
import Testing

@Suite("Scene cuts, exposure, camera") struct SceneCutTests {
    /// A thumbnail of a texture that pans by a cell every other frame.
    private func shot(_ seed: UInt64, _ n: Int, gain: Double = 1, offset: Double = 0) -> Thumbnail {
        let picture = GreyPicture.texture(width: 64, height: 36, seed: seed) { ($0 * 0.7 - Double(n) * 0.5, $1 * 0.7) }
        // Shots differ in light as well.
        let level = Double(seed % 3) * 40 - 40
        return Thumbnail(columns: 64, rows: 36, cells: picture.pixels.map { UInt8(min(max((Double($0) * 0.5 + 64 + level) * gain + offset, 0), 255)) })
    }

    @Test("a new shot is a cut; a pan, a flash, a fade to black and back are none")
    func cuts() {
        var detector = SceneCutDetector()
        var cuts: [Int] = []
        func frame(_ n: Int, _ thumbnail: Thumbnail) { if detector.judge(thumbnail, time: Double(n) / 25).isCut { cuts.append(n) } }
        for n in 0..<20 { frame(n, shot(1, n)) }
        for n in 20..<40 { frame(n, shot(2, n)) }
        for n in 40..<44 { frame(n, shot(2, n, gain: 1.3, offset: 25)) }
        for n in 44..<60 { frame(n, shot(2, n)) }
        for n in 60..<64 { frame(n, shot(2, n, gain: 0, offset: 255)) }
        for n in 64..<80 { frame(n, shot(2, n)) }
        for n in 80..<90 { frame(n, shot(2, n, gain: Double(90 - n) / 10)) }
        for n in 90..<110 { frame(n, shot(3, n)) }
        #expect(cuts == [20, 90])
    }

    @Test("a cut back within a second is a return")
    func returns() {
        var detector = SceneCutDetector()
        for n in 0..<10 { #expect(!detector.judge(shot(1, n), time: Double(n) / 25).isCut) }
        #expect(detector.judge(shot(2, 10), time: 0.4) == .init(isCut: true))
        for n in 11..<15 { _ = detector.judge(shot(2, n), time: Double(n) / 25) }
        #expect(detector.judge(shot(1, 10), time: 0.6) == .init(isCut: true, isReturn: true))
    }

    @Test("a change of exposure is measured while things move")
    func exposure() throws {
        let bright = shot(2, 2, gain: 0.8, offset: 10)
        var detector = SceneCutDetector()
        _ = detector.judge(shot(2, 0), time: 0)
        let judgement = detector.judge(bright, time: 0.04)
        #expect(!judgement.isCut)
        #expect(abs(judgement.exposure.gain - 1.25) < 0.03 && abs(judgement.exposure.offset + 12.5) < 3)
        #expect(detector.judge(bright, time: 0.08).exposure == .unchanged)
    }

    @Test("the camera's turn, zoom and pan are found although a third of the points move otherwise")
    func camera() throws {
        var random = SplitMix(state: 4)
        let truth = Affine(a: 1.02, b: -0.03, tx: 5, c: 0.03, d: 1.02, ty: -7)
        let from = CameraMotion.grid(width: 1280, height: 720, avoiding: [Box(x: 0, y: 0, width: 300, height: 720)])
        #expect(from.count > 90 && from.allSatisfy { $0.x > 300 })
        let to = from.enumerated().map { n, p in
            n % 3 == 0 ? p + Point(x: 40 * random.unit(), y: 60) : truth(p) + Point(x: 0.1 * random.unit(), y: 0.1 * random.unit())
        }
        let found = try #require(CameraMotion.estimate(from, to, precision: 0.2))
        for p in from { #expect((found(p) - truth(p)).length < 0.3) }
        #expect(CameraMotion.estimate(Array(from.prefix(2)), Array(to.prefix(2)), precision: 0.2) == nil)
    }
}
