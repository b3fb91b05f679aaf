import Foundation
import TestSupport
import Testing

@Suite("Help, versions and reports")
struct HelpTests {
    @Test("Every command's help shows three examples", arguments: [["--help"], ["run", "--help"], ["models", "list", "--help"], ["models", "path", "--help"], ["models", "inspect", "--help"], ["eval", "--help"], ["eval", "coco", "--help"], ["eval", "mpii", "--help"], ["eval", "posetrack", "--help"], ["eval", "mot", "--help"], ["export", "--help"], ["render", "--help"], ["retrack", "--help"], ["devices", "--help"], ["doctor", "--help"], ["schema", "--help"], ["models", "synthesize", "--help"], ["models", "pull", "--help"], ["models", "add", "--help"], ["models", "export", "--help"], ["bench", "networks", "--help"], ["bench", "pipeline", "--help"]])
    func help(arguments: [String]) throws {
        let result = try Program.posestream.run(arguments)
        #expect(result.status == 0)
        let examples = try #require(result.text.range(of: "Examples:"))
        let shown = result.text[examples.upperBound...].split(separator: "\n").prefix { !$0.hasPrefix("USAGE") }
            .filter { $0.contains("posestream") }
        #expect(shown.count >= 3)
    }

    @Test("The version names FFmpeg's")
    func version() throws {
        let result = try Program.posestream.run(["--version"])
        #expect(result.status == 0 && result.text.contains("FFmpeg"))
    }

    @Test("doctor reports what is there and what is missing, as text and as JSON")
    func doctor() throws {
        let scratch = try Scratch()
        let nothing = ["POSESTREAM_MODELS": scratch.folder.path, "XDG_DATA_HOME": scratch.folder.path]
        let text = try Program.posestream.run(["doctor"], environment: nothing)
        #expect(text.status == 0 && text.text.contains("libavcodec") && text.text.contains("compact-detector, compact-pose (better ones: posestream models pull yolox-nano"))
        let json = try Program.posestream.run(["doctor", "--json"], environment: nothing)
        let report = try #require(try JSONSerialization.jsonObject(with: json.output) as? [String: Any])
        let findings = try #require(report["findings"] as? [[String: Any]])
        #expect(findings.contains { $0["topic"] as? String == "compact-pose" && $0["text"] as? String == "in the program" })
        #expect((report["missing"] as? [String])?.contains { $0.contains("pose") || $0.contains("yolox") } == false)
    }

    @Test("schema prints a JSON Schema of the records")
    func schema() throws {
        let result = try Program.posestream.run(["schema"])
        let schema = try #require(try JSONSerialization.jsonObject(with: result.output) as? [String: Any])
        #expect((schema["$schema"] as? String)?.contains("json-schema.org") == true)
    }

    @Test("models list names every registered network and where it was found", .enabled(if: Shared.isPresent, Comment(rawValue: Shared.absent)))
    func models() throws {
        let result = try Program.posestream.run(["models", "list"], environment: weights)
        #expect(result.status == 0)
        for name in ["yolox-nano", "nanodet-m", "pp-tinypose-256x192", "pp-tinypose-128x96", "ultralight-simplepose"] {
            #expect(result.lines.contains { $0.hasPrefix(name) && $0.hasSuffix(".onnx") })
        }
        let path = try Program.posestream.run(["models", "path", "pp_tinypose_128x96"], environment: weights)
        #expect(path.text.hasSuffix("pp_tinypose_128x96.onnx\n"))
        let folders = try Program.posestream.run(["models", "path", "--models", "/first"], environment: weights)
        #expect(folders.status == 0 && folders.lines.first == "/first" && folders.lines.last == "/usr/share/posestream/models")
        #expect(folders.lines.contains { $0 == Shared.file("assets/weights").path })
    }

    @Test("models inspect says what ONNX files and checkpoints hold", .enabled(if: Shared.isPresent, Comment(rawValue: Shared.absent)))
    func inspect() throws {
        let detector = try Program.posestream.run(["models", "inspect", "yolox-nano", "--tensors"], environment: weights)
        #expect(detector.status == 0, "\(detector.errors)")
        #expect(detector.text.contains("images [1, 3, 416, 416]") && detector.text.contains("904467") && detector.text.contains("Conv 113"))
        #expect(detector.text.contains("e8af074932d4ed7e232278e3055cefcdea3edf178874a3694ae292649fb464dd"))
        let other = try Program.posestream.run(
            ["models", "inspect", Shared.file("assets/weights/legacy_pth/alex.pth").path, "--tensors"], environment: weights)
        #expect(other.status == 0 && other.text.contains("not usable") && other.text.contains("lin0.model.1.weight"))
        let broken = try Program.posestream.run(
            ["models", "inspect", Shared.file("reference/topdown/checkpoints/evil_zip.pth").path], environment: weights)
        #expect(broken.status == 65 && broken.errors.hasPrefix("posestream: error: "))
    }
}
