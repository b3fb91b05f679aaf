import CKernels
import Detection
import Engine
import Foundation
import Geometry
import Pose
import Sampling
import TestSupport
import Testing

/// fixtures/bottomup/tv_*.json and mpn_*.json: equal to torchvision's and MultiPoseNet.pytorch's own code.
@Suite("RetinaNet's boxes") struct RetinaNetTests {
    private static let tolerance = 1e-3

    private func equal(_ box: Box, _ corners: some Collection<Double>, within tolerance: Double = tolerance) -> Bool {
        zip([box.x, box.y, box.right, box.bottom], corners).allSatisfy { abs($0 - $1) <= tolerance }
    }

    // MARK: Anchors

    private struct MultiPoseAnchors: Decodable {
        struct Case: Decodable {
            var h: Int
            var w: Int
            var count: Int
            var sum: [Double]
            var index_x1_y1_x2_y2: [[Double]]
        }
        var cases: [Case]
    }

    @Test("MultiPoseNet's anchors")
    func multiPoseNetAnchors() throws {
        for golden in try Fixture.decode(MultiPoseAnchors.self, from: "bottomup/mpn_anchors.json").cases {
            let pyramid = AnchorPyramid(.multiPoseNet, input: InputSize(width: golden.w, height: golden.h))
            #expect(pyramid.count == golden.count)
            let anchors = pyramid.levels.flatMap { level in (0..<level.count).map { level[$0] } }
            for row in golden.index_x1_y1_x2_y2 {
                let anchor = anchors[Int(row[0])]
                #expect((0..<4).allSatisfy { abs(Double(anchor[$0]) - row[$0 + 1]) <= Self.tolerance })
            }
            let sum = anchors.reduce(SIMD4<Double>.zero) { $0 + SIMD4<Double>($1) }
            #expect((0..<4).allSatisfy { abs(sum[$0] - golden.sum[$0]) <= 1e-7 * golden.sum[3] })
        }
    }

    private struct VisionAnchors: Decodable {
        struct Case: Decodable {
            var h: Int
            var w: Int
            var counts: [Int]
            var sum: [Double]
            var level_index_x1_y1_x2_y2: [[Double]]
        }
        var cases: [Case]
    }

    @Test("torchvision's anchors, also where the padded size is no multiple of the stride")
    func visionAnchors() throws {
        for golden in try Fixture.decode(VisionAnchors.self, from: "bottomup/tv_anchors.json").cases {
            let pyramid = AnchorPyramid(.torchvision, input: InputSize(width: golden.w, height: golden.h))
            #expect(pyramid.levels.map(\.count) == golden.counts)
            for row in golden.level_index_x1_y1_x2_y2 {
                let anchor = pyramid.levels[Int(row[0])][Int(row[1])]
                #expect((0..<4).allSatisfy { abs(Double(anchor[$0]) - row[$0 + 2]) <= Self.tolerance })
            }
            let sum = pyramid.levels.flatMap { level in (0..<level.count).map { SIMD4<Double>(level[$0]) } }.reduce(.zero, +)
            #expect((0..<4).allSatisfy { abs(sum[$0] - golden.sum[$0]) <= 1e-7 * golden.sum[3] })
        }
    }

    // MARK: Decoding

    private struct MultiPoseDecode: Decodable {
        var h: Int
        var w: Int
        var anchors: Int
        var first_20_boxes: [[Double]]
        var kept: [Int]
        var kept_boxes_score: [[Double]]
    }

