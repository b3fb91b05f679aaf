import Geometry
import Pose
import TestSupport
import Testing

@Suite("Suppression of boxes") struct BoxSuppressionTests {
    struct TopDown: Decodable {
        struct Case: Decodable {
            var boxes: [[Double]]
            var keep_0_3: [Int]
            var keep_0_5: [Int]
            var keep_0_7: [Int]
            var keep_0_5_without_plus_one: [Int]
        }
        var cases: [Case]
    }

    @Test("the official top-down form counts pixels inclusively")
    func inclusivePixels() throws {
        let file = try Fixture.decode(TopDown.self, from: "topdown/boxes.json")
        #expect(file.cases.count == 4)
        for golden in file.cases {
            let boxes = golden.boxes.map {
                ScoredBox(box: Box(left: $0[0], top: $0[1], right: $0[2], bottom: $0[3]), score: $0[4])
            }
            #expect(BoxSuppression(threshold: 0.3, areas: .inclusivePixels).indices(boxes) == golden.keep_0_3)
            #expect(BoxSuppression(threshold: 0.5, areas: .inclusivePixels).indices(boxes) == golden.keep_0_5)
            #expect(BoxSuppression(threshold: 0.7, areas: .inclusivePixels).indices(boxes) == golden.keep_0_7)
            #expect(BoxSuppression(threshold: 0.5).indices(boxes) == golden.keep_0_5_without_plus_one)
        }
    }

    struct BottomUp: Decodable {
        struct Case: Decodable {
            var name: String
            var count: Int
            var first_boxes: [[Double]]
            var first_scores: [Double]
            var plain03: [Int]?
            var plain05: [Int]
            var plain07: [Int]?
            var inclusive05: [Int]
            enum CodingKeys: String, CodingKey {
                case name, count, first_boxes, first_scores
                case plain03 = "iou_gt_0.3"
                case plain05 = "iou_gt_0.5"
                case plain07 = "iou_gt_0.7"
                case inclusive05 = "iou_ge_0.5_plus1"
            }
        }
        var cases: [Case]
    }

    @Test("plain and inclusive areas, removal above or at the threshold, ties and empty boxes")
    func variants() throws {
        let file = try Fixture.decode(BottomUp.self, from: "bottomup/nms.json")
        #expect(file.cases.map(\.name) == ["small", "many", "edges"])
        for golden in file.cases {
            let boxes = golden.name == "edges" ? listed(golden) : made(golden)
            for (box, wanted) in zip(boxes, listed(golden)) {
                #expect(abs(box.box.x - wanted.box.x) < 1e-4 && abs(box.box.bottom - wanted.box.bottom) < 1e-4)
            }
            if let wanted = golden.plain03 { #expect(BoxSuppression(threshold: 0.3).indices(boxes) == wanted) }
            #expect(BoxSuppression(threshold: 0.5).indices(boxes) == golden.plain05)
            if let wanted = golden.plain07 { #expect(BoxSuppression(threshold: 0.7).indices(boxes) == wanted) }
            let inclusive = BoxSuppression(threshold: 0.5, areas: .inclusivePixels, removesAtThreshold: true)
            #expect(inclusive.indices(boxes) == golden.inclusive05)
        }
    }

    private func listed(_ golden: BottomUp.Case) -> [ScoredBox] {
        zip(golden.first_boxes, golden.first_scores).map { b, score in
            ScoredBox(box: Box(left: b[0], top: b[1], right: b[2], bottom: b[3]), score: score)
        }
    }

    private func made(_ golden: BottomUp.Case) -> [ScoredBox] {
        let u = FormulaStream.unit("nms:" + golden.name, golden.count * 5)
        return (0..<golden.count).map { i in
            func f(_ v: Double) -> Double { Double(Float(v)) }
            let v = Array(u[i * 5..<i * 5 + 5])
            return ScoredBox(
                box: Box(
                    left: f(v[0] * 60), top: f(v[1] * 60), right: f(v[0] * 60 + 5 + v[2] * 40), bottom: f(v[1] * 60 + 5 + v[3] * 40)),
                score: f(v[4]))
        }
    }
}
