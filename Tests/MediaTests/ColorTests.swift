import Foundation
import Media
import Testing

@Suite("Colours")
struct ColorTests {
    /// Smooth colours, so that ways to interpolate chroma do not count.
    private static func clip(
        _ name: String, _ format: String, scale: String = "", tags: String = "", size: String = "320x240", codec: String = "ffv1"
    ) throws -> URL {
        let url = Clips.file(name)
        if !FileManager.default.fileExists(atPath: url.path) {
            _ = try Tool.ffmpeg(
                "-f lavfi -i testsrc2=s=\(size):r=25:d=0.04 -vf format=gbrp,boxblur=20,scale=flags=accurate_rnd+full_chroma_int+bilinear"
                    + "\(scale),format=\(format) \(tags) -c:v \(codec)", to: url)
        }
        return url
    }

    /// swscale centres chroma unless told; video has it at the left.
    private static let left = ":in_h_chr_pos=0"

    private static func compare(
        _ url: URL, _ expected: String, _ options: SourceOptions = SourceOptions(), tolerance: Double = 3
    ) throws {
        let truth = try Tool.ffmpeg(
            "-i \(url.path) -frames:v 1 -vf scale=flags=accurate_rnd+full_chroma_int+full_chroma_inp+bilinear\(expected) "
                + "-f rawvideo -pix_fmt rgb24")
        let frame = try #require(try openSource(url.path, options: options).next())
        #expect(truth.count == 3 * frame.width * frame.height)
        var (worst, sum, count) = (0.0, 0.0, 0.0)
        for y in stride(from: 4, to: frame.height - 4, by: 3) {
            for x in stride(from: 4, to: frame.width - 4, by: 3) {
                for (channel, value) in frame.rgb(x, y).enumerated() {
                    let difference = abs(value - Double(truth[3 * (y * frame.width + x) + channel]))
                    worst = max(worst, difference)
                    sum += difference
                    count += 1
                }
            }
        }
        #expect(worst <= tolerance, "largest difference in \(url.lastPathComponent)")
        #expect(sum / count < 0.8, "mean difference in \(url.lastPathComponent)")
    }

    @Test(
        "planes and coefficients give ffmpeg's RGB",
        arguments: [
            "yuv420p", "yuv422p", "yuv444p", "yuv420p10le", "yuv422p10le", "yuv444p10le", "yuv420p12le", "yuv444p12le", "gray", "gray10le",
            "gbrp", "gbrp10le",
        ])
    func formats(format: String) throws {
        let isSubsampled = format.hasPrefix("yuv420") || format.hasPrefix("yuv422")
        try Self.compare(try Self.clip("smooth_\(format).mkv", format), isSubsampled ? Self.left : "")
    }

    @Test(
        "uncompressed packings",
        arguments: ["nv12", "p010le", "yuyv422", "uyvy422", "bgra", "bgr0", "rgba", "rgb24", "bgr24", "rgb48be", "yuv440p", "ya8"])
    func packings(format: String) throws {
        let isSubsampled = ["nv12", "p010le", "yuyv422", "uyvy422"].contains(format)
        try Self.compare(try Self.clip("smooth_\(format).nut", format, codec: "rawvideo"), isSubsampled ? Self.left : "")
    }

    @Test("range and matrix that the file names")
    func named() throws {
        let limited = try Self.clip("c709.mkv", "yuv420p", scale: ":out_color_matrix=bt709", tags: "-colorspace bt709")
        try Self.compare(limited, Self.left + ":in_color_matrix=bt709")
        let full = try Self.clip("c709full.mkv", "yuv420p", scale: ":out_color_matrix=bt709:out_range=full", tags: "-colorspace bt709 -color_range pc")
        try Self.compare(full, Self.left + ":in_color_matrix=bt709:in_range=full")
        let ten = try Self.clip(
            "c2020full.mkv", "yuv444p10le", scale: ":out_color_matrix=bt2020:out_range=full", tags: "-colorspace bt2020nc -color_range pc")
        try Self.compare(ten, Self.left + ":in_color_matrix=bt2020:in_range=full")
    }

    @Test("a matrix that the file does not name is guessed by size, or taken as BT.601 on request")
    func unnamed() throws {
        let large = try Self.clip("large.mkv", "yuv420p", scale: ":out_color_matrix=bt709", size: "1280x720")
        try Self.compare(large, Self.left + ":in_color_matrix=bt709")
        var compatible = SourceOptions()
        compatible.assumesBT601 = true
        try Self.compare(large, Self.left + ":in_color_matrix=bt601", compatible)
    }

    @Test("chroma of Motion JPEG is centred")
    func jpeg() throws {
        let url = Clips.file("smooth.avi")
        _ = try Tool.ffmpeg("-f lavfi -i testsrc2=s=320x240:d=0.04 -vf boxblur=20 -frames:v 1 -c:v mjpeg -q:v 1 -pix_fmt yuvj420p", to: url)
        try Self.compare(url, ":in_v_chr_pos=128:in_h_chr_pos=128")
        let image = try #require(try openSource(url.path).next()).withImage { [$0.chroma_x, $0.chroma_y] }
        #expect(image == [0.5, 0.5])
        let mpeg = try #require(try openSource(try Clips.make("base.mp4").path).next()).withImage { [$0.chroma_x, $0.chroma_y] }
        #expect(mpeg == [0, 0.5])
    }
}
