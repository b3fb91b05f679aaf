import Detection
import Engine
import Foundation
import Geometry
import Networks
import Sampling
import TestSupport
import Testing

/// fixtures/networks/bottomup: from a picture through the whole network to boxes, against the official codes with the same weights.
@Suite("Whole detectors", .enabled(if: Heavy.isWanted, Comment(rawValue: Heavy.absent)), .serialized)
struct WholeDetectorTests {
    private struct Reference: Decodable {
        struct Input: Decodable {
            var name: String
            var shape: [Int]
        }

        var input: Input
        var first_30_boxes_after_nms: [[Double]]?
        var first_30_boxes_score_label: [[Double]]?
        var final_count: Int?

        var picture: Tensor { Tensor(FormulaStream.picture(input.name, height: input.shape[2], width: input.shape[3]), shape: input.shape) }
    }

    private func outputs(_ network: some Network, _ reference: Reference) throws -> (scores: Tensor, deltas: Tensor) {
        let names = network.outputNames.filter { ["classification", "regression", "cls_logits", "bbox_regression"].contains($0) }
        let results = try Executor(Plan(network.graph(inputShape: reference.input.shape, outputs: names))).run(["input": reference.picture])
        return (try #require(results[names[0]]), try #require(results[names[1]]))
    }

    private func decode(
        _ decoder: RetinaNetDecoder, _ outputs: (scores: Tensor, deltas: Tensor), areLogits: Bool, classes: Int
    ) -> [RetinaNetDecoder.Found] {
        outputs.scores.floats.withUnsafeBufferPointer { scores in
            outputs.deltas.floats.withUnsafeBufferPointer { decoder.decode(scores: scores, areLogits: areLogits, classes: classes, deltas: $0) }
        }
    }

    /// Many scores are nearly equal, so that two of thirty may be others.
    private func check(_ found: [(box: Box, score: Double)], _ wanted: [[Double]], _ system: String, _ subject: String) {
        var worst = 0.0
        let equal = wanted.count { row in
            let box = Box(left: row[0], top: row[1], right: row[2], bottom: row[3])
            guard let match = found.first(where: { $0.box.iou(box) >= 0.99 && abs($0.score - row[4]) <= 1e-3 }) else { return false }
            worst = max(worst, abs(match.box.x - box.x), abs(match.box.y - box.y), abs(match.box.right - box.right), abs(match.box.bottom - box.bottom))
            return true
        }
        #expect(equal >= wanted.count - 2, "\(subject): \(equal) of \(wanted.count)")
        Agreement.tell(system, "\(subject), the best \(wanted.count) boxes", "\(equal) the same, corners within \(Agreement.text(worst)) px")
    }

    @Test("MultiPoseNet's people", .timeLimit(.minutes(Hang.minutes)), arguments: [ResNet.Depth.r50, .r101])
    func multiPoseNet(_ depth: ResNet.Depth) throws {
        let name = "mpn\(depth.rawValue)_480x480"
        let reference = try Fixture.decode(Reference.self, from: "networks/bottomup/\(name).json")
        let gains: [(suffix: String, gain: Double)] = [("Model.conv3.weight", 1), ("conv3.weight", 0.2), ("Model.output.weight", 0.04), ("convfin.weight", 0.05), ("toplayer.weight", 0.5)]
        let network = try MultiPoseNet(.init(depth: depth), from: FormulaWeights(.bottomUp(gains: gains)))
        let size = InputSize(width: reference.input.shape[3], height: reference.input.shape[2])
        let found = decode(RetinaNetDecoder(.multiPoseNet, input: size, content: size), try outputs(network, reference), areLogits: false, classes: 1)
        check(
            found.prefix(40).map { ($0.box, Double($0.score)) }, try #require(reference.first_30_boxes_after_nms), "MultiPoseNet", name)
    }

    @Test("torchvision's RetinaNet, all classes", .timeLimit(.minutes(Hang.minutes)))
    func retinaNet() throws {
        let reference = try Fixture.decode(Reference.self, from: "networks/bottomup/retinanet_tv_256x320.json")
        let gains: [(suffix: String, gain: Double)] = [("conv3.weight", 0.2), ("cls_logits.weight", 0.08), ("bbox_reg.weight", 0.04)]
        let network = try RetinaNet(.init(batchNormEpsilon: 1e-5), from: FormulaWeights(.bottomUp(gains: gains)))
        // The picture covers 250 lines of 311 columns, half of its own.
        let decoder = RetinaNetDecoder(.torchvision, input: InputSize(width: 320, height: 256), content: InputSize(width: 311, height: 250))
        let found = decode(decoder, try outputs(network, reference), areLogits: true, classes: 91)
        #expect(found.count == reference.final_count)
        let wanted = try #require(reference.first_30_boxes_score_label)
        let people = found.prefix(40).map { found in
            (box: Box(x: 2 * found.box.x, y: 2 * found.box.y, width: 2 * found.box.width, height: 2 * found.box.height), score: Double(found.score))
        }
        check(people, wanted, "RetinaNet", "retinanet_256x320")
        #expect(found.prefix(30).count { $0.label == Int(wanted[0][5]) } == wanted.count { $0[5] == wanted[0][5] })
    }
}
