import Diagnostics
import Foundation
import PoseStream
import Synchronization
import TestSupport
import Testing

/// The bookmark beside the records of a run that was cut off: damaged or made up, it never ends the program.
@Suite("Hostile bookmarks", .serialized, .timeLimit(.minutes(Hang.minutes)))
struct BookmarkFuzzTests {
    private let scratch: Scratch
    private let pipeline: Pipeline
    private let clip: String
    private let records: String
    private let bookmark: String

    init() throws {
        scratch = try Scratch()
        (clip, records) = (scratch.path("clip.mkv"), scratch.path("poses.ndjson"))
        bookmark = records + ".resume"
        var configuration = try PipelineConfiguration.named("default")
        for setting in [
            "detect.model=\(Shared.fixture("networks/compact/detector.safetensors").path)",
            "pose.model=\(Shared.fixture("networks/compact/pose.safetensors").path)", "detect.max_people=3", "track.smooth=true",
        ] { try configuration.apply(assignment: setting) }
        pipeline = try Pipeline(configuration: configuration, threads: 1)
        let ffmpeg = try #require(Program(named: "ffmpeg"))
        let made = try ffmpeg.run([
            "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=160x120:r=25:d=120", "-c:v", "libx264", "-preset", "ultrafast", "-g", "25", clip,
        ])
        #expect(made.status == 0, "\(made.errors)")
    }

    /// Goes on where the bookmark says, or begins, for some pictures; nil when that was refused.
    private func goOn(for frames: Int, until isEnough: @escaping @Sendable () -> Bool = { true }) throws -> RunSummary? {
        var outputs = RunOutputs(records: records)
        outputs.resume = true
        let job = RunJob(pipeline: pipeline, input: clip, outputs: outputs)
        let seen = Mutex(0)
        do {
            return try soon(within: 30, "the run of \(frames) pictures") {
                try job.run { event in
                    guard case .progress = event else { return }
                    let count = seen.withLock { $0 += 1; return $0 }
                    if count >= frames, isEnough() { _ = job.interrupt(bySignal: SIGINT) }
                }
            }
        } catch let failure as Failure {
            #expect(failure.kind == .data && !"\(failure)".contains("\n"), "\(failure)")
            return nil
        }
    }

    @Test("whatever numbers stand in a bookmark, the run goes on, begins anew or is refused in one line")
    func damaged() throws {
        let path = bookmark
        let first = try #require(try goOn(for: 10) { FileManager.default.fileExists(atPath: path) })
        #expect(first.reason == "interrupted")
        let (lines, mark) = try (Data(contentsOf: scratch.file("poses.ndjson")), Data(contentsOf: URL(fileURLWithPath: bookmark)))
        let fields = try #require(try JSONSerialization.jsonObject(with: mark) as? [String: Any])
        let packed = try #require(fields["memory"] as? String)
        let memory = String(decoding: try #require(Data(base64Encoded: packed)), as: UTF8.self)
        #expect(memory.contains("\"tracks\""))
        var plain = fields
        plain["memory"] = nil
        let outside = String(decoding: try JSONSerialization.data(withJSONObject: plain), as: UTF8.self)

        var damage = Damage(seed: 3)
        var (wentOn, refused) = (0, 0)
        for round in 0..<160 {
            try lines.write(to: scratch.file("poses.ndjson"))
            var changed: Data
            switch round % 4 {
            case 0: changed = Data(damage.damaged(String(decoding: mark, as: UTF8.self)))
            case 1:
                // The numbers around the memory.
                changed = Data(damage.hardened(outside).dropLast())
                changed += Data(",\"memory\":\"\(Data(memory.utf8).base64EncodedString())\"}".utf8)
            case 2:
                var all = fields
                all["memory"] = Data(damage.damaged(memory)).base64EncodedString()
                changed = try JSONSerialization.data(withJSONObject: all)
            default:
                var all = fields
                all["memory"] = Data(damage.hardened(memory)).base64EncodedString()
                changed = try JSONSerialization.data(withJSONObject: all)
            }
            try changed.write(to: URL(fileURLWithPath: bookmark))
            if try goOn(for: 6) != nil { wentOn += 1 } else { refused += 1 }
        }
        #expect(wentOn > 30 && refused > 30, "\(wentOn) went on, \(refused) were refused")
    }

    /// What stands in a memory, and what is put there.
    private static let madeUp = [
        ("\"poses\":\\[\\[.*?\\]\\]", "\"poses\":[]"), ("\"nextID\":[0-9]+", "\"nextID\":9223372036854775807"),
        ("\"nextID\":[0-9]+", "\"nextID\":0"), ("\"id\":[0-9]+", "\"id\":-1"), ("\"hits\":[0-9]+", "\"hits\":9223372036854775807"),
        ("\"idCount\":[0-9]+", "\"idCount\":-5"), ("\"queue\":[0-9]+", "\"queue\":0"), ("\"sizes\":\\[.*?\\]", "\"sizes\":[]"),
        ("\"shotCount\":[0-9]+", "\"shotCount\":9223372036854775807"), ("\"torso\":\\[.*?\\]", "\"torso\":[99999,-7]"),
        ("\"spanning\":\\[.*?\\]", "\"spanning\":[-1,5000]"),
    ]

    @Test("a memory without poses, with other settings or with counts at the end of their range is refused or borne")
    func madeUp() throws {
        let path = bookmark
        _ = try goOn(for: 10) { FileManager.default.fileExists(atPath: path) }
        let lines = try Data(contentsOf: scratch.file("poses.ndjson"))
        var fields = try #require(try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: bookmark))) as? [String: Any])
        let packed = try #require(fields["memory"] as? String)
        let memory = String(decoding: try #require(Data(base64Encoded: packed)), as: UTF8.self)
        for (pattern, replacement) in Self.madeUp {
            let changed = memory.replacingOccurrences(of: pattern, with: replacement, options: .regularExpression)
            #expect(changed != memory, "nothing to replace: \(pattern)")
            fields["memory"] = Data(changed.utf8).base64EncodedString()
            try lines.write(to: scratch.file("poses.ndjson"))
            try JSONSerialization.data(withJSONObject: fields).write(to: URL(fileURLWithPath: bookmark))
            _ = try goOn(for: 20)
        }
    }
}
