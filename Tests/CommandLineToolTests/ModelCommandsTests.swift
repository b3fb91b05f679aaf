import Foundation
import TestSupport
import Testing

@Suite("models pull, add, export and bench")
struct ModelCommandsTests {
    private let scratch: Scratch

    init() throws {
        scratch = try Scratch()
    }

    private func run(_ arguments: [String], mirror: LoopbackServer? = nil) throws -> Program.Result {
        let mirrored = mirror.map { ["--mirror", $0.url("/").absoluteString] } ?? []
        return try Program.posestream.run(
            arguments + mirrored, environment: ["XDG_DATA_HOME": scratch.path("data"), "POSESTREAM_MODELS": "", "POSESTREAM_MIRROR": ""])
    }

    @Test("pull puts a file into the user's model folder, where it is found by its name")
    func pull() throws {
        let content = Data("weights".utf8)
        let server = try LoopbackServer { request, count in .file(content, for: request, sentBytes: count == 0 ? 3 : nil) }
        let refused = try run(["models", "pull", "lightweight-openpose"], mirror: server)
        #expect(refused.status == 64 && refused.errors.contains("--unpinned"))
        let pulled = try run(["models", "pull", "lightweight-openpose", "--unpinned", "--progress", "json"], mirror: server)
        #expect(pulled.status == 0, "\(pulled.errors)")
        let path = scratch.path("data/posestream/models/checkpoint_iter_370000.pth")
        #expect(pulled.text == path + "\n")
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == content)
        #expect(pulled.errors.contains("\"total\":7") && pulled.errors.contains("going on after 3 bytes"))
        #expect(try run(["models", "path", "lightweight-openpose"]).text == path + "\n")
        let list = try run(["models", "list", "--present", "--json"])
        let rows = try #require(try JSONSerialization.jsonObject(with: list.output) as? [[String: Any]])
        #expect(rows.filter { $0["state"] as? String == "present" }.map { $0["file"] as? String } == [path])
        // What the program carries is at hand, too.
        #expect(Set(rows.filter { $0["state"] as? String == "embedded" }.map { $0["name"] as? String }) == ["compact-detector", "compact-pose"])
        #expect(rows.count == 3)
    }

    @Test("Wrong bytes are 65, a missing file is 69, a page only is 69, an unknown name is 64, a folder that is a file is 73")
    func failures() throws {
        let wrong = try LoopbackServer { request, _ in .file(Data("x".utf8), for: request) }
        #expect(try run(["models", "pull", "yolox-nano"], mirror: wrong).status == 65)
        let missing = try LoopbackServer { _, _ in .init(404) }
        #expect(try run(["models", "pull", "yolox-nano"], mirror: missing).status == 69)
        #expect(try run(["models", "pull", "hrnet-w32-256x192"]).status == 69)
        #expect(try run(["models", "pull", "yolox-nan"]).errors.contains("yolox-nano"))
        try Data().write(to: scratch.file("file"))
        #expect(try run(["models", "pull", "yolox-nano", "--to", scratch.path("file/below")], mirror: wrong).status == 73)
        #expect(try run(["models", "pull", "yolox-nano", "--mirror", "file:///etc"]).status == 64)
    }

    @Test("list says of every model whether it can be pulled or is to be had by hand")
    func list() throws {
        let result = try run(["models", "list"])
        #expect(result.status == 0)
        for (name, end) in [("yolox-tiny ", " pull"), ("simplebaseline-r50-256x192-mmpose ", " pull")] {
            #expect(result.lines.contains { $0.hasPrefix(name) && $0.hasSuffix(end) })
        }
        #expect(result.lines.contains { $0.hasPrefix("hrnet-w48-384x288 ") && $0.contains("by hand: github.com/leoxiaobin") })
    }

    @Test("export writes a network with deterministic weights, which inspect and bench read; an existing file stays")
    func export() throws {
        let file = scratch.path("r18.onnx")
        let result = try run(["models", "export", "simplebaseline-r18", "--onnx", file, "--input", "64x64"])
        #expect(result.status == 0 && result.text.contains("1x3x64x64"), "\(result.errors)")
        #expect(result.errors.contains("deterministic weights"))
        let inspection = try run(["models", "inspect", file])
        #expect(inspection.text.contains("input [1, 3, 64, 64]") && inspection.text.contains("written by posestream"))
        #expect(try run(["models", "export", "simplebaseline-r18", "--onnx", file]).status == 73)
        let bench = try run(["bench", "networks", file, "simplebaseline-r18", "--input", "64x64", "--runs", "3", "--layers", "--json"])
        #expect(bench.status == 0, "\(bench.errors)")
        let report = try #require(try JSONSerialization.jsonObject(with: bench.output) as? [String: Any])
        let networks = try #require(report["networks"] as? [[String: Any]])
        #expect(networks.count == 2)
        // The file and the definition are one network.
        #expect(networks[0]["multiply_adds"] as? Int == networks[1]["multiply_adds"] as? Int)
        for network in networks {
            let milliseconds = try #require(network["milliseconds"] as? Double)
            let layers = try #require(network["layers"] as? [[String: Any]])
            #expect(milliseconds > 0 && layers.count > 20)
            #expect(layers.contains { $0["name"] as? String == "conv1" && ($0["gflops"] as? Double ?? 0) > 0 })
        }
    }

    @Test("bench pipeline tells frames a second and each stage's share", .enabled(if: Shared.isPresent, Comment(rawValue: Shared.absent)))
    func benchPipeline() throws {
        let result = try Program.posestream.run(
            ["bench", "pipeline", Shared.file("assets/video/rotated_90.mp4").path, "--runs", "1", "--json"], environment: weights)
        #expect(result.status == 0, "\(result.errors)")
        let report = try #require(try JSONSerialization.jsonObject(with: result.output) as? [String: Any])
        #expect(report["frames"] as? Int == 25)
        let stages = try #require(report["stages"] as? [[String: Any]])
        let share = stages.reduce(0.0) { $0 + ($1["share"] as? Double ?? 0) }
        #expect(abs(share - 1) < 1e-6 && stages.contains { $0["name"] as? String == "pose" })
    }
}
