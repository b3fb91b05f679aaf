import Diagnostics
import Evaluation
import Foundation
import TestSupport
import Testing

/// Numbers of pycocotools 2.0.11 (fixtures/coco).
@Suite("COCO's numbers") struct COCOEvaluationTests {
    struct Expect: Decodable {
        struct Part: Decodable { var stats: [Double] }
        var bbox: Part
        var keypoints: Part
    }

    struct Synthetic: Decodable {
        var names: [String]
        var stats: [Double]
        var images: Int
        var annotations: Int
        var detections: Int
    }

    private func near(_ evaluation: COCOEvaluation, _ wanted: [Double]) -> Bool {
        zip(evaluation.numbers, wanted).allSatisfy { abs(($0.value ?? -1) - $1) < 1e-9 } && evaluation.numbers.count == wanted.count
    }

    @Test("poses with crowds, people without keypoints, ties and more than 20 in a picture")
    func synthetic() throws {
        let expect = try Fixture.decode(Synthetic.self, from: "coco/synthetic_expect.json")
        let truth = try COCODataset(contentsOf: Shared.fixture("coco/synthetic_gt.json"))
        let results = try COCOResults.keypoints(
            json: Data(contentsOf: Shared.fixture("coco/synthetic_dt.json")), place: "synthetic_dt.json")
        #expect(truth.pictures.count == expect.images && truth.annotations.count == expect.annotations)
        #expect(results.count == expect.detections)
        let evaluation = try COCOEvaluation(keypoints: results, truth: truth)
        #expect(evaluation.numbers.map(\.name) == expect.names)
        #expect(near(evaluation, expect.stats), "\(evaluation.numbers)")
    }

    @Test("poses and boxes of the tracking reference")
    func tracking() throws {
        let expect = try Fixture.decode(Expect.self, from: "coco/expect.json")
        let truth = try COCODataset(contentsOf: Shared.fixture("coco/gt.json"))
        let poses = try COCOResults.keypoints(json: Data(contentsOf: Shared.fixture("coco/keypoints.json")), place: "keypoints")
        let boxes = try COCOResults.boxes(json: Data(contentsOf: Shared.fixture("coco/boxes.json")), place: "boxes")
        let keypoints = try COCOEvaluation(keypoints: poses, truth: truth)
        #expect(near(keypoints, expect.keypoints.stats), "\(keypoints.numbers)")
        let detection = try COCOEvaluation(boxes: boxes, truth: truth)
        #expect(near(detection, expect.bbox.stats), "\(detection.numbers)")
        #expect(detection["AR10"] == detection.numbers[7].value)
    }

    @Test("the summary is what pycocotools prints")
    func summary() throws {
        let truth = try COCODataset(contentsOf: Shared.fixture("coco/gt.json"))
        let poses = try COCOResults.keypoints(json: Data(contentsOf: Shared.fixture("coco/keypoints.json")), place: "keypoints")
        let boxes = try COCOResults.boxes(json: Data(contentsOf: Shared.fixture("coco/boxes.json")), place: "boxes")
        let printed = try String(contentsOf: Shared.fixture("coco/summary.txt"), encoding: .utf8)
        let ours = try COCOEvaluation(keypoints: poses, truth: truth).summary + "\n" + COCOEvaluation(boxes: boxes, truth: truth).summary + "\n"
        #expect(ours == printed)
    }

    @Test("random damage in ground truth and results never crashes")
    func fuzzed() throws {
        let files = try ["coco/gt.json", "coco/keypoints.json", "coco/boxes.json"].map { try Fixture.bytes($0) }
        var state: UInt64 = 21
        func random(_ limit: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % limit
        }
        let tokens = ["1e400", "-", "null", "[", "{}", "99999999999999999999", "1e9", "\"", "0", "-1"].map { Array($0.utf8) }
        var (read, refused) = (0, 0)
        for round in 0..<90 {
            var damaged = files
            for _ in 0...random(3) {
                let at = random(damaged[round % 3].count)
                // Every other round keeps the text JSON most of the time: digits for digits.
                if round % 2 == 0 {
                    if (0x30...0x39).contains(damaged[round % 3][at]) { damaged[round % 3][at] = 0x30 + UInt8(random(10)) }
                } else {
                    damaged[round % 3].replaceSubrange(at..<min(at + random(4), damaged[round % 3].count), with: tokens[random(tokens.count)])
                }
            }
            do {
                let truth = try COCODataset(json: Data(damaged[0]), place: "gt")
                _ = try COCOEvaluation(keypoints: COCOResults.keypoints(json: Data(damaged[1]), place: "k"), truth: truth)
                _ = try COCOEvaluation(boxes: COCOResults.boxes(json: Data(damaged[2]), place: "b"), truth: truth)
                read += 1
            } catch is Failure { refused += 1 }
        }
        #expect(read > 5 && refused > 20)
    }

    @Test("results survive being written and read")
    func written() throws {
        let poses = try COCOResults.keypoints(json: Data(contentsOf: Shared.fixture("coco/keypoints.json")), place: "keypoints")
        let again = try COCOResults.keypoints(json: COCOResults.json(poses), place: "again")
        #expect(again.count == poses.count)
        #expect(zip(again, poses).allSatisfy { $0.keypoints == $1.keypoints && $0.score == $1.score && $0.picture == $1.picture })
    }

    @Test("nothing to find gives no number; nothing found gives 0")
    func empty() throws {
        let truth = try COCODataset(contentsOf: Shared.fixture("coco/gt.json"))
        #expect(try COCOEvaluation(keypoints: [], truth: truth)["AP"] == 0)
        #expect(try COCOEvaluation(keypoints: [], truth: truth, category: 7)["AP"] == nil)
    }

    @Test("a stray picture and damaged files are named in one line")
    func damaged() throws {
        let truth = try COCODataset(contentsOf: Shared.fixture("coco/gt.json"))
        let stray = COCOKeypointResult(picture: 999, keypoints: [], score: 1)
        #expect(throws: Failure.self) { try COCOEvaluation(keypoints: [stray], truth: truth) }
        let texts = [
            "", "[]", "{\"images\":[]}", "{\"images\":[{\"id\":1}],\"annotations\":[]}",
            "{\"images\":[],\"annotations\":[{\"id\":1,\"image_id\":1,\"category_id\":1,\"area\":1,\"bbox\":[1,2,3]}]}",
            "{\"images\":[],\"annotations\":[{\"id\":1e99,\"image_id\":1,\"category_id\":1,\"area\":1,\"bbox\":[1,2,3,4]}]}",
            "{\"images\":[],\"annotations\":[{\"id\":1,\"image_id\":1,\"category_id\":1,\"area\":1,\"bbox\":[1,2,3,4],\"keypoints\":[1,2]}]}",
        ]
        for text in texts {
            do {
                _ = try COCODataset(json: Data(text.utf8), place: "truth.json")
                Issue.record("read \(text)")
            } catch let failure as Failure {
                #expect(failure.kind == .data && failure.description.contains("truth.json"))
                #expect(!failure.description.contains("\n"))
            }
        }
        // Short results are no crash: they match nothing.
        let short = COCOKeypointResult(picture: 1, keypoints: [1, 2], score: 1)
        #expect(try COCOEvaluation(keypoints: [short], truth: truth)["AP"] == 0)
        #expect(try COCOEvaluation(boxes: [COCOBoxResult(picture: 1, bbox: [1], score: 1)], truth: truth)["AP"] == 0)
    }
}
