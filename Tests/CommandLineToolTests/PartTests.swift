import Foundation
import TestSupport
import Testing

@Suite("Parts of a film and of its picture")
struct PartTests {
    private let scratch: Scratch
    private let clip = Shared.file("assets/video/tud_campus.mp4").path

    init() throws {
        scratch = try Scratch()
    }

    private func frames(_ result: Program.Result) -> [Substring] { result.lines.filter { $0.hasPrefix("{\"type\":\"frame\"") } }

    private func json(_ line: some StringProtocol) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    }

    private func boxes(_ result: Program.Result) throws -> [[Double]] {
        try frames(result).flatMap { line in
            (try json(line)["people"] as? [[String: Any]] ?? []).compactMap { $0["box"] as? [Double] }
        }
    }

    @Test("A time that is none, a part that ends before it begins, a step of 0 and a region that is none are 64")
    func usage() throws {
        for arguments in [
            ["--from", "a minute"], ["--from", "1:2:3:4"], ["--to", "1:75"], ["--from", "-3"], ["--from", "10", "--to", "0:10"],
            ["--every", "0"], ["--max-fps", "0"], ["--roi", "1,2,3"], ["--roi", "0,0,0,9"], ["--from", "1e5"],
        ] {
            let result = try Program.posestream.run([clip] + arguments)
            #expect(result.status == 64, "\(arguments): \(result.errors)")
        }
        #expect(try Program.posestream.run([clip, "--mask", scratch.path("none.png")]).status == 66)
    }

    @Test("A part has the numbers, stamps and times of the whole, and says what it is", .enabled(if: Shared.isPresent, Comment(rawValue: Shared.absent)))
    func part() throws {
        let whole = try Program.posestream.run([clip], environment: weights)
        let part = try Program.posestream.run([clip, "--from", "0:01", "--to", "1.6", "--every", "2"], environment: weights)
        #expect(part.status == 0, "\(part.errors)")
        func places(_ result: Program.Result) throws -> [String] {
            try frames(result).map { let line = try json($0); return "\(line["frame"] ?? "") \(line["pts"] ?? "") \(line["time"] ?? "")" }
        }
        let expected = try frames(whole).filter {
            let line = try json($0)
            let time = try #require(line["time"] as? Double)
            return time >= 1 && time < 1.6 && (line["frame"] as? Int ?? 1) % 2 == 0
        }
        let expectedFrames = try expected.map { try #require(try json($0)["frame"] as? Int) }
        #expect(try frames(part).map { try json($0)["frame"] as? Int } == expectedFrames && !expected.isEmpty)
        #expect(Set(try places(part)).isSubset(of: Set(try places(whole))))
        let options = try json(part.lines[0])["options"] as? [String: Any]
        #expect(options?["from"] as? Double == 1 && options?["to"] as? Double == 1.6 && options?["every"] as? Int == 2)
        #expect(try json(try #require(part.lines.last))["reason"] as? String == "limit")
        #expect(try json(whole.lines[0])["options"] == nil)
    }

    @Test("A part behind the end has no frames, warns, and is no failure", .enabled(if: Shared.isPresent, Comment(rawValue: Shared.absent)))
    func behindTheEnd() throws {
        let result = try Program.posestream.run([clip, "--from", "1:00:00"], environment: weights)
        #expect(result.status == 0 && frames(result).isEmpty)
        #expect(result.errors.contains("warning") && result.lines.last?.contains("\"reason\":\"eof\"") == true)
    }

    @Test("A region gives people of the region in the coordinates of the whole picture", .enabled(if: Shared.isPresent, Comment(rawValue: Shared.absent)))
    func region() throws {
        let whole = try boxes(try Program.posestream.run([clip, "--every", "10"], environment: weights))
        let part = try boxes(try Program.posestream.run([clip, "--every", "10", "--roi", "301,101,339,379"], environment: weights))
        #expect(!part.isEmpty)
        for box in part { #expect(box[0] + box[2] / 2 >= 300.5 && box[1] + box[3] / 2 >= 100.5) }
        func overlap(_ a: [Double], _ b: [Double]) -> Double {
            let width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
            let height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
            guard width > 0, height > 0 else { return 0 }
            return width * height / (a[2] * a[3] + b[2] * b[3] - width * height)
        }
        // Who stands wholly in the region is found in the same place with and without it.
        let inside = whole.filter { $0[0] > 320 && $0[1] > 120 && $0[0] + $0[2] < 620 && $0[1] + $0[3] < 460 }
        let again = inside.filter { box in part.contains { overlap($0, box) > 0.6 } }
        #expect(inside.count >= 5 && Double(again.count) >= 0.8 * Double(inside.count), "\(again.count) of \(inside.count)")
        let outside = try Program.posestream.run([clip, "--roi", "5000,0,10,10"], environment: weights)
        #expect(outside.status == 64 && outside.errors.contains("640x480"))
    }

    @Test("A mask leaves out who stands in its dark part", .enabled(if: Shared.isPresent, Comment(rawValue: Shared.absent)))
    func mask() throws {
        let ffmpeg = try #require(Program(named: "ffmpeg"))
        // Dark on the left half; a quarter of the frame's size.
        let made = try ffmpeg.run([
            "-v", "error", "-f", "lavfi", "-i", "color=black:s=160x120,drawbox=x=80:y=0:w=80:h=120:color=white:t=fill", "-frames:v", "1",
            scratch.path("mask.png"),
        ])
        #expect(made.status == 0, "\(made.errors)")
        let whole = try boxes(try Program.posestream.run([clip, "--every", "10"], environment: weights))
        let masked = try Program.posestream.run([clip, "--every", "10", "--mask", scratch.path("mask.png")], environment: weights)
        let found = try boxes(masked)
        #expect(!found.isEmpty && found.count < whole.count)
        for box in found {
            let light = min(box[0] + box[2], 640) - max(box[0], 320)
            #expect(light >= 0.49 * min(box[2], 640 - max(0, box[0])), "\(box)")
        }
        #expect((try json(masked.lines[0])["options"] as? [String: Any])?["mask"] as? String != nil)
    }
}
