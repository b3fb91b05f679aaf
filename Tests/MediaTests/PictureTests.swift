import Diagnostics
import Foundation
import Media
import TestSupport
import Testing

@Suite("Pictures")
struct PictureTests {
    private static func folder(_ name: String) throws -> URL {
        let folder = Clips.file(name)
        try? FileManager.default.removeItem(at: folder)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return folder
    }

    private static func picture(_ url: URL, size: String, _ more: String = "") throws {
        _ = try Tool.ffmpeg("-f lavfi -i testsrc2=s=\(size):d=0.04 -frames:v 1 -update 1 \(more)", to: url)
    }

    @Test("a folder is read in natural order, each picture in its size, damage skipped and named")
    func folder() throws {
        let folder = try Self.folder("shots")
        try Self.picture(folder.appendingPathComponent("pic_10.png"), size: "100x50")
        try Self.picture(folder.appendingPathComponent("pic_2.jpg"), size: "64x48")
        try Self.picture(folder.appendingPathComponent("pic_1.webp"), size: "32x32")
        try Self.picture(folder.appendingPathComponent("pic_003.bmp"), size: "40x30")
        try Self.picture(folder.appendingPathComponent("pic_4.TIFF"), size: "48x30")
        try Data("no picture".utf8).write(to: folder.appendingPathComponent("pic_5.png"))
        try Data().write(to: folder.appendingPathComponent("pic_6.jpg"))
        try Data("x".utf8).write(to: folder.appendingPathComponent("notes.txt"))
        let source = try openSource(folder.path)
        let frames = try allFrames(source)
        #expect(frames.map(\.width) == [32, 64, 40, 48, 100])
        #expect(frames.map(\.index) == [0, 1, 2, 3, 4])
        #expect(frames.map(\.pts) == [0, 1, 2, 3, 4])
        #expect(frames.map(\.time) == [0, 0.04, 0.08, 0.12, 0.16])
        #expect(source.statistics.decoded == 5)
        #expect(source.statistics.corrupt == 2)
        #expect(source.warnings.contains { $0.contains("pic_5.png") })
        #expect(source.description.name == "shots")
        #expect((source.description.width, source.description.frames) == (32, 7))

        let pattern = try openSource(folder.path + "/pic_?.*")
        #expect(try allFrames(pattern).map(\.width) == [32, 64, 48])
    }

    @Test("folders and patterns without pictures are refused")
    func nothing() throws {
        let folder = try Self.folder("bare")
        try Data("x".utf8).write(to: folder.appendingPathComponent("a.txt"))
        let failure = #expect(throws: Failure.self) { _ = try openSource(folder.path) }
        #expect(failure?.kind == .data)
        #expect(#expect(throws: Failure.self) { _ = try openSource(folder.path + "/*.txt") }?.kind == .data)
        #expect(#expect(throws: Failure.self) { _ = try openSource(folder.path + "/*.png") }?.kind == .noInput)
        try Data("x".utf8).write(to: folder.appendingPathComponent("a.png"))
        #expect(#expect(throws: Failure.self) { _ = try openSource(folder.path) }?.kind == .data)
    }

