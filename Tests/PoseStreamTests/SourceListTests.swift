import Diagnostics
import Foundation
import PoseStream
import TestSupport
import Testing

@Suite("Several sources")
struct SourceListTests {
    private func read(_ yaml: String) throws -> [RunInput] {
        let scratch = try Scratch()
        try Data(yaml.utf8).write(to: scratch.file("sources.yaml"))
        return try SourceList.read(scratch.path("sources.yaml"), opening: InputOptions())
    }

    @Test("An input has a short name without its password", arguments: [
        ("clips/a.mp4", "a"), ("-", "stdin"), ("rtsp://me:secret@door.local:554/stream1?token=x", "door.local-554-stream1"),
        ("http://10.0.0.7/", "10.0.0.7"), ("v4l2:/dev/video0", "video0"), ("x11grab::0.0+10,20", "display-0.0-10-20"), ("lavfi:testsrc", "lavfi"),
        ("../..", "source"), ("Größe.mkv", "Größe"), ("a b/c d.mp4", "c-d"),
    ])
    func names(input: String, name: String) { #expect(SourceName.of(input) == name) }

    @Test("No two sources of a run have one name")
    func unique() {
        #expect(RunInput.named(["a/x.mp4", "b/x.mp4", "x-2.mp4", "c/x.mp4"], opening: InputOptions()).map(\.name) == ["x", "x-2", "x-2-2", "x-3"])
    }

    @Test("A list gives names, inputs and what is special to each")
    func list() throws {
        let inputs = try read(
            """
            sources:
              - clip.mp4
              - { name: yard, input: "rtsp://10.0.0.7/live", policy: queue=5, reconnect: inf, timeout: 3, retry: true }
              - name: desk
                input: v4l2:/dev/video0
                device_size: 1280x720
                device_rate: 30
                device_format: mjpeg
            """)
        #expect(inputs.map(\.name) == ["clip", "yard", "desk"])
        #expect(inputs[1].opening.policy == .queue(5) && inputs[1].opening.reconnect == .infinity && inputs[1].opening.timeout == 3)
        #expect(inputs[1].opening.retry && !inputs[0].opening.retry)
        #expect(inputs[2].input == "v4l2:/dev/video0" && inputs[2].opening.deviceSize == "1280x720" && inputs[2].opening.deviceRate == "30")
    }

    @Test("A wrong list is refused with its line", arguments: [
        ("sources:\n  - { input: a, polcy: latest }", "sources.yaml:2", "polcy"), ("sources: []", "", "from 1 to 256"), ("- a", "", "sources"),
        ("sources:\n  - { name: a }", "sources.yaml:2", "no input"), ("sources:\n  - { input: a, policy: newest }", "sources.yaml:2", "newest"),
        ("sources:\n  - { input: a, timeout: -1 }", "", "timeout"), ("sources:\n  - [a]", "", "a source is"), (": : :", "", ""), ("", "", ""),
        ("sources:\n  - { name: a, input: x }\n  - { name: a, input: y }", "", "twice"),
    ])
    func wrong(yaml: String, place: String, words: String) {
        let failure = #expect(throws: Failure.self) { _ = try read(yaml) }
        #expect(failure?.kind == .configuration)
        for part in [place, words] where !part.isEmpty {
            #expect(failure?.description.contains(part) == true, "\(failure?.description ?? "")")
        }
    }

    @Test("An output with {source} or a folder is one file for each source")
    func patterns() throws {
        let scratch = try Scratch()
        #expect(OutputPattern("out/{source}.mkv").file(for: "a/b", ending: ".mp4") == "out/a-b.mkv")
        #expect(OutputPattern(scratch.folder.path).file(for: "a", ending: ".mp4") == scratch.path("a.mp4"))
        let made = OutputPattern(scratch.path("new") + "/")
        #expect(made.isOnePerSource && made.file(for: "a", ending: ".ndjson") == scratch.path("new/a.ndjson"))
        #expect(FileManager.default.fileExists(atPath: scratch.path("new")))
        #expect(!OutputPattern("poses.ndjson").isOnePerSource && OutputPattern("poses.ndjson").file(for: "a", ending: ".x") == "poses.ndjson")
    }
}
