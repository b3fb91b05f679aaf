import Engine
import Estimation
import Foundation
import Geometry
import Networks
import TestSupport
import Testing

/// fixtures/bottomup/prn_assign.json, `with_network`: from joints and boxes through the whole pose residual network to owners.
@Suite("The pose residual network deals joints out", .enabled(if: Heavy.isWanted, Comment(rawValue: Heavy.absent)))
struct ResidualNetworkTests {
    private struct File: Decodable {
        struct Output: Decodable {
            var joint_box_peak_score: [[Double]]
            var owner_by_box_joint: [[Int?]]
        }
        struct Case: Decodable {
            var name: String
            var boxes_x_y_w_h: [[Double]]
            var peaks_by_coco_joint_x_y: [[[Double]]]
            var with_network: Output
        }
        var cases: [Case]
    }

    @Test("as the official code with the same weights does: the same scores, the same owners", .timeLimit(.minutes(Hang.minutes)))
    func owners() throws {
        let weights = FormulaWeights(.bottomUp(gains: [("dens1.weight", 40)]))
        let network = try PoseResidualNetwork(.init(prefix: "prn."), from: weights)
        let cases = try Fixture.decode(File.self, from: "bottomup/prn_assign.json").cases
        #expect(cases.count == 3)
        var worst = 0.0, largest = 0.0
        for golden in cases {
            let boxes = golden.boxes_x_y_w_h.map { Box(x: $0[0], y: $0[1], width: $0[2], height: $0[3]) }
            let grid = ResidualGrid(golden.peaks_by_coco_joint_x_y.map { $0.map { Point(x: $0[0], y: $0[1]) } }, boxes: boxes)
            let shape = [boxes.count, ResidualGrid.rows, ResidualGrid.columns, ResidualGrid.joints]
            let executor = Executor(try Plan(network.graph(inputShape: shape)))
            executor.withInput(0) { grid.fill($0.floats) }
            try executor.run()
            let scores = grid.scores(UnsafeBufferPointer(executor.output(0).floats))

            let wanted = golden.with_network
            var count = 0
            for (joint, list) in scores.enumerated() {
                for entry in list {
                    let official = wanted.joint_box_peak_score.first { $0[0] == Double(joint) && $0[1] == Double(entry.box) && $0[2] == Double(entry.peak) }
                    let difference = abs((official?[3] ?? .infinity) - Double(entry.score))
                    (worst, largest) = (max(worst, difference), max(largest, official?[3] ?? 0))
                    #expect(difference <= 5e-7, "\(golden.name), joint \(joint), box \(entry.box), peak \(entry.peak)")
                    count += 1
                }
            }
            #expect(count == wanted.joint_box_peak_score.count)
            let owners = scores.map { ResidualAssignment.owners($0, boxes: boxes.count) }
            for (box, own) in wanted.owner_by_box_joint.enumerated() {
                #expect(owners.map { $0[box] } == own, "\(golden.name), box \(box)")
            }
        }
        Agreement.tell(
            "MultiPoseNet", "joints and boxes through the PRN, \(cases.count) scenes",
            "the same owners, scores within \(Agreement.text(worst / largest)) of the largest")
    }
}