    @Test("MultiPoseNet's boxes and those that its suppression keeps")
    func multiPoseNet() throws {
        let golden = try Fixture.decode(MultiPoseDecode.self, from: "bottomup/mpn_decode.json")
        let size = InputSize(width: golden.w, height: golden.h)
        let decoder = RetinaNetDecoder(.multiPoseNet, input: size, content: size)
        #expect(decoder.anchors == golden.anchors)
        let deltas = FormulaStream.signed("mpn_decode:reg", golden.anchors * 4, scale: 2)
        let scores = FormulaStream.unit("mpn_decode:cls", golden.anchors).map { Float($0) * 0.2 }
        let level = AnchorPyramid(.multiPoseNet, input: size).levels[0]
        for (index, corners) in golden.first_20_boxes.enumerated() {
            let delta = SIMD4(deltas[4 * index], deltas[4 * index + 1], deltas[4 * index + 2], deltas[4 * index + 3])
            #expect(equal(try #require(decoder.box(level[index], delta)), corners))
        }
        let found = scores.withUnsafeBufferPointer { scores in
            deltas.withUnsafeBufferPointer { decoder.decode(scores: scores, areLogits: false, classes: 1, deltas: $0) }
        }
        #expect(found.count == golden.kept.count)
        for (box, wanted) in zip(found, golden.kept_boxes_score) {
            #expect(equal(box.box, wanted) && abs(Double(box.score) - wanted[4]) <= 1e-4, "\(box) \(wanted)")
        }
    }

    private struct VisionPost: Decodable {
        struct Result: Decodable {
            var count: Int
            var boxes_score_label: [[Double]]
        }
        struct Clipped: Decodable {
            var anchor: [Float]
            var delta: [Float]
            var box: [Double]
        }
        var h: Int
        var w: Int
        var picture_h_w: [Int]
        var original_h_w: [Int]
        var classes: Int
        var `default`: Result
        var topk50_limit20: Result
        var clip_exp: Clipped
    }

    @Test("torchvision's boxes, scores and labels")
    func vision() throws {
        let golden = try Fixture.decode(VisionPost.self, from: "bottomup/tv_post.json")
        let input = InputSize(width: golden.w, height: golden.h)
        let content = InputSize(width: golden.picture_h_w[1], height: golden.picture_h_w[0])
        var decoder = RetinaNetDecoder(.torchvision, input: input, content: content)
        var logits: [Float] = [], deltas: [Float] = []
        for (number, level) in AnchorPyramid(.torchvision, input: input).levels.enumerated() {
            logits += FormulaStream.unit("tv_post:cls\(number)", level.count * golden.classes).map { Float((2 * $0 - 1) * 4 - 2) }
            deltas += FormulaStream.signed("tv_post:reg\(number)", level.count * 4, scale: 0.6)
        }
        let x = Double(Float(golden.original_h_w[1]) / Float(content.width)), y = Double(Float(golden.original_h_w[0]) / Float(content.height))
        func check(_ golden: VisionPost.Result, classes: Int) {
            let found = logits.withUnsafeBufferPointer { logits in
                deltas.withUnsafeBufferPointer { decoder.decode(scores: logits, areLogits: true, classes: classes, deltas: $0) }
            }
            #expect(found.count == golden.count)
            for (place, wanted) in golden.boxes_score_label.enumerated() {
                // A few scores are equal but for rounding: neighbours may change places.
                let near = found[max(place - 2, 0)..<min(place + 3, found.count)]
                #expect(
                    near.contains { found in
                        let box = Box(x: found.box.x * x, y: found.box.y * y, width: found.box.width * x, height: found.box.height * y)
                        return equal(box, wanted, within: 2e-3) && abs(Double(found.score) - wanted[4]) <= 1e-4 && found.label == Int(wanted[5])
                    }, "\(place): \(wanted)")
            }
        }
        check(golden.default, classes: golden.classes)
        decoder.levelLimit = 50
        decoder.limit = 20
        check(golden.topk50_limit20, classes: golden.classes)

        // One class of several gives the same as the others left out, but for the shared limits.
        decoder = RetinaNetDecoder(.torchvision, input: input, content: content)
        decoder.levelLimit = 100_000
        decoder.limit = 100_000
        let own = logits.withUnsafeBufferPointer { logits in
            deltas.withUnsafeBufferPointer { deltas in
                [decoder.decode(scores: logits, areLogits: true, classes: golden.classes, only: 1, deltas: deltas),
                 decoder.decode(scores: logits, areLogits: true, classes: golden.classes, deltas: deltas).filter { $0.label == 1 }]
            }
        }
        #expect(own[0] == own[1] && !own[0].isEmpty)

