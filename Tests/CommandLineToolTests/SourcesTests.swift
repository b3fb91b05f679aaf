import Foundation
import TestSupport
import Testing

@Suite("posestream run on cameras, streams and several sources", .serialized, .enabled(if: Shared.isPresent, Comment(rawValue: Shared.absent)))
struct SourcesTests {
    private let scratch: Scratch

    init() throws {
        scratch = try Scratch()
    }

    private func records(_ data: Data) throws -> [[String: Any]] {
        try data.split(separator: UInt8(ascii: "\n")).map { try #require(try JSONSerialization.jsonObject(with: $0) as? [String: Any]) }
    }

    private func frames(_ result: Program.Result) -> [String] {
        result.lines.filter { $0.hasPrefix("{\"type\":\"frame\"") }.map(String.init)
    }

    @Test("Under the policy latest each line tells capture, latency and what was dropped before it")
    func live() throws {
        let result = try Program.posestream.run(
            ["lavfi:testsrc2=size=320x240:rate=100:duration=3", "--policy", "latest"], environment: weights, seconds: 60)
        #expect(result.status == 0, "\(result.errors)")
        let lines = try records(result.output)
        #expect((lines.first?["source"] as? [String: Any])?["live"] as? Bool == true)
        var next = 0
        var dropped = 0
        for line in lines where line["type"] as? String == "frame" {
            let count = try #require(line["dropped"] as? Int)
            #expect(line["frame"] as? Int == next + count)
            next += count + 1
            dropped += count
            #expect(try #require(line["latency_ms"] as? Double) >= 0)
            #expect((line["wall"] as? String)?.hasSuffix("Z") == true)
        }
        #expect(next <= 300 && next > 100)
        #expect(lines.last?["dropped"] as? Int == 300 - (lines.last?["frames"] as? Int ?? 0) && dropped <= 300)
        let seconds = try #require(lines.last?["seconds"] as? Double)
        #expect(seconds > 2.9, "a film under a live policy plays at its own pace")
    }

    @Test("Several sources share one process: the lines of each are those that it has alone, with its name")
    func several() throws {
        let clips = ["tud_campus.mp4", "rotated_90.mp4"].map { Shared.file("assets/video/\($0)").path }
        let together = try Program.posestream.run(
            clips + ["-o", scratch.path("all.ndjson"), "-a", scratch.path("films") + "/"], environment: weights, seconds: 240)
        #expect(together.status == 0, "\(together.errors)")
        let text = try String(contentsOf: scratch.file("all.ndjson"), encoding: .utf8)
        for (clip, name) in zip(clips, ["tud_campus", "rotated_90"]) {
            let alone = try frames(Program.posestream.run([clip], environment: weights))
            let mine = text.split(separator: "\n").filter { $0.hasPrefix("{\"type\":\"frame\",\"source\":\"\(name)\"") }
                .map { $0.replacingOccurrences(of: "\"source\":\"\(name)\",", with: "") }
            #expect(mine == alone && !mine.isEmpty)
            #expect(FileManager.default.fileExists(atPath: scratch.path("films/\(name).mp4")))
        }
        let lines = try records(Data(text.utf8))
        let ends = lines.filter { $0["type"] as? String == "end" }
        #expect(Set(ends.compactMap { $0["source"] as? String }) == ["tud_campus", "rotated_90"])
        #expect(ends.allSatisfy { $0["reason"] as? String == "eof" })
        #expect(lines.filter { $0["type"] as? String == "header" }.count == 2)
    }

    @Test("A source that fails ends alone, and the exit code says so at the end")
    func oneFails() throws {
        let result = try Program.posestream.run(
            ["no-such-film.mp4", "lavfi:testsrc2=size=160x120:rate=5:duration=2", "lavfi:testsrc2=size=160x120:rate=5:duration=1"],
            environment: weights, seconds: 60)
        #expect(result.status == 66)
        #expect(result.errors.contains("posestream: error: cannot open video: no-such-film.mp4: no such file"))
        let ends = try records(result.output).filter { $0["type"] as? String == "end" }
        #expect(ends.map { "\($0["source"] as? String ?? "") \($0["frames"] as? Int ?? -1)" }.sorted() == ["lavfi 10", "lavfi-2 5", "no-such-film 0"])
        #expect(result.lines.first?.hasPrefix("{\"type\":\"header\"") == true, "readers expect a header first")
    }

    @Test("A list of sources and a file for each")
    func list() throws {
        try Data(
            """
            sources:
              - { name: first, input: "lavfi:testsrc2=size=160x120:rate=5:duration=1" }
              - { name: second, input: "lavfi:testsrc2=size=160x120:rate=5:duration=1" }
            """.utf8
        ).write(to: scratch.file("list.yaml"))
        let result = try Program.posestream.run(
            ["run", "--sources", scratch.path("list.yaml"), "-o", scratch.path("{source}.ndjson")], environment: weights, seconds: 60)
        #expect(result.status == 0, "\(result.errors)")
        for name in ["first", "second"] {
            let lines = try records(Data(contentsOf: scratch.file("\(name).ndjson")))
            #expect(lines.count == 7 && lines.last?["reason"] as? String == "eof")
        }
        #expect(result.output.isEmpty)
    }

    @Test("Several sources cannot share one film or standard output as a film")
    func refused() throws {
        let result = try Program.posestream.run(["a.mp4", "b.mp4", "-a", scratch.path("one.mp4")], environment: weights)
        #expect(result.status == 64 && result.errors.contains("{source}"))
    }

    @Test("devices lists what is here, or says in one line that nothing is")
    func devices() throws {
        let result = try Program.posestream.run(["devices"], environment: ["DISPLAY": ""])
        #expect(result.status == 0 && result.lines.count >= 1)
        let json = try Program.posestream.run(["devices", "--json"], environment: ["DISPLAY": ""])
        #expect(try JSONSerialization.jsonObject(with: json.output) is [Any])
    }

    @Test("What is wrong with an option of an input is 64, before any model is looked for", arguments: [
        ["--policy", "newest"], ["--timeout", "0"], ["--reconnect", "-1"], ["--input-option", "size"],
    ])
    func wrongOptions(option: [String]) throws {
        let result = try Program.posestream.run(["lavfi:testsrc"] + option, environment: ["POSESTREAM_MODELS": "/nowhere"])
        #expect(result.status == 64, "\(result.errors)")
        #expect(result.errors.split(separator: "\n").count == 1)
    }
}
