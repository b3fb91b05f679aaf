import Foundation
import Media
import TestSupport
import Testing

@Suite("Time stamps")
struct TimeTests {
    @Test("pts are the decoder's best effort and times count from the first picture", arguments: ["vfr.mp4", "base.mkv", "av.ts", "vp9.webm"])
    func stamps(name: String) throws {
        try compare(try Clips.make(name))
    }

    @Test("variable frame rate of a real clip", .enabled(if: Shared.isPresent, Comment(rawValue: Shared.absent)))
    func real() throws {
        try compare(Shared.file("assets/video/vfr_campus.mkv"))
        try compare(Shared.file("assets/video/square_hug.avi"))
    }

    private func compare(_ clip: URL) throws {
        let expected = try Tool.probe(clip, "frame=best_effort_timestamp").map { Int64($0.prefix { $0 != "," }) }
        let source = try openSource(clip.path)
        let frames = try allFrames(source)
        #expect(frames.map(\.pts) == expected)
        #expect(source.statistics.repairedTimestamps == 0)
        let tick = source.description.timeBase.value
        let first = try #require(expected.first ?? nil)
        for (frame, stamp) in zip(frames, expected) {
            #expect(abs(frame.time - Double((stamp ?? 0) - first) * tick) < 1e-9)
        }
        #expect(frames.allSatisfy { ($0.duration ?? 0) > 0 })
    }

    @Test("raw H.264 has no stamps: times follow the frame rate and every one is counted")
    func raw() throws {
        let source = try openSource(try Clips.make("sizechange.h264").path)
        let frames = try allFrames(source)
        #expect(frames.count == 75)
        #expect(frames.allSatisfy { $0.pts == nil })
        for frame in frames { #expect(abs(frame.time - Double(frame.index) / 25) < 1e-6) }
        #expect(source.statistics.repairedTimestamps == 75)
    }

    @Test("the last pictures of an AVI with B frames have no stamp: they go on by their duration")
    func avi() throws {
        let source = try openSource(try Clips.make("bframes.avi").path)
        let frames = try allFrames(source)
        #expect(frames.compactMap(\.pts).count == 23)
        #expect(frames.suffix(2).allSatisfy { $0.pts == nil })
        for frame in frames { #expect(abs(frame.time - Double(frame.index) / 25) < 1e-9) }
        #expect(source.statistics.repairedTimestamps == 2)
    }

    @Test("missing and backward stamps are repaired and counted")
    func repair() {
        var line = Timeline(timeBase: Rational(1, 1000), frameRate: Rational(30, 1), start: 500)
        #expect(line.place(stamp: nil, duration: 0) == .init(pts: nil, time: 0))
        // A period of 33.33 ticks does not drift.
        for _ in 0..<2 { _ = line.place(stamp: nil, duration: 0) }
        #expect(line.place(stamp: nil, duration: 0).time == 0.1)
        #expect(line.place(stamp: 700, duration: 40) == .init(pts: 700, time: 0.2))
        #expect(line.place(stamp: 650, duration: 40) == .init(pts: 701, time: 0.201))
        #expect(line.place(stamp: 701, duration: 40) == .init(pts: 702, time: 0.202))
        #expect(line.repaired == 6)
        #expect(line.place(stamp: nil, duration: 40).time == 0.242)
    }

    @Test("stamps at the ends of Int64 do no harm")
    func extremes() {
        var line = Timeline(timeBase: Rational(1, 25), frameRate: nil, start: .max)
        var last = -1.0
        for stamp in [Int64.min, .max, .max, 0, .min + 1, .max - 1, 5] {
            let place = line.place(stamp: stamp, duration: .max)
            #expect(place.time >= last && place.time.isFinite)
            last = place.time
        }
        var broken = Timeline(timeBase: Rational(0, 0), frameRate: Rational(0, 1), start: nil)
        _ = broken.place(stamp: nil, duration: 0)
        #expect(broken.place(stamp: nil, duration: 0).time.isFinite)
    }
}
