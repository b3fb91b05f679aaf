import Foundation
import Media
import Testing

@Suite("Written videos read back by ffprobe", .enabled(if: Bench.isPresent, Comment(rawValue: Bench.absent)))
struct VideoWriterRoundTripTests {
    private let folder: Folder

    init() throws { folder = try Folder() }

    private func soundClip(_ name: String = "av.mp4") -> String {
        Bench.clip(
            name, in: folder,
            [
                "-f", "lavfi", "-i", "testsrc2=s=320x240:r=25:d=3", "-f", "lavfi", "-i", "sine=d=3", "-c:v", "libx264", "-bf", "2",
                "-pix_fmt", "yuv420p", "-c:a", "aac",
            ])
    }

    /// Times relative to the film's start must agree within `slack` seconds, the sound byte for byte.
    private func expectSame(_ input: String, _ output: String, slack: Double, soundSlack: Double = 1e-4, sameSound: Bool = true) throws {
        let (before, after) = try (Bench.probe(input), Bench.probe(output))
        let (old, new) = (before.times("video"), after.times("video"))
        #expect(!old.isEmpty && old.count == new.count)
        for (a, b) in zip(old, new) { #expect(abs((a - before.start) - (b - after.start)) <= slack) }
        let (oldSound, newSound) = (before.times("audio"), after.times("audio"))
        #expect(oldSound.count == newSound.count)
        for (a, b) in zip(oldSound, newSound) { #expect(abs((a - before.start) - (b - after.start)) <= soundSlack) }
        if sameSound { #expect(before.hashes("audio") == after.hashes("audio")) }
    }

    @Test("times and sound are those of the source", arguments: ["mp4", "mov", "mkv"])
    func sound(ending: String) throws {
        let clip = soundClip()
        let output = folder.path("out.\(ending)")
        let summary = try rewrite(clip, to: output)
        // Matroska counts in milliseconds; the sound's start lies 23 ms before the picture's.
        try expectSame(clip, output, slack: ending == "mkv" ? 0.0241 : 1e-6, soundSlack: ending == "mkv" ? 0.0241 : 1e-4)
        #expect(summary.frames == 75 && summary.notes.isEmpty && summary.encoder == "libx264")
        #expect(summary.bytes == Int64((try Data(contentsOf: URL(fileURLWithPath: output))).count))
    }

    @Test("a variable frame rate with holes stays exactly as it is")
    func variableFrameRate() throws {
        let clip = Bench.clip(
            "vfr.mp4", in: folder,
            [
                "-f", "lavfi", "-i", "testsrc2=s=320x240:r=30:d=4", "-vf",
                "select='not(eq(mod(n\\,7)\\,3))*not(between(n\\,40\\,60))'", "-fps_mode", "vfr", "-c:v", "libx264",
                "-pix_fmt", "yuv420p", "-video_track_timescale", "90000",
            ])
        // B pictures, so that times of decoding and of showing differ.
        var options = VideoWriterOptions()
        options.preset = "veryfast"
        for name in ["vfr-out.mp4", "vfr-out.mov"] {
            try rewrite(clip, to: folder.path(name), options: options)
            try expectSame(clip, folder.path(name), slack: 1e-6)
        }
        options.plainWhenFinished = false
        try rewrite(clip, to: folder.path("fragments.mp4"), options: options)
        try expectSame(clip, folder.path("fragments.mp4"), slack: 1e-6)
        try rewrite(clip, to: folder.path("vfr-out.mkv"), options: options)
        try expectSame(clip, folder.path("vfr-out.mkv"), slack: 0.00051)
    }

    @Test("a transport stream that starts at 1.4 s begins at zero, sound and picture still together")
    func transportStream() throws {
        let clip = Bench.clip("av.ts", in: folder, ["-i", soundClip(), "-c", "copy"])
        try rewrite(clip, to: folder.path("out.mp4"))
        // AAC loses its ADTS header in MP4, so only the times are compared.
        try expectSame(clip, folder.path("out.mp4"), slack: 1e-4, sameSound: false)
        #expect(try Bench.probe(folder.path("out.mp4")).start < 0.1)
        try rewrite(clip, to: folder.path("out.ts"))
        try expectSame(clip, folder.path("out.ts"), slack: 1e-4)
    }

    @Test("sound that begins long after the picture stays where it was")
    func lateSound() throws {
        let clip = Bench.clip(
            "late.mkv", in: folder,
            [
                "-f", "lavfi", "-i", "testsrc2=s=160x120:r=25:d=15", "-itsoffset", "12", "-f", "lavfi", "-i", "sine=d=3", "-c:v", "libx264",
                "-preset", "ultrafast", "-c:a", "aac",
            ])
        try rewrite(clip, to: folder.path("out.mp4"))
        try expectSame(clip, folder.path("out.mp4"), slack: 1e-3, soundSlack: 1e-3)
    }

    @Test("browsers' H.264: High or lower profile, 8-bit 4:2:0, avc1, the index first, nothing left beside the file")
    func browser() throws {
        let clip = Bench.clip(
            "ten.mkv", in: folder,
            ["-f", "lavfi", "-i", "testsrc2=s=320x240:r=25:d=1", "-c:v", "libx264", "-pix_fmt", "yuv420p10le"])
        try rewrite(clip, to: folder.path("out.mp4"))
        let video = try #require(try Bench.probe(folder.path("out.mp4")).video)
        #expect(video.codec_name == "h264" && video.pix_fmt == "yuv420p" && video.codec_tag_string == "avc1")
        let bytes = try Data(contentsOf: URL(fileURLWithPath: folder.path("out.mp4")))
        let (index, samples) = (bytes.range(of: Data("moov".utf8)), bytes.range(of: Data("mdat".utf8)))
        #expect(try #require(index).lowerBound < #require(samples).lowerBound)
        #expect(bytes.range(of: Data("moof".utf8)) == nil, "the finished file is plain")
        #expect(folder.names == ["out.mp4", "ten.mkv"])
    }

    @Test("odd sizes lose their last column and row, nothing is resampled; the pixel shape is kept")
    func oddSize() throws {
        let clip = Bench.clip(
            "odd.mkv", in: folder,
            ["-f", "lavfi", "-i", "testsrc2=s=480x360:r=25:d=0.2", "-vf", "scale=321:241,setsar=4/3,format=yuv444p", "-c:v", "ffv1"])
        var options = Made.options
        options.quality = 4
        try rewrite(clip, to: folder.path("odd-out.mp4"), options: options)
        let video = try #require(try Bench.probe(folder.path("odd-out.mp4")).video)
        #expect(video.width == 320 && video.height == 240 && video.sample_aspect_ratio == "4:3")
        let old = Bench.samples(clip, frame: 2, format: "gray")
        let new = Bench.samples(folder.path("odd-out.mp4"), frame: 2, format: "gray")
        try #require(old.count == 321 * 241 && new.count == 320 * 240)
        var sum = 0
        for y in 0..<240 { for x in 0..<320 { sum += abs(Int(old[y * 321 + x]) - Int(new[y * 320 + x])) } }
        #expect(Double(sum) / Double(320 * 240) < 2)
    }

    @Test("full-range samples become limited ones by the standard's formula, and are not called full")
    func fullRange() throws {
        let clip = Bench.clip(
            "full.mp4", in: folder,
            [
                "-f", "lavfi", "-i", "testsrc2=s=320x240:r=25:d=0.2", "-c:v", "libx264", "-qp", "0", "-pix_fmt", "yuvj420p", "-colorspace",
                "bt709",
            ])
        var options = Made.options
        options.quality = 1
        try rewrite(clip, to: folder.path("limited.mp4"), options: options)
        let video = try #require(try Bench.probe(folder.path("limited.mp4")).video)
        #expect(video.color_space == "bt709" && video.color_range != "pc" && video.pix_fmt == "yuv420p")
        let old = Bench.samples(clip, frame: 1, format: "yuvj420p")
        let new = Bench.samples(folder.path("limited.mp4"), frame: 1, format: "yuv420p")
        try #require(old.count == new.count && old.count == 320 * 240 * 3 / 2)
        var (luma, chroma) = (0.0, 0.0)
        for place in old.indices {
            if place < 320 * 240 {
                luma += abs(16 + Double(old[place]) * 219 / 255 - Double(new[place]))
            } else {
                chroma += abs(128 + (Double(old[place]) - 128) * 224 / 255 - Double(new[place]))
            }
        }
        #expect(luma / (320 * 240) < 1 && chroma / (160 * 120 * 2) < 1)
    }

    @Test("other containers and encoders: AVI, WebM, Motion JPEG, MPEG-4 with its 16-bit clock")
    func otherEncoders() throws {
        let clip = soundClip()
        let summary = try rewrite(clip, to: folder.path("out.webm"), options: VideoWriterOptions())
        #expect(summary.encoder == "libvpx-vp9")
        #expect(summary.notes.contains { $0.contains("aac") }, "WebM holds no AAC, and says so")
        try rewrite(clip, to: folder.path("out.avi"))
        for (encoder, name) in [("mpeg4", "m.mp4"), ("mjpeg", "j.mkv"), ("mpeg4", "m.ts")] {
            var options = VideoWriterOptions()
            options.encoder = encoder
            #expect(try rewrite(clip, to: folder.path(name), options: options).encoder == encoder)
        }
        for name in ["out.webm", "out.avi", "m.mp4", "j.mkv", "m.ts"] { #expect(Bench.decodableFrames(folder.path(name)) == 75, "\(name)") }
        let (old, new) = try (Bench.probe(clip).times("video"), Bench.probe(folder.path("m.mp4")).times("video"))
        for (a, b) in zip(old, new) { #expect(abs(a - b) < 1e-4) }
    }
}
