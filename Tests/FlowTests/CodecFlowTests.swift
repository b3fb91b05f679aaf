import Flow
import Foundation
import Geometry
import Media
import TestSupport
import Testing
import Tracking

@Suite("Motion vectors of the film") struct CodecFlowTests {
    private func frames(_ clip: URL, count: Int, exporting: Bool, threads: Int? = nil) throws -> [VideoFrame] {
        var options = SourceOptions()
        options.exportsMotionVectors = exporting
        options.decoderThreads = threads
        let source = try openSource(clip.path, options: options)
        var frames: [VideoFrame] = []
        while frames.count < count, let frame = try source.next() { frames.append(frame) }
        source.cancel()
        return frames
    }

    @Test("vectors come when they are asked for, the same with any number of threads, and not in the first picture")
    func vectors() throws {
        let clip = Shared.fixture("street.mp4")
        let asked = try frames(clip, count: 12, exporting: true, threads: 1)
        let threaded = try frames(clip, count: 12, exporting: true, threads: 4)
        #expect(asked.count == 12)
        #expect(asked[0].motionVectors.isEmpty)
        #expect(asked.count { !$0.motionVectors.isEmpty } >= 6)
        for (one, four) in zip(asked, threaded) { #expect(one.motionVectors == four.motionVectors) }
        #expect(try frames(clip, count: 3, exporting: false).allSatisfy { $0.motionVectors.isEmpty })
        for vector in asked.flatMap(\.motionVectors) {
            #expect(vector.x > -64 && vector.x < Float(asked[0].width + 64) && vector.y > -64 && vector.y < Float(asked[0].height + 64))
        }
    }

    @Test(
        "most vectors of a film without B-frames tell nearly what Lucas-Kanade finds, upright and turned",
        .enabled(if: Shared.isPresent, Comment(rawValue: Shared.absent)), arguments: ["tud_campus.mp4", "rotated_90.mp4"])
    func agreement(name: String) throws {
        let frames = try frames(Shared.file("assets/video/" + name), count: 20, exporting: true)
        let provider = try FlowMethod.lucasKanade.makeProvider()
        var (moving, near) = (0, 0)
        for frame in frames {
            let motion = try provider.advance(to: frame, people: [])
            for vector in frame.motionVectors where hypotf(vector.dx, vector.dy) > 3 && vector.isFromPast {
                let start = Point(x: Double(vector.x - vector.dx), y: Double(vector.y - vector.dy))
                guard let moved = motion.move([start])?.first, moved.confidence > 0.9 else { continue }
                moving += 1
                if (moved.position - Point(x: Double(vector.x), y: Double(vector.y))).length < 1.5 { near += 1 }
            }
        }
        #expect(moving > 100)
        #expect(near * 10 > moving * 6, "\(near) of \(moving)")
    }

    @Test("with seeds points are followed as without", .enabled(if: Shared.isPresent, Comment(rawValue: Shared.absent)))
    func seeds() throws {
        let frames = try frames(Shared.file("assets/video/tud_campus.mp4"), count: 15, exporting: true)
        let (plain, seeded) = (try FlowMethod.lucasKanade.makeProvider(), try FlowMethod.codec.makeProvider())
        #expect(FlowMethod.codec.needsMotionVectors && !FlowMethod.lucasKanade.needsMotionVectors)
        let body = (0..<40).map { n in Point(x: 280 + 10 * Double(n % 8), y: 180 + 30 * Double(n / 8)) }
        var (both, apart, foundPlain, foundSeeded) = (0, 0, 0, 0)
        for frame in frames {
            let (a, b) = (try plain.advance(to: frame, people: []), try seeded.advance(to: frame, people: []))
            guard let a = a.move(body), let b = b.move(body) else { continue }
            for (p, q) in zip(a, b) {
                foundPlain += p.confidence >= 0.5 ? 1 : 0
                foundSeeded += q.confidence >= 0.5 ? 1 : 0
                guard p.confidence >= 0.5, q.confidence >= 0.5 else { continue }
                both += 1
                if (p.position - q.position).length > 1 { apart += 1 }
            }
        }
        #expect(both > 300 && apart * 20 < both, "\(apart) of \(both)")
        #expect(Double(foundSeeded) > 0.97 * Double(foundPlain), "\(foundSeeded) and \(foundPlain)")
    }

    @Test("vectors that point nowhere, everywhere or beyond the picture do no harm")
    func hostile() throws {
        let provider = try FlowMethod.codec.makeProvider()
        // A frame of our own carries no vectors: plain Lucas-Kanade.
        let picture = GreyPicture.texture(width: 160, height: 120, seed: 1)
        _ = try provider.advance(to: FlowProviderTests.frame(picture, time: 0), people: [])
        let motion = try provider.advance(to: FlowProviderTests.frame(picture, time: 0.04), people: [])
        #expect(try #require(motion.move([Point(x: 80, y: 60)])).first?.confidence == 1)
        let far = Float(1e30)
        let vectors = [
            MotionVector(x: far, y: -far, width: 16, height: 16, dx: 1, dy: 1, isFromPast: true),
            MotionVector(x: 8, y: 8, width: far, height: far, dx: 900, dy: -900, isFromPast: true),
            MotionVector(x: 8, y: 8, width: 0, height: -5, dx: .nan, dy: 0, isFromPast: true),
            MotionVector(x: .nan, y: 0, width: 16, height: 16, dx: 0, dy: 0, isFromPast: true),
        ]
        let blocks = BlockMotion(vectors, width: 160, height: 120)
        for x in stride(from: -300.0, to: 500, by: 37) { _ = blocks.place(of: Point(x: x, y: 300 - x)) }
        #expect(blocks.place(of: Point(x: .nan, y: 0)) == nil)
    }
}
