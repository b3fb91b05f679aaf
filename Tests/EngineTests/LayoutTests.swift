import Engine
import Testing

/// Whole plans over blocked maps against the same networks computed layer by layer on plain tensors.
struct LayoutTests {
    static let instructionSets = InstructionSet.available.map(\.name)

    private func compare(_ graph: Graph, _ kernels: KernelSelection, threads: Int = 1, seed: UInt64, _ context: String) throws {
        var random = SeededGenerator(seed: seed)
        let plain = try Plan(graph, kernels: .plain), fast = try Plan(graph, kernels: kernels, threads: threads)
        var inputs: [String: Tensor] = [:]
        for input in plain.inputs { inputs[input.name] = .random(input.shape, &random) }
        let want = try Executor(plain).run(inputs)
        let executor = Executor(fast)
        // Twice: what the first run left in the memory must not show.
        _ = try executor.run(inputs)
        let got = try executor.run(inputs)
        for output in graph.outputs {
            let error = worstError(got[output.name]?.floats ?? [], (want[output.name]?.floats ?? []).map { Double($0) })
            #expect(error < 1e-4, "\(context) \(output.name): \(fast.operatorNames)")
        }
    }

    @Test("Random networks give the same over blocked maps, on every instruction set, alone and in batches", arguments: instructionSets)
    func randomNetworks(name: String) throws {
        let instructions = try #require(InstructionSet(named: name))
        let kernels = KernelSelection(instructions: instructions)
        for seed in 0..<(name == "plain" ? 25 : 80) {
            let network = RandomNetwork(seed: UInt64(seed), layers: 4 + seed % 14, batch: [1, 1, 2, 3][seed % 4])
            try compare(network.graph, kernels, seed: UInt64(seed), "\(name) \(seed)")
        }
    }

    @Test("bf16 stays near f32 on random networks", .enabled(if: try InstructionSet.wanted().multipliesBFloat16, "no bf16 is multiplied here"))
    func bfloat16() throws {
        var random = SeededGenerator(seed: 8)
        var graph = Graph()
        let x = graph.addInput("x", shape: [2, 3, 32, 24])
        var y = graph.convolution(x, weights: .scaled([32, 3, 3, 3], &random), stride: 2, padding: 1, activation: .relu)
        for stride in [1, 1, 2, 1] {
            let skip = y
            y = graph.convolution(y, weights: .scaled([32, 32, 3, 3], &random), stride: stride, padding: 1, activation: .relu)
            y = graph.convolution(y, weights: .scaled([32, 32, 1, 1], &random))
            if stride == 1 { y = graph.sum(y, skip) }
        }
        y = graph.transposedConvolution(y, weights: .scaled([32, 32, 4, 4], &random), stride: 2, padding: 1, activation: .relu)
        graph.addOutput("y", graph.convolution(y, weights: .scaled([5, 32, 1, 1], &random)))
        let input = ["x": Tensor.random([2, 3, 32, 24], &random)]
        let want = try #require(try Executor(Plan(graph)).run(input)["y"]?.floats)
        graph.precision = .bfloat16
        let plan = try Plan(graph)
        #expect(plan.layers.contains { $0.method.contains("bf16") })
        let got = try #require(try Executor(plan).run(input)["y"]?.floats)
        #expect(worstError(got, want.map { Double($0) }) < 2e-2)
        #expect(got != want)
    }