    @Test(
        "a photo is turned by its Exif orientation",
        arguments: [
            (1, "null"), (2, "hflip"), (3, "hflip,vflip"), (4, "vflip"), (5, "transpose=cclock_flip"), (6, "transpose=clock"),
            (7, "transpose=clock_flip"), (8, "transpose=cclock"),
        ])
    func exif(orientation: Int, filter: String) throws {
        let plain = Clips.file("photo_\(orientation).jpg"), tagged = Clips.file("photo_\(orientation)_exif.jpg")
        try Self.picture(plain, size: "70x46", "-q:v 2 -pix_fmt yuvj444p")
        // APP1 with one tag, right after the start of the image.
        let tiff: [UInt8] = [0x4D, 0x4D, 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, UInt8(orientation), 0, 0, 0, 0, 0, 0]
        let body = Array("Exif".utf8) + [0, 0] + tiff
        let segment: [UInt8] = [0xFF, 0xE1, 0, UInt8(body.count + 2)] + body
        let data = try Data(contentsOf: plain)
        try (data.prefix(2) + Data(segment) + data.dropFirst(2)).write(to: tagged)
        // The untagged picture as we read it (libjpeg's samples), turned by FFmpeg.
        let stored = try #require(try openSource(plain.path).next())
        let raw = Clips.file("photo_\(orientation).gbr")
        try stored.planes.write(to: raw)
        let expected = try Tool.ffmpeg("-f rawvideo -pix_fmt gbrp -s 70x46 -i \(raw.path) -vf \(filter) -f rawvideo -pix_fmt gbrp")
        let source = try openSource(tagged.path)
        let frame = try #require(try source.next())
        #expect((frame.width, frame.height) == (orientation > 4 ? (46, 70) : (70, 46)))
        #expect(frame.planes == expected)
        #expect(source.description.width == frame.width)
    }

    @Test(
        "JPEG pictures have the very samples that OpenCV reads",
        arguments: ["sampling_444", "sampling_422", "sampling_420", "progressive_420", "gray"])
    func samples(name: String) throws {
        let frame = try #require(try openSource(Shared.fixture("pictures/\(name).jpg").path).next())
        let same = try #require(try openSource(Shared.fixture("pictures/\(name).\(name == "gray" ? "pgm" : "ppm")").path).next())
        #expect((frame.width, frame.height) == (61, 43))
        #expect(!frame.isCorrupt)
        #expect(frame.planes == same.planes)
    }

    @Test("a JPEG that was cut off is read as far as it goes and counted as damaged")
    func cut() throws {
        let whole = try Data(contentsOf: Shared.fixture("pictures/sampling_420.jpg"))
        let folder = try Self.folder("cut")
        try whole.write(to: folder.appendingPathComponent("a.jpg"))
        try whole.prefix(whole.count * 3 / 4).write(to: folder.appendingPathComponent("b.jpg"))
        try whole.prefix(300).write(to: folder.appendingPathComponent("c.jpg"))
        let source = try openSource(folder.path)
        let frames = try allFrames(source)
        #expect(frames.count >= 2 && !frames[0].isCorrupt && frames[1].isCorrupt)
        #expect(source.statistics.corrupt == 2)
        #expect(source.warnings.contains { $0.contains("b.jpg") } && source.warnings.contains { $0.contains("c.jpg") })
    }

    @Test("what libjpeg cannot read is left to FFmpeg")
    func otherDecoder() throws {
        let lossless = Clips.file("lossless.jpg")
        _ = try Tool.ffmpeg("-f lavfi -i testsrc2=s=64x48:d=0.04 -frames:v 1 -update 1 -c:v ljpeg -pix_fmt yuvj420p -strict -1 -f image2", to: lossless)
        let frame = try #require(try openSource(lossless.path).next())
        #expect((frame.width, frame.height) == (64, 48))
    }

    @Test("random damage in a JPEG never crashes")
    func fuzzed() throws {
        let whole = try [UInt8](Data(contentsOf: Shared.fixture("pictures/progressive_420.jpg")))
        let file = Clips.file("fuzzed.jpg")
        var state: UInt64 = 5
        func random(_ limit: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % limit
        }
        var read = 0
        for round in 0..<150 {
            var bytes = whole
            for _ in 0...random(6) { bytes[random(round < 75 ? 640 : bytes.count)] = UInt8(random(256)) }
            if round % 3 == 0 { bytes.removeLast(random(bytes.count)) }
            try Data(bytes).write(to: file)
            do { if try openSource(file.path).next() != nil { read += 1 } } catch is Failure {}
        }
        #expect(read > 10 && read < 150)
    }

    @Test("real photos are read", .enabled(if: Shared.isPresent, Comment(rawValue: Shared.absent)))
    func real() throws {
        let source = try openSource(Shared.file("assets/images/coco").path)
        let frames = try countFrames(source)
        #expect(frames == 79)
        #expect(source.statistics.corrupt == 0)
    }
}
