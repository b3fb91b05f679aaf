import Engine
import Testing

@Suite("Measured algorithms")
struct MeasuredAlgorithmsTests {
    private static func network() -> (graph: Graph, input: [String: Tensor]) {
        var random = SeededGenerator(seed: 12)
        var graph = Graph()
        let x = graph.addInput("x", shape: [1, 32, 16, 12])
        var y = graph.convolution(x, weights: .random([64, 32, 3, 3], &random), padding: 1, activation: .relu)
        y = graph.convolution(y, weights: .random([64, 64, 3, 3], &random), padding: 1)
        graph.addOutput("y", graph.convolution(y, weights: .random([16, 64, 1, 1], &random)))
        return (graph, ["x": .random([1, 32, 16, 12], &random)])
    }

    private let layer = "1x64x16x12 to 1x64x16x12, 3x3 stride 1 dilation 1 f32"

    private func methods(_ plan: Plan) -> [String] { plan.layers.map(\.method).filter { $0.hasPrefix("64x16x12 to 64x16x12") } }

    @Test("What was measured decides, changes the result by rounding only, and words that nobody knows are ignored")
    func decides() throws {
        let (network, input) = Self.network()
        let plain = try #require(try Executor(Plan(network, kernels: .plain)).run(input)["y"]?.floats)
        let usual = methods(try Plan(network))
        let largest = plain.map(abs).max() ?? 1
        for algorithm in ["direct", "winograd2", "winograd4", "guess"] {
            var graph = network
            graph.measured = MeasuredAlgorithms(byLayer: [layer: algorithm])
            let plan = try Plan(graph)
            if algorithm == "guess" { #expect(methods(plan) == usual) } else { #expect(methods(plan).allSatisfy { $0.hasSuffix(algorithm) }) }
            let result = try #require(try Executor(plan).run(input)["y"]?.floats)
            #expect(zip(result, plain).allSatisfy { abs($0 - $1) <= 1e-4 * largest })
        }
        #expect(!usual.isEmpty, "the layer's name in this test is out of date")
    }

    @Test("A measurement tells of layers with several good ways, and keeps only what is faster than the model's choice")
    func measures() throws {
        var random = SeededGenerator(seed: 13)
        var network = Graph()
        // Between large and small tiles the model is unsure: of the first size on AVX-512, of the second on all other sets.
        for (name, height, width) in [("large", 12, 9), ("small", 8, 6)] {
            let x = network.addInput(name, shape: [1, 64, height, width])
            let y = network.convolution(x, weights: .random([64, 64, 3, 3], &random), padding: 1, activation: .relu)
            network.addOutput("\(name) result", network.convolution(y, weights: .random([64, 64, 3, 3], &random), padding: 1))
        }
        let (measured, findings) = try MeasuredAlgorithms.measure(network, runs: 3)
        #expect(!findings.isEmpty, "the model is sure of every layer here: take other sizes")
        for finding in findings {
            #expect(finding.milliseconds.count > 1 && finding.milliseconds.values.allSatisfy { $0 > 0 })
            #expect(finding.milliseconds[finding.fastest] ?? .infinity <= finding.milliseconds[finding.chosenByModel] ?? 0)
            #expect((measured.byLayer[finding.layer] != nil) == (finding.fastest != finding.chosenByModel))
        }
        #expect(Set(measured.byLayer.keys).isSubset(of: findings.map(\.layer)))
    }
}
