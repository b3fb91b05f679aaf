import Diagnostics
import Foundation
import PoseStream
import TestSupport
import Testing

/// Files of strangers: whatever their bytes, the answer is a result or one `Failure`, soon.
@Suite("Hostile stored files")
struct StoredFuzzTests {
    private let scratch: Scratch

    init() throws {
        scratch = try Scratch()
    }

    private static func header(options: String = "") -> String {
        let names = (0..<17).map { "\"joint\($0)\"" }.joined(separator: ",")
        return #"{"type":"header","schema":"posestream/1","version":"0.1.0","source":{"name":"a","uri":"a.mp4","width":640,"height":480,"rotation":0,"#
            + #""time_base":[1,12800],"frame_rate":25,"frames":null,"start_time":0,"live":false},"keypoints":{"set":"coco17","names":["# + names
            + #"],"skeleton":[[0,1]]},"pipeline":{"name":"p","pose":{"model":"m"},"track":{"memory":1}},"models":[]"# + options + "}\n"
    }

    private static func frame(_ number: Int, people: Int) -> String {
        let all = (0..<people).map { person in
            let joints = (0..<17).map { "\(100 * person + 3 * $0 + number),\(50 + 7 * $0),0.9" }.joined(separator: ",")
            return #"{"id":\#(person),"state":"confirmed","src":"net","score":0.8,"box":[\#(100 * person),40,80,160],"keypoints":["# + joints + "]}"
        }
        return #"{"type":"frame","frame":\#(number),"pts":\#(number * 512),"time":\#(Double(number) * 0.04),"people":["# + all.joined(separator: ",")
            + "]}\n"
    }

    private static func records(frames: Int = 8) -> String {
        header() + (0..<frames).map { frame($0, people: 1 + $0 % 3) }.joined()
            + #"{"type":"end","reason":"eof","frames":8,"decoded":8,"dropped":0,"corrupt":0,"people":3,"seconds":1,"fps":8,"error":null}"# + "\n"
    }

    private func retrack(_ files: [String]) throws {
        do {
            _ = try soon { try RetrackJob(records: files, output: scratch.path("out.ndjson"), overwrite: true).run(reporting: { _ in }) }
        } catch let failure as Failure {
            #expect(failure.kind != .internalDefect, "\(failure)")
            #expect(!"\(failure)".contains("\n"))
        }
    }

    @Test("retrack bears any damage of its records", .timeLimit(.minutes(Hang.minutes)), arguments: 0..<4)
    func retrackDamage(round: Int) throws {
        var damage = Damage(seed: UInt64(round + 1))
        let whole = Self.records()
        for _ in 0..<250 {
            try Data(damage.damaged(whole)).write(to: scratch.file("in.ndjson"))
            try retrack([scratch.path("in.ndjson")])
        }
    }

    @Test("retrack bears hard numbers in every place of a person", .timeLimit(.minutes(Hang.minutes)))
    func hardPeople() throws {
        for number in ["1000000000", "-1000000000", "0", "0.01", "-0.01"] {
            for place in ["\"score\":0.8", "[0,40,80,160]", ",80,160]", "\"time\":0.04", ",0.9,", "\"frame\":1"] {
                let changed = place.replacing(/[0-9.]+/) { _ in number }
                try Data(Self.records().replacing(place, with: changed).utf8).write(to: scratch.file("in.ndjson"))
                try retrack([scratch.path("in.ndjson")])
            }
        }
    }

    @Test("retrack bears crowds, deep nesting and endless lines", .timeLimit(.minutes(Hang.minutes)))
    func large() throws {
        let crowd = Self.header() + (0..<3).map { Self.frame($0, people: 300) }.joined()
        let deep = Self.header() + "{\"type\":\"frame\",\"x\":" + String(repeating: "[", count: 100_000)
        let long = Self.header() + "{\"type\":\"frame\",\"x\":\"" + String(repeating: "y", count: 20 << 20)
        let deepHeader = Self.header(options: ",\"options\":" + String(repeating: "{\"a\":", count: 50_000))
        for text in [crowd, deep, long, deepHeader, "", "\n\n", "{", Self.header(), Self.header() + Self.header()] {
            try Data(text.utf8).write(to: scratch.file("in.ndjson"))
            try retrack([scratch.path("in.ndjson")])
            try retrack([scratch.path("in.ndjson"), scratch.path("in.ndjson")])
        }
    }

