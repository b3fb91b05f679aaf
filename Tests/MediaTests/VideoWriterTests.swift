import Diagnostics
import Drawing
import Foundation
import Geometry
import Media
import TestSupport
import Testing

@Suite("Writing videos", .enabled(if: Bench.isPresent, Comment(rawValue: Bench.absent)))
struct VideoWriterTests {
    private let folder: Folder

    init() throws { folder = try Folder() }

    @Test("what is drawn is seen, in its colour", arguments: [(160, 120), (1280, 720)])
    func drawing(width: Int, height: Int) throws {
        var options = Made.options
        options.quality = 4
        let path = folder.path("drawn.mp4")
        let writer = try VideoWriter(path, options: options, source: Made.source(width: width, height: height))
        let frame = try Made.frame(0, width: width, height: height, pts: 0, color: (100, 100, 100))
        try writer.write(frame) { canvas in
            #expect(canvas.width == width && canvas.height == height)
            canvas.fill(Box(x: 20, y: 20, width: 60, height: 40), ink: Ink(Color(red: 0.8, green: 0.2, blue: 0.1), on: canvas.encoding))
        }
        _ = try writer.finish()
        // The reader is told the matrix that players guess from the size.
        let matrix = height >= 720 ? "bt709" : "bt601"
        let rgb = [UInt8](Bench.run(
            "ffmpeg",
            ["-nostdin", "-v", "error", "-i", path, "-vf", "scale=in_color_matrix=\(matrix)", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
        ).output)
        try #require(rgb.count == 3 * width * height)
        func pixel(_ x: Int, _ y: Int) -> [Int] { (0..<3).map { Int(rgb[3 * (y * width + x) + $0]) } }
        for (got, wanted) in zip(pixel(50, 40), [204, 51, 26]) { #expect(abs(got - wanted) <= 6) }
        for (got, wanted) in zip(pixel(110, 90), [100, 100, 100]) { #expect(abs(got - wanted) <= 4) }
    }

    @Test("a picture of another size is drawn on in its own pixels and fitted in with black bars")
    func sizeChange() throws {
        var options = Made.options
        options.quality = 4
        let path = folder.path("sizes.mp4")
        let writer = try VideoWriter(path, options: options, source: Made.source())
        var sizes: [[Int]] = []
        for (index, size) in [(160, 120), (120, 120), (1, 1), (640, 240), (160, 120)].enumerated() {
            let frame = try Made.frame(index, width: size.0, height: size.1, pts: Int64(index) * 512, color: (200, 200, 200))
            try writer.write(frame) { sizes.append([$0.width, $0.height]) }
        }
        _ = try writer.finish()
        #expect(sizes == [[160, 120], [120, 120], [2, 2], [640, 240], [160, 120]])
        #expect(Bench.decodableFrames(path) == 5)
        func luma(_ frame: Int) -> [UInt8] { Bench.samples(path, frame: frame, format: "gray") }
        let square = luma(1)
        try #require(square.count == 160 * 120)
        #expect(square[60 * 160 + 5] < 40 && square[60 * 160 + 155] < 40 && square[60 * 160 + 80] > 150, "bars left and right")
        let wide = luma(3)
        #expect(wide[5 * 160 + 80] < 40 && wide[115 * 160 + 80] < 40 && wide[60 * 160 + 80] > 150, "bars above and below")
        #expect(luma(4)[60 * 160 + 5] > 150, "and none afterwards")
    }

    @Test("a file that is still being written plays: what kill -9 leaves", arguments: ["mp4", "mov", "mkv", "ts"])
    func killed(ending: String) throws {
        let (path, copy) = (folder.path("growing.\(ending)"), folder.path("copy.\(ending)"))
        let writer = try VideoWriter(path, options: Made.options, source: Made.source())
        for index in 0..<150 { try writer.write(Made.frame(index, pts: Int64(index) * 512)) }
        // What the system holds now is what it holds after a kill.
        try FileManager.default.copyItem(atPath: path, toPath: copy)
        #expect(Bench.decodableFrames(copy) >= 100)
        #expect(try writer.finish().frames == 150)
        #expect(Bench.decodableFrames(path) == 150)
    }

    @Test("an abandoned writer leaves a file that plays")
    func abandoned() throws {
        let path = folder.path("left.mp4")
        do {
            let writer = try VideoWriter(path, options: Made.options, source: Made.source())
            for index in 0..<100 { try writer.write(Made.frame(index, pts: Int64(index) * 512)) }
        }
        #expect(Bench.decodableFrames(path) >= 50)
    }

    @Test("times that are missing, repeated or go back become strictly growing ones")
    func repairedTimes() throws {
        let path = folder.path("times.mp4")
        let writer = try VideoWriter(path, options: Made.options, source: Made.source())
        for (index, pts) in ([0, nil, nil, 1536, 1536, 1000, 5120, .max, .min, nil] as [Int64?]).enumerated() {
            try writer.write(Made.frame(index, pts: pts))
        }
        _ = try writer.finish()
        let times = try Bench.probe(path).times("video")
        #expect(times.count == 10)
        #expect(zip(times, times.dropFirst()).allSatisfy { $0 < $1 })
        #expect(abs(times[1] - 0.04) < 1e-6 && abs(times[2] - 0.08) < 1e-6 && abs(times[3] - 0.12) < 1e-6 && abs(times[6] - 0.4) < 1e-6)
    }

    @Test("a film without a picture is still a file, and a second finish says the same")
    func empty() throws {
        let path = folder.path("empty.mkv")
        let writer = try VideoWriter(path, options: Made.options, source: Made.source())
        let summary = try writer.finish()
        #expect(summary.frames == 0 && FileManager.default.fileExists(atPath: path))
        #expect(try writer.finish() == summary)
        #expect(throws: Failure.self) { try writer.write(Made.frame(0, pts: 0)) }
    }

    @Test("a failed drawing costs its own picture only")
    func failedDrawing() throws {
        let path = folder.path("drawings.mp4")
        let writer = try VideoWriter(path, options: Made.options, source: Made.source())
        try writer.write(Made.frame(0, pts: 0))
        #expect(throws: CancellationError.self) { try writer.write(Made.frame(1, pts: 512)) { _ in throw CancellationError() } }
        try writer.write(Made.frame(2, pts: 1024))
        #expect(try writer.finish().frames == 2)
        #expect(Bench.decodableFrames(path) == 2)
    }

    // MARK: Outputs that cannot be

    private func failure(
        _ path: String, _ options: VideoWriterOptions = VideoWriterOptions(), source: SourceDescription = Made.source()
    ) -> Failure? {
        do {
            _ = try VideoWriter(path, options: options, source: source)
            return nil
        } catch { return error as? Failure }
    }

    @Test("an existing file is refused and stays as it is; overwrite replaces it, through a link too")
    func existing() throws {
        let path = folder.path("there.mp4")
        try Data("precious".utf8).write(to: URL(fileURLWithPath: path))
        let refusal = try #require(failure(path))
        #expect(refusal.kind == .cannotCreate && refusal.description.contains("there.mp4") && refusal.remedy != nil)
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data("precious".utf8))

        var options = Made.options
        options.overwrite = true
        let link = folder.path("link.mp4")
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: path)
        let writer = try VideoWriter(link, options: options, source: Made.source())
        try writer.write(Made.frame(0, pts: 0))
        _ = try writer.finish()
        #expect(Bench.decodableFrames(path) == 1)
        #expect((try? FileManager.default.destinationOfSymbolicLink(atPath: link)) != nil)
    }

    @Test("the input itself is never overwritten")
    func inputItself() throws {
        let path = folder.path("film.mp4")
        try Data("film".utf8).write(to: URL(fileURLWithPath: path))
        var source = Made.source()
        source.uri = path
        var options = Made.options
        options.overwrite = true
        #expect(failure(path, options, source: source)?.kind == .cannotCreate)
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data("film".utf8))
    }