        let (anchor, delta) = (golden.clip_exp.anchor, golden.clip_exp.delta)
        let wide = RetinaNetDecoder(.torchvision, input: input, content: InputSize(width: 8000, height: 8000))
        let box = try #require(wide.box(SIMD4(anchor[0], anchor[1], anchor[2], anchor[3]), SIMD4(delta[0], delta[1], delta[2], delta[3])))
        #expect(abs(box.right - golden.clip_exp.box[2]) < 1e-3 && box.x == 0)
    }

    @Test("numbers beyond all measure give no box")
    func nonsense() {
        let size = InputSize(width: 64, height: 64)
        for rules in [AnchorPyramid.Rules.torchvision, .multiPoseNet] {
            let decoder = RetinaNetDecoder(rules, input: size, content: size)
            let deltas = [Float](repeating: .nan, count: decoder.anchors * 4), huge = [Float](repeating: 1e30, count: decoder.anchors * 4)
            let scores = [Float](repeating: 0.9, count: decoder.anchors)
            for rows in [deltas, huge] {
                let found = scores.withUnsafeBufferPointer { scores in
                    rows.withUnsafeBufferPointer { decoder.decode(scores: scores, areLogits: false, classes: 1, deltas: $0) }
                }
                #expect(found.allSatisfy { $0.box.x.isFinite && $0.box.width.isFinite })
            }
        }
    }

    // MARK: Input

    private struct Sizes: Decodable {
        var rows: [[Int]]
    }

    @Test("the sizes to which pictures are scaled and padded")
    func sizes() throws {
        for row in try Fixture.decode(Sizes.self, from: "bottomup/tv_sizes.json").rows {
            let placement = RetinaNetDetector.Placement(
                picture: InputSize(width: row[1], height: row[0]), shorterSide: row[2], longerSide: row[3])
            #expect(placement.content == InputSize(width: row[5], height: row[4]), "\(row)")
            #expect(placement.input == InputSize(width: row[7], height: row[6]), "\(row)")
        }
    }

    private struct Preprocess: Decodable {
        struct Case: Decodable {
            var picture: FormulaPicture
            var min_size: Int
            var max_size: Int
            var network_input: GoldenSamples
        }
        var tolerance: Double
        var cases: [Case]
    }

    @Test("what the network sees equals torchvision's transform")
    func preprocessing() throws {
        let file = try Fixture.decode(Preprocess.self, from: "bottomup/tv_preprocess.json")
        for golden in file.cases {
            let (width, height) = (golden.picture.w, golden.picture.h)
            let picture = golden.picture.picture
            let placement = RetinaNetDetector.Placement(
                picture: InputSize(width: width, height: height), shorterSide: golden.min_size, longerSide: golden.max_size)
            var planes = [Float](repeating: -9, count: 3 * placement.input.width * placement.input.height)
            planes.withUnsafeMutableBufferPointer {
                PixelNormalization.imageNet.resize(
                    picture.image,
                    scale: (Double(placement.content.width) / Double(width), Double(placement.content.height) / Double(height)),
                    content: placement.content, rest: .zero, size: placement.input, into: $0)
            }
            let difference = golden.network_input.differences(to: planes)
            #expect(difference.sample <= file.tolerance && difference.norm <= 1e-5, "\(difference)")
        }
    }

    @Test("its outputs are recognised, and those of other networks are not")
    func recognised() {
        let input = InputSize(width: 320, height: 256)
        let anchors = AnchorPyramid(.torchvision, input: input).count
        #expect(DetectorKind.recognise([[1, anchors, 91], [1, anchors, 4]], input: input) == .retinaNet(classes: 91))
        #expect(DetectorKind.recognise([[1, anchors, 1], [1, anchors, 4]], input: input) == .retinaNet(classes: 1))
        #expect(DetectorKind.recognise([[1, anchors - 9, 91], [1, anchors - 9, 4]], input: input) == nil)
        #expect(DetectorKind.recognise([[1, anchors, 91], [1, anchors, 5]], input: input) == nil)
    }
}
