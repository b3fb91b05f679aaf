import Foundation

/// Small clips that ffmpeg makes when the first test asks for them, in a folder that goes with the process.
enum Clips {
    static let folder: URL = {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("posestream-media-\(getpid())")
        try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        atexit { try? FileManager.default.removeItem(at: Clips.folder) }
        return folder
    }()

    static func file(_ name: String) -> URL { folder.appendingPathComponent(name) }

    private static let lock = NSRecursiveLock()

    /// The clip of that name, made if it is not there yet.
    static func make(_ name: String) throws -> URL {
        try lock.withLock {
            let url = file(name)
            if FileManager.default.fileExists(atPath: url.path) { return url }
            guard let recipe = recipes[name] else { throw Tool.Failed(description: "no recipe for \(name)") }
            do {
                try recipe(url)
            } catch {
                try? FileManager.default.removeItem(at: url)
                throw error
            }
            return url
        }
    }

    /// Clips of which every frame can be decoded.
    static let whole = [
        "base.mp4", "base.mkv", "vfr.mp4", "rot90.mp4", "rot180.mp4", "rot270.mp4", "rot90_odd.mp4", "rot90_ten.mp4", "rot90_422.mp4",
        "ten.mkv", "p422.mkv", "p444.mkv", "odd444.mp4", "odd420.mkv", "full709.mp4", "crop.h264", "sizechange.h264", "av.mp4", "av.ts",
        "inter.ts", "anim.gif", "hevc10.mp4", "vp9.webm", "gbrp.mkv", "gray.mkv", "gray10.mkv", "nv12.nut", "p010.nut", "yuyv.nut",
        "bgra.nut", "gbrp12.mkv", "pal8.nut", "p411.nut", "big_endian.nut", "mpeg4.avi", "bframes.avi", "fragmented.mp4", "faststart.mp4",
        "seq.y4m", "mjpeg.avi",
    ]

    private static let pattern = "-f lavfi -i testsrc2=s=320x240:r=25:d="
    private static let x264 = "-c:v libx264 -preset ultrafast"

    private static func ffmpeg(_ line: String) -> @Sendable (URL) throws -> Void { { url in _ = try Tool.ffmpeg(line, to: url) } }

    /// Moving colours in one pixel format, uncompressed.
    private static func raw(_ format: String) -> @Sendable (URL) throws -> Void {
        ffmpeg("\(pattern)0.4 -c:v rawvideo -pix_fmt \(format)")
    }

    private static func rotated(_ degrees: Int, _ original: String) -> @Sendable (URL) throws -> Void {
        { url in _ = try Tool.ffmpeg("-i \(try make(original).path) -c copy -metadata:s:v:0 rotate=\(degrees)", to: url) }
    }

    private static func cut(_ original: String, percent: Int) -> @Sendable (URL) throws -> Void {
        { url in
            let data = try Data(contentsOf: make(original))
            try data.prefix(data.count * percent / 100).write(to: url)
        }
    }

