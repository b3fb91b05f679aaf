import Diagnostics
import Engine
import Networks
import TestSupport
import Testing

@Suite("Top-down networks against PyTorch in double precision")
struct TopDownNetworksTests {
    /// Small enough for every run; the others wait for the second tier.
    static let light = ["sb_r18_256x192", "sb_r18_k2_192x160", "sb_r18_k3_final3_256x192", "hrnet_w32_256x192"]
    static let heavy = [
        "sb_r34_256x192", "sb_r50_256x192", "sb_r101_256x192", "sb_r152_256x192", "sb_r50_384x288", "sb_r50_caffe_256x192",
        "sb_r50_mpii_256x256", "hrnet_w48_384x288", "cpn_r50_256x192", "cpn_r101_384x288", "tfcpn_r50_256x192", "tfcpn_r101_384x288",
    ]

    private func check(_ name: String) throws {
        let reference = try TopDownCase(name)
        switch try #require(TopDownConfiguration(name)) {
        case .simpleBaseline(let value): try check(SimpleBaseline(value, from: FormulaWeights()), reference, name)
        case .hrNet(let value): try check(HRNet(value, from: FormulaWeights()), reference, name)
        case .cpn(let value): try check(CPN(value, from: FormulaWeights()), reference, name)
        case .tensorFlowCPN(let value): try check(TensorFlowCPN(value, from: FormulaWeights()), reference, name)
        }
    }

    private func check(_ network: some Network, _ reference: TopDownCase, _ name: String) throws {
        let maps = reference.maps
        #expect(maps.count >= 8)
        let results = try network.run(reference.inputTensor, outputs: maps.map(\.name))
        maps.check(results, name)
    }

    @Test("every map agrees within 1e-4 of its largest value", arguments: light)
    func lightCases(_ name: String) throws { try check(name) }

    @Test("every map agrees within 1e-4 of its largest value (large cases)",
          .enabled(if: Heavy.isWanted, Comment(rawValue: Heavy.absent)), .serialized, arguments: heavy)
    func heavyCases(_ name: String) throws { try check(name) }

    @Test("a picture gives the same heatmaps alone and in a batch")
    func batch() throws {
        let network = try SimpleBaseline(.init(depth: .r18), from: FormulaWeights())
        let single = try TopDownCase("sb_r18_256x192").inputTensor
        let alone = try network.run(single, outputs: ["heatmaps"])["heatmaps"]
        let twice = Tensor(single.floats + single.floats.reversed(), shape: [2, 3, 256, 192])
        let both = try #require(try network.run(twice, outputs: ["heatmaps"])["heatmaps"])
        #expect(both.shape == [2, 17, 64, 48])
        let expected = try #require(alone).floats
        #expect(zip(both.floats, expected).allSatisfy { abs($0 - $1) < 1e-5 })
    }

    @Test("a size that does not fit is refused: with the size, the layer and what would fit")
    func misfit() throws {
        let network = try HRNet(.init(width: 32), from: BlankWeights())
        let failure = #expect(throws: Failure.self) { try network.graph(inputShape: [1, 3, 250, 190]) }
        #expect(failure?.kind == .data)
        let line = failure.map { "\($0)" } ?? ""
        #expect(line.contains("input 250x190: layer ") && line.contains("multiples of 32"), "\(line)")
    }
}