    @Test("missing folders, folders, unknown endings and formats are told apart")
    func impossible() {
        #expect(failure(folder.path("none/out.mp4"))?.kind == .cannotCreate)
        #expect(failure(folder.path("none/out.mp4"))?.why.contains("none") == true)
        var named = VideoWriterOptions()
        named.format = "mp4"
        #expect(failure(folder.path(""), named)?.kind == .cannotCreate)
        #expect(failure(folder.path("out.xyz"))?.kind == .usage)
        #expect(failure(folder.path("out"))?.kind == .usage)
        named.format = "vhs"
        #expect(failure(folder.path("out.mp4"), named)?.kind == .usage)
        named.format = "avi"
        #expect(failure("-", named)?.kind == .usage, "AVI needs a file")
        #expect(failure(folder.path("out.mp4"), source: Made.source(width: 0, height: 5))?.kind == .data)
        #expect(folder.names.isEmpty, "nothing is left behind")
    }

    @Test("an encoder that is missing, fails or does not fit is named; presets and qualities are checked")
    func encoders() throws {
        var options = VideoWriterOptions()
        options.encoder = "libdreamcodec"
        let missing = try #require(failure(folder.path("out.mp4"), options))
        #expect(missing.kind == .unavailable && missing.description.contains("libdreamcodec"))
        #expect(missing.remedy?.contains("libx264") == true)
        options.encoder = "libx264"
        #expect(failure(folder.path("out.webm"), options)?.kind == .usage)
        options.preset = "warp"
        #expect(failure(folder.path("out.mp4"), options)?.description.contains("warp") == true)
        options.preset = nil
        options.quality = .nan
        #expect(failure(folder.path("out.mp4"), options)?.kind == .usage)
        #expect(folder.names.isEmpty)
    }

