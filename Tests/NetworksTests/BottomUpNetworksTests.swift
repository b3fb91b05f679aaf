import Foundation
import Engine
import Networks
import TestSupport
import Testing

@Suite("Bottom-up networks and RetinaNet against PyTorch")
struct BottomUpNetworksTests {
    private func check(_ network: some Network, _ reference: BottomUpCase, _ name: String, macs: Int?) throws {
        let input = try #require(reference.input)
        let picture = reference.picture(input)
        let inputCheck = try #require(reference.input_check)
        reference.map(inputCheck).check(picture, name)

        let maps = reference.maps
        let results = try network.run(picture, outputs: maps.map(\.name))
        maps.check(results, name)
        #expect(try network.multiplyAdds(inputShape: input.shape) == macs, "\(name)")
    }

    @Test("Lightweight OpenPose with one refinement stage")
    func lightweightOpenPose1() throws {
        let reference = try BottomUpCase("lop1_256x456")
        let network = try LightweightOpenPose(.init(refinementStages: 1), from: reference.weights)
        try check(network, reference, "lop1_256x456", macs: reference.macs)
    }

    @Test("Lightweight OpenPose with three refinement stages", .enabled(if: Heavy.isWanted, Comment(rawValue: Heavy.absent)))
    func lightweightOpenPose3() throws {
        let reference = try BottomUpCase("lop3_256x456")
        let network = try LightweightOpenPose(.init(refinementStages: 3), from: reference.weights)
        try check(network, reference, "lop3_256x456", macs: reference.macs)
    }

    @Test("MultiPoseNet", .enabled(if: Heavy.isWanted, Comment(rawValue: Heavy.absent)), .serialized, arguments: [ResNet.Depth.r50, .r101])
    func multiPoseNet(_ depth: ResNet.Depth) throws {
        let name = "mpn\(depth.rawValue)_480x480"
        let reference = try BottomUpCase(name)
        try check(MultiPoseNet(.init(depth: depth), from: reference.weights), reference, name, macs: reference.macs)
    }

    @Test("RetinaNet of torchvision", .enabled(if: Heavy.isWanted, Comment(rawValue: Heavy.absent)))
    func retinaNet() throws {
        let reference = try BottomUpCase("retinanet_tv_256x320")
        let network = try RetinaNet(.init(batchNormEpsilon: 1e-5), from: reference.weights)
        try check(network, reference, "retinanet_256x320", macs: reference.macs)

        // For persons only, the same numbers with a fraction of the work.
        let picture = reference.picture(try #require(reference.input))
        let all = try #require(try network.run(picture, outputs: ["cls_logits"])["cls_logits"])
        let persons = try RetinaNet(.init(onlyClass: 1, batchNormEpsilon: 1e-5), from: reference.weights)
        let only = try #require(try persons.run(picture, outputs: ["cls_logits"])["cls_logits"])
        #expect(only.shape == [1, all.shape[1], 1])
        let expected = all.floats
        #expect(only.floats.enumerated().allSatisfy { abs($1 - expected[91 * $0 + 1]) < 1e-5 })
    }

    @Test("the pose residual network, three boxes at once", .enabled(if: Heavy.isWanted, Comment(rawValue: Heavy.absent)))
    func poseResidualNetwork() throws {
        let reference = try BottomUpCase("prn_batch3")
        let network = try PoseResidualNetwork(.init(prefix: "prn."), from: reference.weights)
        let grid = try blurred(try #require(reference.cells_box_joint_y_x))
        let maps = reference.maps
        maps.first { $0.name == "input" }?.check(grid, "prn")
        let names = maps.map(\.name).filter { $0 != "input" }
        #expect(names.count == 4)
        let results = try network.run(grid, outputs: names)
        maps.filter { $0.name != "input" }.check(results, "prn_batch3")
        let perBox = try #require(reference.macs_per_box)
        #expect(try network.multiplyAdds(inputShape: grid.shape) == 3 * perBox)
        // The softmax runs over all values of a box.
        let output = try #require(results["output"]).floats
        for box in 0..<3 {
            let sum = output[box * 34272..<(box + 1) * 34272].reduce(0.0) { $0 + Double($1) }
            #expect(abs(sum - 1) < 1e-5)
        }
    }

    /// Ones in the cells, each plane blurred by a Gaussian of sigma 1 over 9 cells, the border repeated.
    private func blurred(_ cells: [[Int]]) throws -> Tensor {
        let (rows, columns, joints) = (PoseResidualNetwork.rows, PoseResidualNetwork.columns, PoseResidualNetwork.joints)
        let raw = (-4...4).map { exp(-0.5 * Double($0 * $0)) }
        let taps = raw.map { $0 / raw.reduce(0, +) }
        var values = [Double](repeating: 0, count: 3 * rows * columns * joints)
        func at(_ b: Int, _ y: Int, _ x: Int, _ j: Int) -> Int { ((b * rows + y) * columns + x) * joints + j }
        for cell in cells { values[at(cell[0], cell[2], cell[3], cell[1])] = 1 }
        for axis in 0..<2 {
            let before = values
            for b in 0..<3 {
                for y in 0..<rows {
                    for x in 0..<columns {
                        for j in 0..<joints {
                            values[at(b, y, x, j)] = (-4...4).reduce(0.0) { sum, tap in
                                let yy = axis == 0 ? min(max(y + tap, 0), rows - 1) : y
                                let xx = axis == 1 ? min(max(x + tap, 0), columns - 1) : x
                                return sum + taps[tap + 4] * before[at(b, yy, xx, j)]
                            }
                        }
                    }
                }
            }
        }
        return Tensor(values.map { Float($0) }, shape: [3, rows, columns, joints])
    }
}
