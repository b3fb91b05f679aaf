import Diagnostics
import Foundation
import Media
import Testing

@Suite("Damaged and wrong input")
struct DamageTests {
    @Test("damaged packets are skipped and counted, the rest is delivered", arguments: ["noise.mkv", "flipped.mkv"])
    func corrupt(name: String) throws {
        let clip = try Clips.make(name)
        let source = try openSource(clip.path)
        let frames = try allFrames(source)
        #expect(frames.count == (try Tool.countFrames(clip)))
        #expect(frames.contains { $0.isCorrupt })
        #expect(source.statistics.corrupt >= frames.filter(\.isCorrupt).count)
        #expect(source.statistics.corrupt > 0)
        #expect(!source.warnings.isEmpty)
        #expect(source.warnings.count < 25, "the first of each kind, not all")
    }

    @Test("a file that was cut gives what is left and says that it was cut", arguments: ["trunc.mkv", "trunc_faststart.mp4", "trunc.avi"])
    func truncated(name: String) throws {
        let clip = try Clips.make(name)
        let source = try openSource(clip.path)
        #expect(try countFrames(source) == (try Tool.countFrames(clip)))
        #expect(source.statistics.decoded > 5)
        #expect(source.statistics.isTruncated)
        #expect(source.warnings.contains { $0.contains("too early") })
    }

    @Test(
        "what is no video is refused in one clear line",
        arguments: [
            ("empty.mp4", Failure.Kind.data, "the file is empty"), ("text.mp4", .data, "not a video"), ("notes.txt", .data, "not a video"),
            ("random.mp4", .data, "not a video"), ("audio.m4a", .data, "no video stream"), ("zero.mp4", .data, "holds no video frame"),
            ("zero.mkv", .data, "holds no video frame"), ("trunc.mp4", .data, "index of this MP4 is missing"),
        ])
    func refused(name: String, kind: Failure.Kind, reason: String) throws {
        let clip = try Clips.make(name)
        let failure = try #require(throws: Failure.self) { _ = try openSource(clip.path) }
        #expect(failure.kind == kind)
        #expect(failure.why.contains(reason), "\(failure)")
        #expect(failure.place == clip.path)
    }

    @Test("what cannot be meant is refused before FFmpeg sees it")
    func arguments() throws {
        func kind(_ argument: String) -> Failure.Kind? {
            do {
                _ = try openSource(argument)
                return nil
            } catch {
                return (error as? Failure)?.kind
            }
        }
        #expect(kind("/nowhere/clip.mp4") == .noInput)
        #expect(kind("nothing_%03d.png") == .noInput)
        #expect(kind("/nowhere/*.png") == .noInput)
        #expect(kind("concat:a.mp4|b.mp4") == .noInput, "no protocol of FFmpeg's own")
        #expect(kind("subfile,,start,0,end,0,,:a.mp4") == .noInput)
        #expect(kind("gopher://host/x") == .usage)
        #expect(kind("v4l2:/dev/video987") == .noInput)
        #expect(kind("pipe:x") == .usage)
        #expect(kind("pipe:987") == .noInput)
        let failure = #expect(throws: Failure.self) { _ = try openSource("gopher://user:secret@host/x") }
        #expect(failure?.description.contains("secret") == false)
    }

    @Test("an option that nobody knows is an error, one that is known works")
    func options() throws {
        var options = SourceOptions()
        options.formatOptions = ["bogus": "1"]
        let clip = try Clips.make("base.mkv")
        let failure = #expect(throws: Failure.self) { _ = try openSource(clip.path, options: options) }
        #expect(failure?.kind == .usage)
        options.formatOptions = ["probesize": "1000000"]
        _ = try openSource(clip.path, options: options)
        options.format = "no_such_format"
        #expect(throws: Failure.self) { _ = try openSource(clip.path, options: options) }
    }

    @Test("a picture of a billion pixels is refused without asking for its memory")
    func hugePicture() throws {
        let clip = try Clips.make("base.mkv")
        var options = SourceOptions()
        options.maximumPixels = 1000
        let failure = #expect(throws: Failure.self) { _ = try openSource(clip.path, options: options) }
        #expect(failure?.kind == .data)
    }

    @Test("a local playlist cannot reach the network")
    func playlist() throws {
        let list = Clips.file("list.m3u8")
        try Data("#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nhttp://127.0.0.1:9/x.ts\n#EXT-X-ENDLIST\n".utf8).write(to: list)
        #expect(throws: Failure.self) { _ = try openSource(list.path) }
    }
}