    // MARK: Outputs that fail on the way

    @Test("a device that takes nothing is a failure of writing", arguments: ["matroska", "mp4", "mpegts"])
    func fullDevice(format: String) throws {
        var options = Made.options
        options.format = format
        let failed = #expect(throws: Failure.self) {
            let writer = try VideoWriter("/dev/full", options: options, source: Made.source())
            for index in 0..<100 { try writer.write(Made.frame(index, pts: Int64(index) * 512)) }
            _ = try writer.finish()
        }
        #expect(failed?.kind == .inputOutput && failed?.description.contains("/dev/full") == true)
    }

    @Test(
        "a full disk: a failure of writing, and what was written plays",
        .enabled(if: SmallDisk.isPossible, "needs the right to mount a small disk"), arguments: ["mp4", "mkv"])
    func fullDisk(ending: String) throws {
        let disk = try #require(SmallDisk(kilobytes: 1500))
        let path = disk.path + "/film.\(ending)"
        let writer = try VideoWriter(path, options: Made.options, source: Made.source())
        var written = 0
        let failed = #expect(throws: Failure.self) {
            for index in 0..<500 {
                try writer.write(Made.frame(index, pts: Int64(index) * 512))
                written += 1
            }
        }
        #expect(failed?.kind == .inputOutput && failed?.remedy != nil)
        #expect(throws: Failure.self) { try writer.finish() }
        #expect(Bench.decodableFrames(path) >= max(20, written / 3))
    }

    @Test("a reader that goes away is told apart from other failures")
    func closedPipe() throws {
        signal(SIGPIPE, SIG_IGN)
        let pipe = folder.path("pipe.mkv")
        try #require(mkfifo(pipe, 0o600) == 0)
        let reader = Process()
        reader.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        reader.arguments = ["timeout", "30", "head", "-c", "20000", pipe]
        reader.standardOutput = FileHandle.nullDevice
        try reader.run()
        let writer = try VideoWriter(pipe, options: Made.options, source: Made.source())
        let failed = #expect(throws: Failure.self) {
            for index in 0..<500 { try writer.write(Made.frame(index, pts: Int64(index) * 512)) }
        }
        #expect(failed?.kind == .inputOutput && writer.isReaderGone)
        reader.waitUntilExit()
    }
}
