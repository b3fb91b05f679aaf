import Foundation
import Networks
import TestSupport
import Testing

@Suite("Parameters and multiply-adds")
struct CountsTests {
    private struct Counts: Decodable {
        var parameters: Int
        var macs: Int
        var keys_without_num_batches_tracked: Int
    }

    private func check<N: Network>(_ type: N.Type, _ configuration: N.Configuration, _ size: [Int], _ expected: Counts, _ name: String) throws {
        let parameters = N.parameters(configuration)
        #expect(parameters.trainedCount == expected.parameters, "\(name)")
        #expect(parameters.count == expected.keys_without_num_batches_tracked, "\(name)")
        #expect(Set(parameters.map(\.name)).count == parameters.count, "\(name)")
        let network = try N(configuration, from: Self.blank)
        let shape = network.inputShape(batch: 1, height: size[0], width: size[1])
        #expect(try network.multiplyAdds(inputShape: shape) == expected.macs, "\(name)")
    }

    private static let blank = BlankWeights()

    @Test("of every top-down configuration equal those counted with PyTorch")
    func topDown() throws {
        let file = Shared.fixture("networks/topdown_counts.json")
        let counts = try JSONDecoder().decode([String: Counts].self, from: Data(contentsOf: file))
        #expect(counts.count == 30)
        for (name, expected) in counts {
            let size = try #require(name.split(separator: "_").last).split(separator: "x").compactMap { Int($0) }
            let configuration = try #require(TopDownConfiguration(name))
            switch configuration {
            case .simpleBaseline(let value): try check(SimpleBaseline.self, value, size, expected, name)
            case .hrNet(let value): try check(HRNet.self, value, size, expected, name)
            case .cpn(let value): try check(CPN.self, value, size, expected, name)
            case .tensorFlowCPN(let value): try check(TensorFlowCPN.self, value, size, expected, name)
            }
        }
    }

    private struct Keys: Decodable {
        struct Entry: Decodable {
            var name: String
            var shape: [Int]

            init(from decoder: any Decoder) throws {
                var container = try decoder.unkeyedContainer()
                name = try container.decode(String.self)
                shape = try container.decode([Int].self)
            }
        }

        var parameters: Int
        var tensors: [Entry]

        init(_ name: String) throws {
            self = try JSONDecoder().decode(Keys.self, from: Data(contentsOf: Shared.fixture("networks/keys_\(name).json")))
        }
    }

    private func check(_ parameters: [Parameter], _ name: String) throws {
        let keys = try Keys(name)
        #expect(parameters.trainedCount == keys.parameters, "\(name)")
        let expected = Dictionary(uniqueKeysWithValues: keys.tensors.map { ($0.name, $0.shape) })
        #expect(Dictionary(uniqueKeysWithValues: parameters.map { ($0.name, $0.shape) }) == expected, "\(name)")
    }

    @Test("names and shapes of all parameters of the bottom-up networks are those of the official files")
    func bottomUpKeys() throws {
        try check(LightweightOpenPose.parameters(.init(refinementStages: 1)), "lop1")
        try check(LightweightOpenPose.parameters(.init(refinementStages: 3)), "lop3")
        let residual = PoseResidualNetwork.parameters(.init(prefix: "prn."))
        try check(MultiPoseNet.parameters(.init(depth: .r50)) + residual, "mpn50")
        try check(MultiPoseNet.parameters(.init(depth: .r101)) + residual, "mpn101")
        try check(RetinaNet.parameters(.init()), "retinanet_tv")
    }

    @Test("multiply-adds of Lightweight OpenPose are those of its table", arguments: [
        // Stages, then at 256x456, 368x656, 368x368 in units of 10^9, from the paper's code.
        (0, [4.731, 9.783, 5.488]), (1, [7.656, 15.833, 8.882]), (2, [10.581, 21.882, 12.275]), (3, [13.507, 27.932, 15.669]),
    ])
    func lightweightOpenPose(_ stages: Int, _ expected: [Double]) throws {
        let network = try LightweightOpenPose(.init(refinementStages: stages), from: Self.blank)
        let counts = try [[256, 456], [368, 656], [368, 368]].map { try network.multiplyAdds(inputShape: [1, 3] + $0) }
        #expect(counts.map { (Double($0) / 1e6).rounded() / 1e3 } == expected)
    }
}

/// The configuration that a reference case's name stands for: "sb_r50_caffe_256x192".
enum TopDownConfiguration {
    case simpleBaseline(SimpleBaseline.Configuration), hrNet(HRNet.Configuration), cpn(CPN.Configuration), tensorFlowCPN(CPN.Configuration)

    init?(_ name: String) {
        let parts = name.split(separator: "_")
        let joints = parts.contains("mpii") ? 16 : 17
        guard parts.count >= 3, let number = Int(parts[1].dropFirst()) else { return nil }
        switch (parts[0], ResNet.Depth(rawValue: number)) {
        case ("hrnet", _): self = .hrNet(.init(width: number, joints: joints))
        case ("cpn", let depth?): self = .cpn(.init(depth: depth))
        case ("tfcpn", let depth?): self = .tensorFlowCPN(.init(depth: depth))
        case ("sb", let depth?):
            var configuration = SimpleBaseline.Configuration(depth: depth, style: parts.contains("caffe") ? .caffe : .pytorch, joints: joints)
            if parts.contains("k2") { configuration.deconvolutions = [64, 64, 48, 32].map { .init(filters: $0, kernel: 2) } }
            if parts.contains("k3") {
                configuration.deconvolutions = [256, 128].map { .init(filters: $0, kernel: 3) }
                configuration.deconvolutionBias = true
                configuration.finalKernel = 3
            }
            self = .simpleBaseline(configuration)
        default: return nil
        }
    }
}