    private static let recipes: [String: @Sendable (URL) throws -> Void] = [
        "base.mp4": ffmpeg("\(pattern)4 -c:v libx264 -pix_fmt yuv420p"),
        "base.mkv": { url in _ = try Tool.ffmpeg("-i \(try make("base.mp4").path) -c copy", to: url) },
        "faststart.mp4": { url in _ = try Tool.ffmpeg("-i \(try make("base.mp4").path) -c copy -movflags +faststart", to: url) },
        "fragmented.mp4": { url in
            _ = try Tool.ffmpeg("-i \(try make("base.mp4").path) -c copy -movflags frag_keyframe+empty_moov+default_base_moof", to: url)
        },
        "vfr.mp4": ffmpeg(
            "-f lavfi -i testsrc2=s=320x240:r=30:d=4 -vf select='not(eq(mod(n\\,7)\\,3))*not(between(n\\,40\\,60))' -fps_mode vfr "
                + "-c:v libx264 -pix_fmt yuv420p -video_track_timescale 90000"),
        "rot90.mp4": rotated(90, "base.mp4"), "rot180.mp4": rotated(180, "base.mp4"), "rot270.mp4": rotated(270, "base.mp4"),
        "odd444.mp4": ffmpeg("-f lavfi -i testsrc2=s=480x360:r=25:d=0.6,scale=321:241,format=yuv444p \(x264)"),
        "odd420.mkv": ffmpeg("-f lavfi -i testsrc2=s=480x360:r=25:d=0.6,scale=321:241,format=yuv420p -c:v ffv1"),
        "mpeg4_odd.mp4": ffmpeg("-f lavfi -i testsrc2=s=480x360:r=25:d=0.6,scale=321:241,format=yuv420p -c:v mpeg4"),
        "rot90_odd.mp4": rotated(90, "mpeg4_odd.mp4"),
        "ten.mkv": ffmpeg("\(pattern)1 \(x264) -pix_fmt yuv420p10le"),
        "ten.mp4": ffmpeg("\(pattern)1 \(x264) -pix_fmt yuv420p10le"), "rot90_ten.mp4": rotated(270, "ten.mp4"),
        "p422.mkv": ffmpeg("\(pattern)1 \(x264) -pix_fmt yuv422p"),
        "p422.mp4": ffmpeg("\(pattern)1 \(x264) -pix_fmt yuv422p"), "rot90_422.mp4": rotated(90, "p422.mp4"),
        "p444.mkv": ffmpeg("\(pattern)1 \(x264) -pix_fmt yuv444p"),
        "full709.mp4": ffmpeg("\(pattern)1 \(x264) -pix_fmt yuv420p -color_range pc -colorspace bt709"),
        "a.h264": ffmpeg("\(pattern)1 -c:v libx264 -pix_fmt yuv420p"),
        "b.h264": ffmpeg("-f lavfi -i testsrc2=s=192x144:r=25:d=1 -c:v libx264 -pix_fmt yuv420p"),
        "sizechange.h264": { url in
            let (a, b) = (try Data(contentsOf: make("a.h264")), try Data(contentsOf: make("b.h264")))
            try (a + b + a).write(to: url)
        },
        "crop.h264": ffmpeg(
            "-f lavfi -i testsrc2=s=322x242:r=25:d=1 -c:v libx264 -pix_fmt yuv420p -bsf:v h264_metadata=crop_left=16:crop_right=34"),
        "av.mp4": ffmpeg("\(pattern)2 -f lavfi -i sine=d=2 \(x264) -pix_fmt yuv420p -c:a aac"),
        "av.ts": ffmpeg("\(pattern)2 -f lavfi -i sine=d=2 \(x264) -pix_fmt yuv420p -c:a aac"),
        "stream.ts": ffmpeg("\(pattern)10 \(x264) -tune zerolatency -g 12 -b:v 300k -maxrate 300k -bufsize 100k -pix_fmt yuv420p -muxdelay 0"),
        "one.jpg": ffmpeg("\(pattern)1 -frames:v 1 -pix_fmt yuvj420p"),
        "audio.m4a": ffmpeg("-f lavfi -i sine=d=1"),
        "inter.ts": ffmpeg("\(pattern)1 -vf interlace -flags +ilme+ildct -c:v mpeg2video"),
        "anim.gif": ffmpeg("\(pattern)0.4"),
        "hevc10.mp4": ffmpeg("\(pattern)0.6 -c:v libx265 -preset ultrafast -x265-params log-level=error -pix_fmt yuv420p10le"),
        "vp9.webm": ffmpeg("\(pattern)0.6 -c:v libvpx-vp9 -deadline realtime -cpu-used 8 -pix_fmt yuv420p"),
        "mpeg4.avi": ffmpeg("\(pattern)1 -c:v mpeg4"),
        "bframes.avi": ffmpeg("\(pattern)1 -c:v libx264 -bf 2 -pix_fmt yuv420p"),
        "mjpeg.avi": ffmpeg("\(pattern)0.6 -c:v mjpeg -pix_fmt yuvj422p"),
        "seq.y4m": ffmpeg("\(pattern)0.4 -pix_fmt yuv420p"),
        "gbrp.mkv": ffmpeg("\(pattern)0.4 -c:v ffv1 -pix_fmt gbrp"), "gray.mkv": ffmpeg("\(pattern)0.4 -c:v ffv1 -pix_fmt gray"),
        "gray10.mkv": ffmpeg("\(pattern)0.4 -c:v ffv1 -pix_fmt gray10le"),
        "gbrp12.mkv": ffmpeg("\(pattern)0.4 -c:v ffv1 -pix_fmt gbrp12le"),
        "nv12.nut": raw("nv12"), "p010.nut": raw("p010le"), "yuyv.nut": raw("yuyv422"), "bgra.nut": raw("bgra"), "pal8.nut": raw("pal8"),
        "p411.nut": raw("yuv411p"), "big_endian.nut": raw("yuv422p10be"),
        "trunc.mkv": cut("base.mkv", percent: 60), "trunc.mp4": cut("base.mp4", percent: 60),
        "trunc_faststart.mp4": cut("faststart.mp4", percent: 60),
        "trunc.avi": cut("mpeg4.avi", percent: 60),
        "noise.mkv": { url in _ = try Tool.ffmpeg("-i \(try make("base.mkv").path) -c copy -bsf:v noise=amount=200", to: url) },
        "flipped.mkv": { url in
            var data = try Data(contentsOf: make("base.mkv"))
            var state: UInt64 = 42  // the same damage each time
            for _ in 0..<60 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                data[3000 + Int(state >> 33) % (data.count - 3000)] ^= UInt8(truncatingIfNeeded: state >> 25) | 1
            }
            try data.write(to: url)
        },
        "zero.mp4": ffmpeg("-f lavfi -i testsrc2 -frames:v 0 -c:v libx264"),
        "zero.mkv": ffmpeg("-f lavfi -i testsrc2 -frames:v 0 -c:v libx264"),
        "empty.mp4": { url in try Data().write(to: url) },
        "text.mp4": { url in try Data(String(repeating: "this is no video\n", count: 100).utf8).write(to: url) },
        "notes.txt": { url in try Data(String(repeating: "this is no video\n", count: 100).utf8).write(to: url) },
        "random.mp4": { url in
            var state: UInt64 = 7
            try Data((0..<5000).map { _ in
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return UInt8(truncatingIfNeeded: state >> 40)
            }).write(to: url)
        },
        "a:b %03d.mkv": { url in try FileManager.default.copyItem(at: make("base.mkv"), to: url) },
        "long_gop.ts": ffmpeg("\(pattern)3 -c:v libx264 -pix_fmt yuv420p -f mpegts"),
        "open_gop.mkv": ffmpeg("\(pattern)2 -c:v libx264 -pix_fmt yuv420p -x264-params open-gop=1:bframes=3:keyint=12:scenecut=0"),
        "open_gop.ts": { url in _ = try Tool.ffmpeg("-i \(try make("open_gop.mkv").path) -c copy", to: url) },
        "refresh.mp4": ffmpeg("\(pattern)2 -c:v libx264 -pix_fmt yuv420p -x264-params intra-refresh=1:keyint=10:bframes=2"),
        "mpeg2.ts": ffmpeg("\(pattern)2 -c:v mpeg2video -bf 2 -g 12 -q:v 4"),
        "trimmed.mp4": { url in _ = try Tool.ffmpeg("-ss 0.7 -i \(try make("base.mp4").path) -c copy", to: url) },
        "vp8.webm": ffmpeg("\(pattern)1 -c:v libvpx -auto-alt-ref 1 -lag-in-frames 8 -deadline realtime -cpu-used 8"),
        "ntsc.mp4": ffmpeg("-f lavfi -i testsrc2=s=160x120:r=30000/1001:d=1 -c:v libx264 -pix_fmt yuv420p"),
        "keyed.mkv": ffmpeg("-f lavfi -i testsrc2=s=160x120:r=25:d=60 \(x264) -g 50 -pix_fmt yuv420p"),
        "long.mkv": ffmpeg("-f lavfi -i testsrc2=s=160x120:r=25:d=120 -c:v mpeg4 -q:v 10"),
    ]
}
