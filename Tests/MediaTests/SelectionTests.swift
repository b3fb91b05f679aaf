import Foundation
import Media
import TestSupport
import Testing

@Suite("Parts of a film")
struct SelectionTests {
    private struct Seen: Equatable, CustomStringConvertible {
        var index: Int
        var pts: Int64?
        var time: Double
        var planes: Int
        var description: String { "\(index)@\(time)" }
    }

    private func seen(_ source: any FrameSource) throws -> [Seen] {
        var all: [Seen] = []
        while let frame = try source.next() {
            var hasher = Hasher()
            frame.planes.withUnsafeBytes { hasher.combine(bytes: $0) }
            all.append(Seen(index: frame.index, pts: frame.pts, time: frame.time, planes: hasher.finalize()))
        }
        return all
    }

    private func part(_ path: String, _ selection: FrameSelection, sound: Bool = false) throws -> [Seen] {
        var options = SourceOptions()
        options.selection = selection
        options.keepsOtherStreams = sound
        return try seen(SelectedSource(openSource(path, options: options), selection))
    }

    /// Films whose key frames are far apart, with B-frames, an open group of pictures, variable rate, damage and no times at all.
    @Test(
        "a part holds the very pictures, numbers and times of the whole",
        arguments: [
            "base.mp4", "base.mkv", "vfr.mp4", "fragmented.mp4", "rot90.mp4", "hevc10.mp4", "vp9.webm", "av.mp4", "av.ts", "long_gop.ts",
            "open_gop.mkv", "open_gop.ts", "refresh.mp4", "mpeg2.ts", "inter.ts", "mpeg4.avi", "bframes.avi", "crop.h264", "seq.y4m",
            "trimmed.mp4", "trunc.mkv", "vp8.webm",
        ])
    func parts(name: String) throws {
        let path = try Clips.make(name).path
        let whole = try seen(openSource(path))
        #expect(whole.count >= 10)
        for number in stride(from: 0, to: whole.count, by: max(1, whole.count / 7)) {
            let from = whole[number].time
            let to = whole[min(number + 5, whole.count - 1)].time
            let found = try part(path, FrameSelection(from: from, to: to), sound: number % 2 == 0)
            let expected = whole.filter { $0.time >= from && $0.time < to }
            #expect(found == expected, "\(name) from picture \(number)")
        }
        let between = (whole[3].time + whole[4].time) / 2
        #expect(try part(path, FrameSelection(from: between)) == Array(whole[4...]))
        #expect(try part(path, FrameSelection(from: 1e6)).isEmpty)
    }

    @Test("a time as a record writes it, with six decimals, names its picture")
    func roundedTimes() throws {
        let path = try Clips.make("ntsc.mp4").path
        let whole = try seen(openSource(path))
        for number in [1, 2, 7, 20] {
            let written = (whole[number].time * 1e6).rounded() / 1e6
            #expect(try part(path, FrameSelection(from: written)).first == whole[number])
            #expect(try part(path, FrameSelection(to: written)).last == whole[number - 1])
        }
    }

    @Test("parts that adjoin give the pictures of the whole, each once, at any density", arguments: ["base.mp4", "vfr.mp4", "av.ts", "bframes.avi"])
    func joined(name: String) throws {
        let path = try Clips.make(name).path
        for (every, rate) in [(1, nil), (3, nil), (1, 7.0), (2, 4.5)] as [(Int, Double?)] {
            let whole = try part(path, FrameSelection(every: every, maximumRate: rate))
            let cuts = [nil, 0.31, 0.5, 0.97] as [Double?]
            let parts = try zip(cuts, cuts.dropFirst() + [nil]).flatMap {
                try part(path, FrameSelection(from: $0, to: $1, every: every, maximumRate: rate))
            }
            #expect(parts == whole, "every \(every), at most \(rate ?? 0)")
        }
    }

    @Test("every N-th picture is one whose number N divides; a rate takes the first picture of each interval")
    func density() throws {
        let path = try Clips.make("base.mp4").path
        #expect(try part(path, FrameSelection(every: 4)).map(\.index) == Array(stride(from: 0, to: 100, by: 4)))
        #expect(try part(path, FrameSelection(maximumRate: 5)).map(\.index) == Array(stride(from: 0, to: 100, by: 5)))
        #expect(try part(path, FrameSelection(maximumRate: 1000)).count == 100)
        let times = try part(try Clips.make("vfr.mp4").path, FrameSelection(maximumRate: 10)).map(\.time)
        #expect(Set(times.map { Int($0 * 10 + 1e-6) }).count == times.count)
    }

    @Test("the lead-in is the last wanted picture before the part")
    func leadIn() throws {
        for name in ["base.mp4", "vfr.mp4", "bframes.avi"] {
            let path = try Clips.make(name).path
            for (every, rate) in [(1, nil), (3, nil), (1, 7.0), (2, 4.5)] as [(Int, Double?)] {
                let whole = try part(path, FrameSelection(every: every, maximumRate: rate))
                var selection = FrameSelection(from: 0.55, every: every, maximumRate: rate)
                selection.leadIn = 0
                let found = try part(path, selection)
                let first = try #require(whole.firstIndex { $0.time >= 0.55 })
                #expect(found == Array(whole[(first - 1)...]))
                selection.leadIn = 0.3
                #expect(try part(path, selection) == whole.filter { $0.time >= 0.25 || $0.index >= whole[first - 1].index })
                selection.from = 0
                #expect(try part(path, selection) == whole)
            }
        }
    }

    @Test("a jump into a long film is much quicker than decoding up to there")
    func quick() throws {
        let path = try Clips.make("keyed.mkv").path
        let clock = ContinuousClock()
        let whole = try clock.measure { _ = try seen(openSource(path)) }
        var count = 0
        let jump = try clock.measure { count = try part(path, FrameSelection(from: 59)).count }
        #expect(count == 25)
        #expect(jump < whole / 4, "\(jump) against \(whole)")
    }

    @Test("sound of pictures that are left out rides along with the next one, and none after the part")
    func sound() throws {
        let path = try Clips.make("av.mp4").path
        var options = SourceOptions()
        options.keepsOtherStreams = true
        let all = try openSource(path, options: options)
        var expected: [Int64?] = try allFrames(all).flatMap(\.companions).map(\.pts)
        expected += all.trailingPackets.map(\.pts)
        let thinned = SelectedSource(try openSource(path, options: options), FrameSelection(every: 10))
        let found = try allFrames(thinned).flatMap(\.companions) + thinned.trailingPackets
        #expect(found.map(\.pts) == expected)
        let short = SelectedSource(try openSource(path, options: options), FrameSelection(to: 0.5))
        let heard = try allFrames(short).flatMap(\.companions) + short.trailingPackets
        #expect(heard.allSatisfy { Double($0.pts ?? 0) / 44_100 < 1.2 } && !heard.isEmpty)
        #expect(!short.statistics.isTruncated)
    }

    @Test("pictures of a folder are numbered as in the whole folder")
    func folder() throws {
        let scratch = try Scratch()
        _ = try Tool.ffmpeg("-f lavfi -i testsrc2=s=64x48:r=25:d=0.8", to: scratch.file("p_%03d.png"))
        let found = try part(scratch.folder.path, FrameSelection(from: 0.2, to: 0.4, every: 2))
        #expect(found.map(\.index) == [6, 8])
    }
}