    @Test("Several threads inside a layer change no bit of the result")
    func threads() throws {
        var random = SeededGenerator(seed: 5)
        var graph = Graph()
        let x = graph.addInput("x", shape: [1, 3, 96, 80])
        var y = graph.convolution(x, weights: .random([48, 3, 7, 7], &random), stride: 2, padding: 3, activation: .relu)
        let skip = graph.convolution(y, weights: .random([64, 48, 3, 3], &random), padding: 1, activation: .silu)
        y = graph.convolution(skip, weights: .random([64, 64, 3, 3], &random), padding: 1)
        y = graph.activation(graph.sum(y, skip), .relu)
        y = graph.convolution(y, weights: .random([64, 1, 5, 5], &random), padding: 2, groups: 64)
        y = graph.transposedConvolution(y, weights: .random([64, 40, 4, 4], &random), stride: 2, padding: 1)
        graph.addOutput("y", graph.maxPool(y, kernel: 5, stride: 1, padding: 2))
        let input = ["x": Tensor.random([1, 3, 96, 80], &random)]
        let alone = try Executor(Plan(graph)).run(input)["y"]?.floats
        for threads in [2, 3, 5] {
            let executor = Executor(try Plan(graph, threads: threads))
            for _ in 0..<5 { #expect(try executor.run(input)["y"]?.floats == alone) }
        }
    }

    @Test("Sums and activations go into the layer before; whole blocks are joined without a copy")
    func fusion() throws {
        var random = SeededGenerator(seed: 6)
        var graph = Graph()
        let x = graph.addInput("x", shape: [1, 3, 20, 20])
        let stem = graph.convolution(x, weights: .random([32, 3, 3, 3], &random), padding: 1, activation: .relu)
        let a = graph.convolution(stem, weights: .random([32, 32, 3, 3], &random), padding: 1)
        let sum = graph.activation(graph.sum(a, stem), .relu)
        let b = graph.convolution(sum, weights: .random([16, 32, 1, 1], &random))
        let joined = graph.concatenation([sum, b])
        graph.addOutput("y", graph.convolution(joined, weights: .random([8, 48, 1, 1], &random)))
        let plan = try Plan(graph)
        #expect(plan.operatorNames == ["Interleave", "Conv", "Conv+Add", "Conv", "Conv", "Unblock"])
        try compare(graph, .fast, seed: 7, "fusion")
    }

    @Test("A 1x1 convolution behind an enlargement works on the small map, of a concatenation on each part")
    func smallMaps() throws {
        var random = SeededGenerator(seed: 9)
        for mode in [Resize.Mode.linear, .nearest(.floor)] {
            var graph = Graph()
            let x = graph.addInput("x", shape: [2, 70, 6, 5])
            let small = graph.convolution(x, weights: .scaled([80, 70, 3, 3], &random), padding: 1, activation: .relu)
            let large = graph.transposedConvolution(small, weights: .scaled([80, 64, 4, 4], &random), stride: 2, padding: 1, activation: .relu)
            let lifted = graph.resize(small, scale: 2, mode, .alignCorners)
            let one = graph.convolution(lifted, weights: .scaled([96, 80, 1, 1], &random), bias: .random([96], &random), activation: .relu)
            let joined = graph.concatenation([graph.resize(one, scale: 2, mode), graph.resize(large, scale: 2, mode)])
            let kept = graph.resize(large, scale: 2, mode)
            let two = graph.convolution(
                graph.concatenation([kept, joined]), weights: .scaled([40, 224, 1, 1], &random), bias: .random([40], &random), activation: .silu)
            graph.addOutput("y", two)
            graph.addOutput("kept", kept)
            try compare(graph, .fast, seed: 10, "small maps")
            let plan = try Plan(graph)
            #expect(plan.layers.contains { $0.method.hasPrefix("80x6x5 to 96x6x5") })
            #expect(plan.layers.contains { $0.method.hasPrefix("96x12x10 to 40x12x10") })
        }
    }

    @Test("Whoever asks for an instruction set that is not there is told which there are")
    func unknownInstructionSet() throws {
        #expect(throws: (any Error).self) { try InstructionSet.wanted(["POSESTREAM_ISA": "mmx"]) }
        #expect(try InstructionSet.wanted(["POSESTREAM_ISA": "plain"]).name == "plain")
        #expect(try InstructionSet.wanted([:]).name == InstructionSet.best.name)
    }
}

extension Tensor {
    /// Random weights under which values keep their size.
    fileprivate static func scaled(_ shape: [Int], _ random: inout SeededGenerator) -> Tensor {
        let scale = 1.7 / Float(shape[1...].reduce(1, *)).squareRoot()
        return Tensor(random.floats(shape.reduce(1, *)).map { $0 * scale }, shape: shape)
    }
}
