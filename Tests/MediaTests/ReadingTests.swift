import CKernels
import Foundation
import Media
import TestSupport
import Testing

@Suite("Reading video")
struct ReadingTests {
    @Test("every clip gives as many frames as ffprobe counts, whole and without complaint", arguments: Clips.whole)
    func counts(name: String) throws {
        let clip = try Clips.make(name)
        let expected = try Tool.countFrames(clip)
        #expect(expected > 0)
        let source = try openSource(clip.path)
        var last = -1.0
        var count = 0
        while let frame = try source.next() {
            #expect(frame.index == count)
            #expect(frame.time > last, "times increase")
            #expect(!frame.isCorrupt)
            last = frame.time
            count += 1
        }
        #expect(count == expected)
        #expect(source.statistics.decoded == expected)
        #expect(source.statistics.corrupt == 0)
        #expect(!source.statistics.isTruncated, "\(source.warnings)")
        #expect(try source.next() == nil, "the end stays the end")
    }

    @Test(
        "the shared clips give as many frames as ffprobe counts", .enabled(if: Shared.isPresent, Comment(rawValue: Shared.absent)),
        arguments: [
            ("square_hug.avi", 205), ("three_dancers.mp4", 267), ("one_by_one.mp4", 1394), ("street_crowd.avi", 795),
            ("tud_campus.mp4", 71), ("tud_stadtmitte.mp4", 179), ("rotated_90.mp4", 25), ("vfr_campus.mkv", 71),
        ])
    func sharedCounts(name: String, frames: Int) throws {
        let source = try openSource(Shared.file("assets/video/\(name)").path)
        #expect(try countFrames(source) == frames)
        #expect(source.statistics.corrupt == 0)
        #expect(!source.statistics.isTruncated)
        if name == "rotated_90.mp4" {
            #expect((source.description.width, source.description.height, source.description.rotation) == (480, 640, 270))
        }
    }

    @Test(
        "samples are bit for bit what ffmpeg decodes, upright",
        arguments: [
            ("base.mp4", "yuv420p"), ("vfr.mp4", "yuv420p"), ("ten.mkv", "yuv420p10le"), ("p422.mkv", "yuv422p"), ("p444.mkv", "yuv444p"),
            ("odd444.mp4", "yuv444p"), ("odd420.mkv", "yuv420p"), ("full709.mp4", "yuvj420p"), ("crop.h264", "yuv420p"),
            ("hevc10.mp4", "yuv420p10le"), ("gray.mkv", "gray"), ("gray10.mkv", "gray10le"), ("gbrp.mkv", "gbrp"), ("anim.gif", "gbrp"),
            ("nv12.nut", "yuv420p"), ("yuyv.nut", "yuv422p"), ("bgra.nut", "gbrp"), ("pal8.nut", "rgb24,gbrp"), ("p411.nut", "yuv411p"),
            ("big_endian.nut", "yuv422p10le"), ("mjpeg.avi", "yuvj422p"), ("vp9.webm", "yuv420p"),
            ("rot90.mp4", "yuv420p"), ("rot180.mp4", "yuv420p"), ("rot270.mp4", "yuv420p"), ("rot90_odd.mp4", "yuv420p"),
            ("rot90_ten.mp4", "yuv420p10le"),
        ])
    func samples(name: String, format: String) throws {
        let clip = try Clips.make(name)
        let expected = try Tool.ffmpeg("-i \(clip.path) -map 0:v:0 -frames:v 8 -fps_mode passthrough -vf format=\(format.replacing(",", with: ",format=")) -f rawvideo")
        let source = try openSource(clip.path)
        var seen = Data()
        for _ in 0..<8 { if let frame = try source.next() { seen += frame.planes } }
        #expect(seen.count == expected.count)
        let differing = zip(seen, expected).lazy.filter { $0 != $1 }.count
        #expect(differing == 0, "\(differing) of \(expected.count) bytes differ")
    }

