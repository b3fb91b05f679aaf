import Detection
import Foundation
import Geometry
import Pose
import Sampling
import TestSupport
import Testing

/// fixtures/bottomup/nanodet.json: decoded by the rules in NumPy.
@Suite("NanoDet decoding") struct NanoDetDecoderTests {
    struct File: Decodable {
        struct Case: Decodable {
            var name: String
            var h: Int
            var w: Int
            var strides: [Int]
            var centre_offset: Double
            var rows: Int
            var first_20_boxes: [[Double]]
            var last_box: [Double]
            var over: Int
            var kept: [Int]
            enum CodingKeys: String, CodingKey {
                case name, h, w, strides, centre_offset, rows, first_20_boxes, last_box
                case over = "over_0.4"
                case kept = "nms_0.6"
            }
        }
        var tolerance: Double
        var cases: [Case]
    }

    /// The layout that the shape of one combined output is recognised as.
    static func layout(_ golden: File.Case) throws -> NanoDetLayout {
        let kind = DetectorKind.recognise([[1, golden.rows, 33]], input: InputSize(width: golden.w, height: golden.h))
        guard case .nanoDet(let layout) = kind else { throw Missing() }
        return layout
    }

    struct Missing: Error {}

    private func decode(_ layout: NanoDetLayout, _ golden: File.Case, _ outputs: [[Float]], over threshold: Double) -> [ScoredBox] {
        let decoder = NanoDetDecoder(
            input: InputSize(width: golden.w, height: golden.h), layout: layout, scoreThreshold: threshold)
        var boxes: [ScoredBox] = []
        let buffers = outputs.map { values in
            let buffer = UnsafeMutableBufferPointer<Float>.allocate(capacity: values.count)
            _ = buffer.initialize(from: values)
            return buffer
        }
        defer { for buffer in buffers { buffer.deallocate() } }
        decoder.decode({ UnsafeBufferPointer(buffers[$0]) }, into: &boxes)
        return boxes
    }

    /// Rows of one score and 32 distances.
    private func joined(_ scores: [Float], _ distances: [Float]) -> [Float] {
        var rows: [Float] = []
        for (row, score) in scores.enumerated() {
            rows.append(score)
            rows.append(contentsOf: distances[row * 32..<row * 32 + 32])
        }
        return rows
    }

    @Test("boxes and suppression equal the reference, for both generations and odd sizes")
    func reference() throws {
        let file = try Fixture.decode(File.self, from: "bottomup/nanodet.json")
        #expect(file.cases.map(\.name) == ["m", "plus", "m_odd"])
        for golden in file.cases {
            let layout = try Self.layout(golden)
            #expect(layout.levels.map(\.stride) == golden.strides)
            #expect(layout.center == (golden.centre_offset == 0 ? .corner : .middle))
            let distances = FormulaStream.signed("nanodet:dist:" + golden.name, golden.rows * 32, scale: 3)
            let scores = FormulaStream.unit("nanodet:cls:" + golden.name, golden.rows).map { Float($0) }
            let rows = joined(scores, distances)

            let all = decode(layout, golden, [rows], over: 0)
            #expect(all.count == golden.rows)
            for (row, wanted) in (golden.first_20_boxes + [golden.last_box]).enumerated() {
                let box = all[row < 20 ? row : golden.rows - 1].box
                let got = [box.x, box.y, box.right, box.bottom]
                #expect(zip(got, wanted).allSatisfy { abs($0 - $1) < file.tolerance }, "\(golden.name) row \(row)")
            }
            let over = scores.indices.filter { scores[$0] > 0.4 }
            let found = decode(layout, golden, [rows], over: 0.4)
            #expect(found.count == golden.over && over.count == golden.over)
            #expect(BoxSuppression(threshold: 0.6).indices(found).map { over[$0] } == golden.kept)

            // The same from logits.
            let logits = joined(scores.map(logit), distances)
            let fromLogits = decode(layout, golden, [logits], over: 0.4)
            #expect(fromLogits.count == found.count)
            for (a, b) in zip(fromLogits, found) { #expect(a.box == b.box && abs(a.score - b.score) < 1e-5) }
        }
    }

    @Test("a pair of outputs for each stride gives the boxes of the combined output, half a pixel to the left")
    func pairs() throws {
        let golden = try #require(try Fixture.decode(File.self, from: "bottomup/nanodet.json").cases.first)
        let input = InputSize(width: golden.w, height: golden.h)
        let cells = golden.strides.map { (golden.w / $0) * (golden.h / $0) }
        let kind = DetectorKind.recognise(cells.map { [1, $0, 1] } + cells.map { [1, $0, 32] }, input: input)
        guard case .nanoDet(let layout) = kind else { throw Missing() }
        #expect(layout.center == .middlePixel && layout.keepsRatio)

        let distances = FormulaStream.signed("nanodet:dist:m", golden.rows * 32, scale: 3)
        let scores = FormulaStream.unit("nanodet:cls:m", golden.rows).map { Float($0) }
        var outputs: [[Float]] = []
        var start = 0
        for count in cells {
            outputs.append(Array(scores[start..<start + count]))
            start += count
        }
        start = 0
        for count in cells {
            outputs.append(Array(distances[start * 32..<(start + count) * 32]))
            start += count
        }
        let found = decode(layout, golden, outputs, over: 0)
        #expect(found.count == golden.rows)
        // Unclipped sides lie half a pixel to the left of the reference's centres.
        for (box, wanted) in zip(found, golden.first_20_boxes) where wanted[0] > 1 && wanted[2] < Double(golden.w - 1) {
            #expect(abs(box.box.x + 0.5 - wanted[0]) < 1e-3 && abs(box.box.right + 0.5 - wanted[2]) < 1e-3)
        }
    }

    @Test("outputs that are too short or hold no numbers give no box and no crash")
    func hostile() throws {
        let golden = try #require(try Fixture.decode(File.self, from: "bottomup/nanodet.json").cases.first)
        let layout = try Self.layout(golden)
        #expect(decode(layout, golden, [[]], over: 0).isEmpty)
        #expect(decode(layout, golden, [[Float](repeating: 0.9, count: 50)], over: 0).isEmpty)
        let nothing = [Float](repeating: .nan, count: golden.rows * 33)
        #expect(decode(layout, golden, [nothing], over: 0).isEmpty)
        let infinite = [Float](repeating: .infinity, count: golden.rows * 33)
        #expect(decode(layout, golden, [infinite], over: 0).isEmpty)
    }
}
