import Foundation
import Media

/// What the tests of the writer use to make clips and to read results back: the `ffmpeg` and `ffprobe` programs, never our own reader.
enum Bench {
    static let isPresent = run("ffmpeg", ["-version"]).status == 0 && run("ffprobe", ["-version"]).status == 0
    static let absent = "needs the programs ffmpeg and ffprobe"

    /// Runs a program for at most a minute.
    @discardableResult
    static func run(_ program: String, _ arguments: [String]) -> (status: Int32, output: Data) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["timeout", "60", program] + arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        do { try process.run() } catch { return (-1, Data()) }
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, output)
    }

    /// Makes a clip with ffmpeg, in `folder`.
    static func clip(_ name: String, in folder: Folder, _ arguments: [String]) -> String {
        let path = folder.path(name)
        run("ffmpeg", ["-nostdin", "-loglevel", "error", "-y"] + arguments + [path])
        return path
    }

    struct Probe: Decodable {
        struct Stream: Decodable {
            var codec_type: String
            var codec_name: String?
            var codec_tag_string: String?
            var pix_fmt: String?
            var width: Int?
            var height: Int?
            var sample_aspect_ratio: String?
            var color_space: String?
            var color_range: String?
        }
        struct Packet: Decodable {
            var codec_type: String
            var pts_time: String?
            var data_hash: String?
        }
        struct Format: Decodable {
            var start_time: String?
        }
        var streams: [Stream]
        var packets: [Packet]
        var format: Format

        var video: Stream? { streams.first { $0.codec_type == "video" } }

        /// Presentation times in seconds, in order.
        func times(_ kind: String) -> [Double] {
            packets.filter { $0.codec_type == kind }.compactMap { $0.pts_time.flatMap(Double.init) }.sorted()
        }
        /// What is inside the packets, in file order.
        func hashes(_ kind: String) -> [String] { packets.filter { $0.codec_type == kind }.compactMap(\.data_hash) }
        var start: Double { format.start_time.flatMap(Double.init) ?? 0 }
    }

    static func probe(_ path: String) throws -> Probe {
        let answer = run(
            "ffprobe", ["-v", "error", "-show_data_hash", "md5", "-show_packets", "-show_streams", "-show_format", "-of", "json", path])
        return try JSONDecoder().decode(Probe.self, from: answer.output)
    }

    /// Pictures that ffmpeg can decode from the file.
    static func decodableFrames(_ path: String) -> Int {
        let answer = run(
            "ffprobe",
            ["-v", "quiet", "-count_frames", "-select_streams", "v:0", "-show_entries", "stream=nb_read_frames", "-of", "csv=p=0", path])
        let words = String(decoding: answer.output, as: UTF8.self).split { !$0.isNumber }
        return words.first.flatMap { Int($0) } ?? 0
    }

    /// One decoded picture as raw samples.
    static func samples(_ path: String, frame: Int, format: String) -> [UInt8] {
        let answer = run(
            "ffmpeg",
            [
                "-nostdin", "-v", "error", "-i", path, "-vf", "select=eq(n\\,\(frame))", "-frames:v", "1", "-f", "rawvideo",
                "-pix_fmt", format, "-",
            ])
        return [UInt8](answer.output)
    }
}

/// A folder that goes away with the test.
final class Folder {
    private let url = FileManager.default.temporaryDirectory.appendingPathComponent("posestream-writer-\(UUID().uuidString)")

    init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(at: url) }

    func path(_ name: String) -> String { url.appendingPathComponent(name).path }
    var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []).sorted() }
}

/// Pictures that we make: 40 ms each, a grey that grows, with noise so that they take room.
enum Made {
    static func source(width: Int = 160, height: Int = 120) -> SourceDescription {
        SourceDescription(
            name: "made", uri: "made", width: width, height: height, rotation: 0, timeBase: Rational(1, 12800), frameRate: 25, frames: nil,
            startTime: 0, isLive: false)
    }

    static func frame(
        _ index: Int, width: Int = 160, height: Int = 120, pts: Int64?, color: (UInt8, UInt8, UInt8)? = nil
    ) throws -> VideoFrame {
        var rgb = [UInt8](repeating: 0, count: 3 * width * height)
        var state = UInt32(truncatingIfNeeded: index &+ 1) &* 2_654_435_769
        for place in rgb.indices {
            if let color {
                rgb[place] = place % 3 == 0 ? color.0 : place % 3 == 1 ? color.1 : color.2
            } else {
                state = state &* 1_664_525 &+ 1_013_904_223
                rgb[place] = UInt8(truncatingIfNeeded: state >> 25) &+ UInt8(truncatingIfNeeded: index)
            }
        }
        return try VideoFrame(rgb: rgb, width: width, height: height, index: index, pts: pts, time: Double(index) / 25)
    }

    /// Fast options for tests.
    static var options: VideoWriterOptions {
        var options = VideoWriterOptions()
        options.preset = "ultrafast"
        return options
    }
}

/// Sends a clip through reader and writer.
@discardableResult
func rewrite(_ input: String, to output: String, options: VideoWriterOptions = Made.options) throws -> VideoWriterSummary {
    var reading = SourceOptions()
    reading.keepsOtherStreams = true
    let source = try openSource(input, options: reading)
    let writer = try VideoWriter(output, options: options, source: source.description, passthrough: source.passthroughStreams)
    while let frame = try source.next() { try writer.write(frame) }
    return try writer.finish(trailing: source.trailingPackets)
}