    @Test("a quarter turn of 4:2:2 keeps every chroma sample")
    func turnedChroma() throws {
        let clip = try Clips.make("rot90_422.mp4")
        var expected = Data()
        for plane in ["y", "u", "v"] {
            expected += try Tool.ffmpeg(
                "-noautorotate -i \(clip.path) -frames:v 1 -vf extractplanes=\(plane),transpose=cclock -f rawvideo -pix_fmt gray")
        }
        let frame = try #require(try openSource(clip.path).next())
        #expect(frame.planes == expected)
        #expect(frame.withImage { [$0.c.1.shift_x, $0.c.1.shift_y] } == [0, 1])
    }

    @Test("a turned clip says so, and its size is the one that is seen")
    func rotation() throws {
        for (name, degrees) in [("rot90.mp4", 270), ("rot180.mp4", 180), ("rot270.mp4", 90), ("base.mp4", 0)] {
            let source = try openSource(try Clips.make(name).path)
            #expect(source.description.rotation == degrees, "\(name)")
            let isUpright = degrees % 180 == 0
            #expect(source.description.width == (isUpright ? 320 : 240))
            let frame = try #require(try source.next())
            #expect((frame.width, frame.height) == (isUpright ? (320, 240) : (240, 320)))
        }
    }

    @Test("the size may change from frame to frame")
    func sizeChange() throws {
        let frames = try allFrames(openSource(try Clips.make("sizechange.h264").path))
        #expect(frames.map(\.width) == Array(repeating: 320, count: 25) + Array(repeating: 192, count: 25) + Array(repeating: 320, count: 25))
        #expect(frames.allSatisfy { $0.height == $0.width * 3 / 4 })
    }

    @Test("a name with a colon and a number pattern is only a name")
    func names() throws {
        #expect(try countFrames(openSource(try Clips.make("a:b %03d.mkv").path)) == 100)
    }

    @Test("the description says what the container knows")
    func description() throws {
        let source = try openSource(try Clips.make("vfr.mp4").path)
        let description = source.description
        #expect((description.name, description.width, description.height) == ("vfr.mp4", 320, 240))
        #expect(description.timeBase == Rational(1, 90000))
        #expect(description.averageFrameRate == Rational(85, 4))
        #expect(description.frames == 85)
        #expect(!description.isLive)
        let full = try openSource(try Clips.make("full709.mp4").path).description
        #expect((full.color.range, full.color.matrix) == (2, 1))
        #expect(try openSource(try Clips.make("base.mkv").path).description.frames == nil)
    }

    @Test("sound rides along with the pictures, complete and in order", arguments: ["av.mp4", "av.ts"])
    func companions(name: String) throws {
        let clip = try Clips.make(name)
        var options = SourceOptions()
        options.keepsOtherStreams = true
        let source = try openSource(clip.path, options: options)
        let frames = try allFrames(source)
        #expect(source.passthroughStreams.map(\.kind) == [.audio])
        #expect(source.passthroughStreams.first?.codecName == "aac")
        let stamps = (frames.flatMap(\.companions) + source.trailingPackets).map(\.pts)
        let text = String(
            decoding: try Tool.run("ffprobe -v quiet -select_streams a:0 -show_entries packet=pts -of csv=p=0 \(clip.path)"), as: UTF8.self)
        #expect(stamps == text.split(whereSeparator: { $0.isNewline || $0 == "," }).map { Int64($0) })
        #expect(stamps.count > 80)
        #expect(try allFrames(openSource(clip.path)).allSatisfy { $0.companions.isEmpty }, "not unless asked for")
    }

    @Test(
        "memory stays flat over thousands of frames",
        .enabled(if: !Sanitizer.isOn, "a sanitizer's allocator keeps what was given back, to see it used again"))
    func memory() throws {
        let source = try openSource(try Clips.make("long.mkv").path)
        func residentBytes() throws -> Int {
            let pages = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
            return (Int(pages[1]) ?? 0) * 4096
        }
        // Tests beside this one come and go with memory of their own: the least of many looks is ours.
        var (count, early, late) = (0, Int.max, Int.max)
        while try source.next() != nil {
            count += 1
            guard count % 10 == 0 else { continue }
            if (500..<1500).contains(count) { early = min(early, try residentBytes()) }
            if count >= 2000 { late = min(late, try residentBytes()) }
        }
        #expect(count == 3000)
        // The 1500 frames between are 43 MB.
        #expect(late - early < 20 << 20)
    }
}
