import Foundation
import TestSupport
import Testing

@Suite("posestream eval and export")
struct EvalTests {
    private func json(_ arguments: [String]) throws -> [String: Any] {
        let result = try Program.posestream.run(arguments + ["--json"], environment: weights)
        #expect(result.status == 0, "\(result.errors)")
        return try #require(try JSONSerialization.jsonObject(with: result.output) as? [String: Any])
    }

    private func number(_ value: Any?) -> Double { (value as? NSNumber)?.doubleValue ?? .nan }

    @Test("coco prints pycocotools' lines and gives all digits as JSON")
    func coco() throws {
        let files = [Shared.fixture("coco/gt.json").path, Shared.fixture("coco/keypoints.json").path]
        let printed = try Program.posestream.run(["eval", "coco"] + files)
        let summary = try String(contentsOf: Shared.fixture("coco/summary.txt"), encoding: .utf8)
        #expect(printed.status == 0 && summary.hasPrefix(printed.text))
        let report = try json(["eval", "coco"] + files)
        let wanted = try JSONSerialization.jsonObject(with: Data(contentsOf: Shared.fixture("coco/expect.json"))) as? [String: Any]
        let stats = try #require((wanted?["keypoints"] as? [String: Any])?["stats"] as? [Any])
        #expect(abs(number(report["AP"]) - number(stats.first)) < 1e-9)
        #expect(try Program.posestream.run(["eval", "coco", files[0]]).status == 64)
        #expect(try Program.posestream.run(["eval", "coco", files[1], files[1]]).status == 65)
        #expect(try Program.posestream.run(["eval", "coco", "missing.json", files[1]]).status == 66)
    }

    @Test("mot, mpii and posetrack score the golden files")
    func others() throws {
        let mot = try json(["eval", "mot", Shared.fixture("tracking/mot_text/gt.txt").path, Shared.fixture("tracking/mot_text/results.txt").path])
        #expect(abs(number((mot["combined"] as? [String: Any])?["idf1"]) - 0.6436420722135008) < 1e-9)
        let mpii = try json(["eval", "mpii", Shared.fixture("mpii/gt_valid.mat").path, Shared.fixture("mpii/preds_from_0.json").path, "--zero-based"])
        #expect(abs(number(mpii["Mean"]) - 73.94366197183099) < 1e-9)
        let folder = Shared.fixture("tracking/poseval/switch_last").path
        let strict = try json(["eval", "posetrack", folder + "/gt", folder + "/pred"])
        #expect(abs(number((strict["MOTA"] as? [String: Any])?["total"]) - 87.5) < 1e-9)
        let compatible = try json(["eval", "posetrack", folder + "/gt", folder + "/pred", "--compat", "poseval"])
        #expect(abs(number((compatible["MOTA"] as? [String: Any])?["total"]) - 100) < 1e-9)
    }