    @Test("render bears any damage of its records", .timeLimit(.minutes(Hang.minutes)))
    func renderDamage() throws {
        let ffmpeg = try #require(Program(named: "ffmpeg"))
        let clip = scratch.path("clip.mp4")
        #expect(try ffmpeg.run(["-v", "error", "-f", "lavfi", "-i", "testsrc2=s=64x48:r=25:d=0.32", clip]).status == 0)
        var damage = Damage(seed: 99)
        let whole = Self.records().replacing("\"width\":640,\"height\":480", with: "\"width\":64,\"height\":48")
        for _ in 0..<60 {
            try Data(damage.damaged(whole)).write(to: scratch.file("in.ndjson"))
            do {
                let job = RenderJob(records: scratch.path("in.ndjson"), video: clip, output: scratch.path("out.mkv"), overwrite: true)
                _ = try soon { try job.run(reporting: { _ in }) }
            } catch let failure as Failure {
                #expect(failure.kind != .internalDefect, "\(failure)")
            }
        }
    }

    @Test("a pipeline file bears any damage", .timeLimit(.minutes(Hang.minutes)), arguments: 0..<4)
    func pipelines(round: Int) throws {
        var damage = Damage(seed: UInt64(round + 17))
        let whole = try PipelineConfiguration.named("default").yaml
        for _ in 0..<500 {
            let text = String(decoding: damage.damaged(whole), as: UTF8.self)
            do {
                _ = try soon { try PipelineConfiguration(yaml: text, file: "damaged.yaml") }
            } catch let failure as Failure {
                #expect(failure.kind == .configuration, "\(failure)")
                #expect(!"\(failure)".contains("\n"), "\(failure)")
            }
        }
        for text in [
            String(repeating: "[", count: 5000), String(repeating: "a: {", count: 5000), String(repeating: "- ", count: 5000),
            "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c]\n"
                + "e: &e [*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e]\ng: [*f,*f,*f,*f,*f,*f,*f,*f]\n",
            "name: \u{0}", "track: {memory: 1e999}", "track: {queue: 99999999999999999999}", "detect: !!binary aGVsbG8=", "? [a]\n: b", "<<: *x",
        ] {
            #expect(throws: Failure.self) { _ = try soon { try PipelineConfiguration(yaml: text, file: "hostile.yaml") } }
        }
    }

    @Test("a list of sources bears any damage", .timeLimit(.minutes(Hang.minutes)))
    func sources() throws {
        var damage = Damage(seed: 5)
        let whole = """
            sources:
              - clip.mp4
              - { name: yard, input: "rtsp://10.0.0.7/live", policy: queue=5, reconnect: inf, timeout: 3, retry: true }
              - name: desk
                input: v4l2:/dev/video0
                device_size: 1280x720
                device_rate: 30
            """
        var (read, refused) = (0, 0)
        for _ in 0..<1000 {
            try Data(damage.damaged(whole)).write(to: scratch.file("list.yaml"))
            do {
                let inputs = try soon { try SourceList.read(scratch.path("list.yaml"), opening: InputOptions()) }
                // What is accepted can be used.
                #expect(Set(inputs.map(\.name)).count == inputs.count && inputs.allSatisfy { !$0.input.isEmpty && $0.opening.timeout > 0 })
                read += 1
            } catch let failure as Failure {
                #expect(failure.kind == .configuration && !"\(failure)".contains("\n"), "\(failure)")
                refused += 1
            }
        }
        #expect(read > 20 && refused > 20, "\(read) read, \(refused) refused")
    }
}
