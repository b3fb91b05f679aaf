import Foundation
import TestSupport
import Testing

@Suite("A run that was killed goes on", .enabled(if: Shared.isPresent, Comment(rawValue: Shared.absent)))
struct ResumeTests {
    private let scratch: Scratch
    private let clip = Shared.file("assets/video/tud_stadtmitte.mp4").path

    init() throws {
        scratch = try Scratch()
    }

    private func frames(_ name: String) throws -> [Substring] {
        String(decoding: try Data(contentsOf: scratch.file(name)), as: UTF8.self).split(separator: "\n").filter { $0.hasPrefix("{\"type\":\"frame\"") }
    }

    private func run(_ arguments: [String], status: Int32 = 0, at location: SourceLocation = #_sourceLocation) throws -> Program.Result {
        let result = try Program.posestream.run(arguments, environment: weights, seconds: 120)
        #expect(result.status == status, "\(result.errors)", sourceLocation: location)
        return result
    }

    /// Runs for some seconds, then kills; false when the program ended before.
    private func kill(after seconds: Double, _ arguments: [String]) throws -> Bool {
        let timeout = try #require(Program(named: "timeout"))
        let result = try timeout.run(
            ["--signal=KILL", String(seconds), Program.posestream.url.path] + arguments, environment: weights, seconds: 120)
        return result.status != 0
    }

    /// Kills at random moments, going on each time, until `count` kills were had or the film is done; then lets it end.
    private func killing(_ count: Int, seed: UInt64, _ arguments: [String]) throws -> Int {
        var state = seed
        var kills = 0
        for _ in 0..<count {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            // From before the first line to some bookmarks later.
            let seconds = 0.05 + 2.95 * Double(state >> 33) / Double(1 << 31)
            guard try kill(after: seconds, arguments) else { break }
            kills += 1
        }
        _ = try run(arguments)
        return kills
    }

    private func compare(kills: Int, seed: UInt64, part: [String]) throws {
        _ = try run([clip, "-o", scratch.path("whole.ndjson")] + part)
        var done = 0
        var round: UInt64 = 0
        while done < kills {
            let name = "killed-\(round).ndjson"
            done += try killing(kills - done, seed: seed &+ round, [clip, "-o", scratch.path(name), "--resume"] + part)
            #expect(try frames(name) == frames("whole.ndjson"), "after \(done) kills")
            #expect(!FileManager.default.fileExists(atPath: scratch.path(name + ".resume")))
            let lines = String(decoding: try Data(contentsOf: scratch.file(name)), as: UTF8.self).split(separator: "\n")
            #expect(lines.count == (try frames(name)).count + 2 && lines.last?.contains("\"reason\":\"eof\"") == true)
            round += 1
        }
    }

    @Test("kill -9 at random moments leaves no trace in the frame lines")
    func fewKills() throws {
        try compare(kills: 3, seed: 1, part: ["--every", "2", "--from", "0.5"])
    }

    @Test("kill -9 at twenty random moments leaves no trace in the frame lines", .enabled(if: Heavy.isWanted, Comment(rawValue: Heavy.absent)))
    func manyKills() throws {
        try compare(kills: 20, seed: 2, part: [])
    }

    @Test("an interrupted run goes on, and its film is whole in the end")
    func interrupted() throws {
        let arguments = [clip, "-o", scratch.path("poses.ndjson"), "-a", scratch.path("film.mp4"), "--to", "7"]
        _ = try run([clip, "-o", scratch.path("whole.ndjson"), "-a", scratch.path("whole.mp4"), "--to", "7"])
        let timeout = try #require(Program(named: "timeout"))
        _ = try timeout.run(["--signal=INT", "\(2 * Sanitizer.patience)", Program.posestream.url.path] + arguments, environment: weights, seconds: 60)
        let before = try frames("poses.ndjson").count
        let resumed = try run(arguments + ["--resume", "--log-level", "info"])
        #expect(try frames("poses.ndjson") == frames("whole.ndjson"))
        #expect(before == 0 || before == 175 || resumed.errors.contains("goes on after") || resumed.errors.contains("begins anew"))
        let ffmpeg = try #require(Program(named: "ffmpeg"))
        let hashes = try ["film.mp4", "whole.mp4"].map { try ffmpeg.run(["-v", "error", "-i", scratch.path($0), "-f", "framemd5", "-"]).text }
        #expect(hashes[0] == hashes[1] && hashes[0].count > 1000)
        // A third time there is nothing left to do.
        let again = try run(arguments + ["--resume", "--log-level", "info"])
        #expect(again.errors.contains("complete already"))
    }

    @Test("another film, pipeline, part or model, and a file that is no record, are refused and left alone")
    func refused() throws {
        let other = Shared.file("assets/video/tud_campus.mp4").path
        _ = try run([clip, "-o", scratch.path("poses.ndjson"), "--to", "0.2"])
        let before = try Data(contentsOf: scratch.file("poses.ndjson"))
        for (arguments, why) in [
            ([other, "--to", "0.2"], "source"), ([clip, "--to", "0.2", "--set", "track.memory=2"], "pipeline"), ([clip, "--to", "0.4"], "options"),
        ] {
            let result = try run(arguments + ["-o", scratch.path("poses.ndjson"), "--resume"], status: 73)
            #expect(result.errors.contains(why) && result.errors.contains("cannot resume"), "\(result.errors)")
        }
        #expect(try Data(contentsOf: scratch.file("poses.ndjson")) == before)
        try Data("my notes\n".utf8).write(to: scratch.file("notes.txt"))
        _ = try run([clip, "-o", scratch.path("notes.txt"), "--resume"], status: 73)
        #expect(try Data(contentsOf: scratch.file("notes.txt")) == Data("my notes\n".utf8))
        _ = try run([clip, "--resume"], status: 64)
    }

    @Test("a damaged, cut, foreign or hostile bookmark is not used: the run begins anew, and its lines are right")
    func hostileBookmark() throws {
        let part = ["--to", "0.6"]
        _ = try run([clip, "-o", scratch.path("whole.ndjson")] + part)
        let whole = try Data(contentsOf: scratch.file("whole.ndjson"))
        let lines = whole.split(separator: 10)
        let cut = Data(lines.prefix(6).joined(separator: [10])) + Data("\n{\"type\":\"fra".utf8)
        for bookmark in [
            "", "{", "{}", "[[[[", String(repeating: "[", count: 200_000),
            #"{"version":1,"header":"00","bytes":99999999999,"line":"00","frame":3,"time":0.1,"frames":4,"ids":[],"memory":""}"#,
            #"{"version":1,"header":"00","bytes":-1,"line":"00","frame":-3,"time":1e300,"frames":4,"ids":[],"memory":""}"#,
        ] {
            try cut.write(to: scratch.file("poses.ndjson"))
            try Data(bookmark.utf8).write(to: scratch.file("poses.ndjson.resume"))
            let result = try run([clip, "-o", scratch.path("poses.ndjson"), "--resume"] + part)
            #expect(result.errors.contains("begins anew"), "\(bookmark.prefix(60))")
            #expect(try frames("poses.ndjson") == frames("whole.ndjson"))
        }
    }
}