    @Test(
        "a pipeline runs on pictures with true boxes, and what it found can be kept and scored again",
        .enabled(if: Shared.isPresent, Comment(rawValue: Shared.absent)))
    func pictures() throws {
        let scratch = try Scratch()
        let whole = try JSONSerialization.jsonObject(with: Data(contentsOf: Shared.file("assets/images/coco/person_keypoints.json")))
        var truth = try #require(whole as? [String: Any])
        let images = try #require(truth["images"] as? [[String: Any]]).prefix(6)
        let ids = Set(images.compactMap { $0["id"] as? Int })
        truth["images"] = Array(images)
        truth["annotations"] = (truth["annotations"] as? [[String: Any]] ?? []).filter { ids.contains($0["image_id"] as? Int ?? -1) }
        try JSONSerialization.data(withJSONObject: truth).write(to: scratch.file("truth.json"))
        let arguments = ["eval", "coco", scratch.path("truth.json")]
        let run = arguments + ["--pictures", Shared.file("assets/images/coco").path, "--boxes", "truth", "--results", scratch.path("kept.json")]
        let first = try json(run)
        #expect(number(first["AP"]) > 0.3)
        #expect(try json(arguments + [scratch.path("kept.json")])["AP"] as? Double == first["AP"] as? Double)
        // The same boxes from a file, as published figures have them; boxes of other things do not count.
        let people = (truth["annotations"] as? [[String: Any]] ?? []).filter { number($0["num_keypoints"]) > 0 && number($0["iscrowd"]) == 0 }
        let boxes = people.map { ["image_id": $0["image_id"] ?? 0, "category_id": 1, "bbox": $0["bbox"] ?? [], "score": 1] }
        let others = people.map { ["image_id": $0["image_id"] ?? 0, "category_id": 2, "bbox": [0, 0, 50, 50], "score": 1] }
        try JSONSerialization.data(withJSONObject: boxes + others).write(to: scratch.file("boxes.json"))
        let pictures = arguments + ["--pictures", Shared.file("assets/images/coco").path, "--boxes"]
        #expect(try json(pictures + [scratch.path("boxes.json")])["AP"] as? Double == first["AP"] as? Double)
        #expect(number(try json(pictures + ["clipped-truth"])["AP"]) > 0.3)
        #expect(try Program.posestream.run(pictures + [scratch.path("none.json")], environment: weights).status == 66)
        #expect(try Program.posestream.run(run, environment: weights).status == 73)

        // A run over a folder of the same pictures: its frames stand for them in natural order.
        let folder = scratch.file("pictures")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for name in images.compactMap({ $0["file_name"] as? String }) {
            try FileManager.default.copyItem(at: Shared.file("assets/images/coco/\(name)"), to: folder.appendingPathComponent(name))
        }
        let stored = try Program.posestream.run(["run", folder.path, "-o", scratch.path("p.ndjson"), "-q"], environment: weights)
        #expect(stored.status == 0, "\(stored.errors)")
        #expect(number(try json(arguments + [scratch.path("p.ndjson")])["AP"]) > 0.2)
        #expect(try Program.posestream.run(["eval", "coco", Shared.file("assets/images/coco/person_keypoints.json").path, scratch.path("p.ndjson")]).status == 65)
    }

    @Test("export writes to standard output and ends quietly when nobody reads on")
    func export() throws {
        let scratch = try Scratch()
        let records = """
            {"type":"header","schema":"posestream/1","version":"0","source":{"name":"c.mp4","uri":"c.mp4","width":64,"height":48,"rotation":0,"time_base":[1,25],"frame_rate":25,"frames":1,"start_time":0,"live":false},"keypoints":{"set":"one","names":["nose"],"skeleton":[]},"pipeline":{},"models":[]}
            {"type":"frame","frame":0,"pts":0,"time":0,"people":[{"id":4,"state":"confirmed","src":"net","score":0.5,"box":[1,2,3,4],"keypoints":[5,6,0.7]}]}
            {"type":"end","reason":"eof","frames":1,"decoded":1,"dropped":0,"corrupt":0,"people":1,"seconds":1,"fps":1,"error":null}

            """
        try Data(records.utf8).write(to: scratch.file("p.ndjson"))
        let mot = try Program.posestream.run(["export", scratch.path("p.ndjson"), "--to", "mot"])
        #expect(mot.status == 0 && mot.text == "1,5,1,2,3,4,0.5,-1,-1,-1\n", "\(mot.errors)")
        let csv = try Program.posestream.run(["export", "-", "--to", "csv"], input: Data(records.utf8))
        #expect(csv.lines.last == "c,0,0,4,confirmed,net,0.5,nose,5,6,0.7")
        #expect(try Program.posestream.run(["export", scratch.path("p.ndjson"), "--to", "trc"]).status == 64)
        #expect(try Program.posestream.run(["export", scratch.path("none"), "--to", "mot"]).status == 66)
        #expect(try Program.posestream.run(["export", scratch.path("p.ndjson"), "--to", "xyz"]).status == 64)
    }
}
