import Detection
import Foundation
import Geometry
import Pose
import Sampling
import TestSupport
import Testing

/// fixtures/bottomup/yolox.json: decoded by the rules in NumPy.
@Suite("YOLOX decoding") struct YOLOXDecoderTests {
    struct Golden: Decodable {
        var h: Int
        var w: Int
        var classes: Int
        var rows: Int
        var first_20_boxes: [[Double]]
        var last_box: [Double]
        var over: Int
        var bestScoreAndLabel: [[Double]]
        var classAware: [Int]
        var classAgnostic: [Int]
        var personsOnly: [Int]
        enum CodingKeys: String, CodingKey {
            case h, w, classes, rows, first_20_boxes, last_box
            case over = "over_0.3"
            case bestScoreAndLabel = "best_score_label_of_first_20"
            case classAware = "class_aware_nms_0.45_plus1"
            case classAgnostic = "class_agnostic_nms_0.45_plus1"
            case personsOnly = "class0_only_over_0.3_nms_0.65"
        }
    }

    let golden: Golden
    let input: InputSize
    /// [rows][5 + classes] as the network gives them.
    let raw: [[Float]]

    init() throws {
        golden = try Fixture.decode(Golden.self, from: "bottomup/yolox.json")
        input = InputSize(width: golden.w, height: golden.h)
        let boxes = FormulaStream.signed("yolox:xywh", golden.rows * 4, scale: 1.5)
        let objectness = FormulaStream.unit("yolox:obj", golden.rows).map { Float($0) }
        let classes = FormulaStream.unit("yolox:cls", golden.rows * golden.classes).map { Float($0) }
        let count = golden.classes
        var rows: [[Float]] = []
        for row in 0..<golden.rows {
            var values = Array(boxes[row * 4..<row * 4 + 4])
            values.append(objectness[row])
            values.append(contentsOf: classes[row * count..<row * count + count])
            rows.append(values)
        }
        raw = rows
    }

    private func decode(_ rows: [[Float]], classes: Int, person: Int = 0, over threshold: Double) -> [ScoredBox] {
        var boxes: [ScoredBox] = []
        let decoder = YOLOXDecoder(input: input, classes: classes, personClass: person, scoreThreshold: threshold)
        rows.flatMap { $0 }.withUnsafeBufferPointer { decoder.decode($0, into: &boxes) }
        return boxes
    }

    /// Every row's box with its best score and label.
    private func all(_ rows: [[Float]]) -> [(box: ScoredBox, label: Int)] {
        var perClass = (0..<golden.classes).map { decode(rows, classes: golden.classes, person: $0, over: 0)[...] }
        return raw.map { row in
            let classes = row[5...]
            let label = classes.firstIndex(of: classes.max() ?? 0).map { $0 - 5 } ?? 0
            return (perClass[label].removeFirst(), label)
        }
    }

    @Test("boxes, scores and labels equal the reference")
    func boxes() {
        let found = all(raw)
        #expect(found.count == golden.rows)
        for (row, wanted) in golden.first_20_boxes.enumerated() {
            let box = found[row].box
            #expect(near(box.box, wanted), "row \(row): \(box) \(wanted)")
            #expect(abs(box.score - golden.bestScoreAndLabel[row][0]) < 1e-6)
            #expect(found[row].label == Int(golden.bestScoreAndLabel[row][1]))
        }
        #expect(near(found[golden.rows - 1].box.box, golden.last_box))
        #expect(found.count { $0.box.score > 0.3 } == golden.over)
    }

    @Test("suppression after decoding keeps the reference's boxes")
    func suppression() {
        let found = all(raw)
        let over = found.indices.filter { found[$0].box.score > 0.3 }
        let demo = BoxSuppression(threshold: 0.45, areas: .inclusivePixels)
        #expect(demo.indices(over.map { found[$0].box }).map { over[$0] } == golden.classAgnostic)
        let aware = (0..<golden.classes).flatMap { label in
            let own = over.filter { found[$0].label == label }
            return demo.indices(own.map { found[$0].box }).map { own[$0] }
        }
        #expect(aware.sorted { found[$0].box.score > found[$1].box.score } == golden.classAware)

        let single = raw.map { Array($0[..<6]) }
        let rows = single.indices.filter { single[$0][4] * single[$0][5] > 0.3 }
        let people = decode(single, classes: 1, over: 0.3)
        #expect(people.count == rows.count)
        #expect(BoxSuppression(threshold: 0.65).indices(people).map { rows[$0] } == golden.personsOnly)
    }

    @Test("an export that decodes inside, or leaves the sigmoid out, gives the same boxes")
    func exports() {
        // What a network with the decoding inside would give for the same cells.
        let reference = all(raw)
        var inside = raw
        for row in inside.indices {
            let box = reference[row].box.box
            inside[row].replaceSubrange(0..<4, with: [box.center.x, box.center.y, box.width, box.height].map { Float($0) })
        }
        let wanted = decode(raw, classes: 3, over: 0.3)
        expectEqual(decode(inside, classes: 3, over: 0.3), wanted)
        let logits = raw.map { row in Array(row[..<4]) + row[4...].map(logit) }
        expectEqual(decode(logits, classes: 3, over: 0.3), wanted)
    }

    @Test("values that are not numbers or blow up give no box")
    func notNumbers() {
        var rows = raw
        for row in rows.indices { rows[row][row % rows[row].count] = row % 2 == 0 ? .nan : .infinity }
        for box in decode(rows, classes: 3, over: 0.1) {
            #expect(box.box.x.isFinite && box.box.width.isFinite && box.score.isFinite)
        }
        #expect(decode(raw.map { row in Array(row[..<2]) + [500, 500] + Array(row[4...]) }, classes: 3, over: 0).isEmpty)
        #expect(decode([], classes: 3, over: 0).isEmpty)
        #expect(decode(Array(raw.prefix(5)), classes: 3, over: 0).count <= 5)
    }

    private func near(_ box: Box, _ wanted: [Double]) -> Bool {
        zip([box.x, box.y, box.right, box.bottom], wanted).allSatisfy { abs($0 - $1) < 1e-3 }
    }

    private func expectEqual(_ got: [ScoredBox], _ wanted: [ScoredBox]) {
        #expect(got.count == wanted.count)
        for (a, b) in zip(got, wanted) { #expect(a.box.iou(b.box) > 0.9999 && abs(a.score - b.score) < 1e-5) }
    }
}

func logit(_ p: Float) -> Float { Float(-log(1 / Double(p) - 1)) }
