import Diagnostics
import Engine
import Testing

struct PassTests {
    /// Results of a graph with no pass at all and with all of them, from the same random inputs.
    private func compare(_ graph: Graph, _ random: inout SeededGenerator, location: SourceLocation = #_sourceLocation) throws -> Plan {
        let plain = try Plan(graph, passes: .none, kernels: .plain), rewritten = try Plan(graph, kernels: .plain)
        var inputs: [String: Tensor] = [:]
        for input in plain.inputs { inputs[input.name] = .random(input.shape, &random) }
        let want = try Executor(plain).run(inputs), got = try Executor(rewritten).run(inputs)
        let fast = try Executor(Plan(graph, kernels: .fast)).run(inputs)
        for output in graph.outputs {
            let expected = (want[output.name]?.floats ?? []).map { Double($0) }
            #expect(worstError(got[output.name]?.floats ?? [], expected) < 2e-6, sourceLocation: location)
            #expect(worstError(fast[output.name]?.floats ?? [], expected) < 1e-5, sourceLocation: location)
        }
        return rewritten
    }

    private func normalization(_ graph: inout Graph, _ x: ValueID, _ channels: Int, _ random: inout SeededGenerator) -> ValueID {
        graph.batchNormalization(
            x, scale: .random([channels], &random), bias: .random([channels], &random), mean: .random([channels], &random),
            variance: Tensor(random.floats(channels, in: 0.2...2), shape: [channels]), epsilon: 1e-3)
    }

    @Test("batch normalisation and activation go into the convolution before them", arguments: [true, false])
    func convolution(hasBias: Bool) throws {
        var random = SeededGenerator(seed: 20)
        for (groups, activation) in [(1, Activation.relu), (2, .relu6), (4, .leakyRelu(slope: 0.1)), (1, .silu)] {
            var graph = Graph()
            let x = graph.addInput("x", shape: [2, 4, 7, 6])
            var y = graph.convolution(
                x, weights: .random([8, 4 / groups, 3, 3], &random), bias: hasBias ? .random([8], &random) : nil, padding: 1, groups: groups)
            y = normalization(&graph, y, 8, &random)
            graph.addOutput("y", graph.activation(y, activation))
            #expect(try compare(graph, &random).operatorNames == ["Conv"])
        }
    }

    @Test("batch normalisation goes into a transposed convolution with any number of groups")
    func transposedConvolution() throws {
        var random = SeededGenerator(seed: 21)
        for (groups, outputs) in [(1, 6), (2, 6), (3, 9), (6, 6)] {
            var graph = Graph()
            let x = graph.addInput("x", shape: [1, 6, 4, 5])
            var y = graph.transposedConvolution(
                x, weights: .random([6, outputs / groups, 4, 4], &random), stride: 2, padding: 1, groups: groups)
            y = normalization(&graph, y, outputs, &random)
            graph.addOutput("y", graph.activation(y, .relu))
            #expect(try compare(graph, &random).operatorNames == ["ConvTranspose"])
        }
    }

    @Test("what somebody else reads stays as it is")
    func otherReaders() throws {
        var random = SeededGenerator(seed: 22)
        var graph = Graph()
        let x = graph.addInput("x", shape: [1, 3, 5, 5])
        let y = graph.convolution(x, weights: .random([4, 3, 1, 1], &random))
        let n = normalization(&graph, y, 4, &random)
        graph.addOutput("sum", graph.sum(n, y))
        let z = graph.convolution(x, weights: .random([4, 3, 1, 1], &random))
        graph.addOutput("between", z)
        graph.addOutput("z", graph.activation(z, .relu))
        #expect(try compare(graph, &random).operatorNames == ["Conv", "BatchNormalization", "Add", "Conv", "Relu"])
    }

    @Test("a batch normalisation before a convolution or behind an activation stays")
    func otherPlaces() throws {
        var random = SeededGenerator(seed: 23)
        var graph = Graph()
        let x = graph.addInput("x", shape: [1, 3, 5, 5])
        var y = normalization(&graph, x, 3, &random)
        y = graph.convolution(y, weights: .random([4, 3, 3, 3], &random), padding: 1, activation: .relu)
        graph.addOutput("y", normalization(&graph, y, 4, &random))
        #expect(try compare(graph, &random).operatorNames == ["BatchNormalization", "Conv", "BatchNormalization"])
    }

    @Test("a product with its own sigmoid is SiLU, with its own hard sigmoid hard swish")
    func gatedProducts() throws {
        var random = SeededGenerator(seed: 24)
        for (gate, name) in [(Activation.sigmoid, "Swish"), (.hardSigmoid(alpha: 1 / 6, beta: 0.5), "HardSwish")] {
            for isSwapped in [true, false] {
                var graph = Graph()
                let x = graph.addInput("x", shape: [1, 3, 5, 5])
                let s = graph.activation(x, gate)
                graph.addOutput("y", isSwapped ? graph.product(s, x) : graph.product(x, s))
                #expect(try compare(graph, &random).operatorNames == [name])
            }
        }
        var graph = Graph()
        let x = graph.addInput("x", shape: [1, 3, 5, 5])
        let y = graph.convolution(x, weights: .random([3, 3, 1, 1], &random))
        let gate = graph.activation(y, .sigmoid)
        graph.addOutput("gated", graph.product(y, gate))
        graph.addOutput("other", graph.product(x, graph.activation(y, .sigmoid)))
        #expect(try compare(graph, &random).operatorNames.contains("Mul"))
    }

    @Test("a clip with constant bounds goes into the convolution, one with computed bounds does not")
    func clips() throws {
        var random = SeededGenerator(seed: 25)
        var graph = Graph()
        let x = graph.addInput("x", shape: [1, 3, 5, 5]), bound = graph.addInput("bound", shape: [])
        let y = graph.convolution(x, weights: .random([3, 3, 1, 1], &random))
        let low = graph.addConstant(Tensor([-0.25] as [Float], shape: []))
        graph.addOutput("constant", graph.add(Clip(), y, low, nil))
        graph.addOutput("computed", graph.add(Clip(), x, nil, bound))
        #expect(try compare(graph, &random).operatorNames == ["Conv", "Clip"])
    }

    @Test("weights that are computed from constants are folded first, so that all of it becomes one layer")
    func computedWeights() throws {
        var random = SeededGenerator(seed: 26)
        var graph = Graph()
        let x = graph.addInput("x", shape: [1, 3, 5, 5])
        let half = graph.addConstant(.random([4, 3, 3, 3], &random))
        let weights = graph.sum(half, half)
        var y = graph.add(Convolution(padding: [1, 1, 1, 1]), x, weights)
        y = normalization(&graph, y, 4, &random)
        graph.addOutput("y", y)
        #expect(try compare(graph, &random).operatorNames == ["Conv"])
    }

    @Test("a second rewriting changes nothing")
    func idempotent() throws {
        var random = SeededGenerator(seed: 27)
        var graph = Graph()
        let x = graph.addInput("x", shape: [1, 3, 5, 5])
        let y = graph.convolution(x, weights: .random([4, 3, 3, 3], &random), padding: 1)
        graph.addOutput("y", graph.activation(normalization(&graph, y, 4, &random), .relu))
        let once = try graph.rewritten(), twice = try once.rewritten()
        #expect(twice.nodes.count == 1)
        #expect(twice.numberOfValues == once.numberOfValues)
    }

    @Test("an output of the graph keeps its value through every pass")
    func outputsKept() throws {
        var random = SeededGenerator(seed: 28)
        var graph = Graph()
        let x = graph.addInput("x", shape: [1, 3, 5, 5])
        let y = graph.convolution(x, weights: .random([3, 3, 1, 1], &random))
        let n = normalization(&graph, y, 3, &random)
        let s = graph.activation(n, .sigmoid)
        for (name, value) in [("y", y), ("n", n), ("s", s), ("p", graph.product(n, s))] { graph.addOutput(name, value) }
        _ = try compare(graph, &random)
    }

    @Test("pixels spread over channels before a convolution become a larger convolution with stride 2", arguments: [true, false])
    func spaceToDepth(inOneSlice: Bool) throws {
        var random = SeededGenerator(seed: 27)
        var graph = Graph()
        let x = graph.addInput("x", shape: [2, 3, 12, 14])
        let places = [(0, 0), (1, 0), (0, 1), (1, 1)]
        let parts = places.map { y, x_ -> ValueID in
            if inOneSlice { return graph.add(StridedSlice(starts: [y, x_], ends: [1 << 20, 1 << 20], axes: [2, 3], steps: [2, 2]), x) }
            let rows = graph.add(StridedSlice(starts: [y], ends: [1 << 20], axes: [2], steps: [2]), x)
            return graph.add(StridedSlice(starts: [x_], ends: [1 << 20], axes: [3], steps: [2]), rows)
        }
        let y = graph.convolution(
            graph.concatenation(parts), weights: .random([18, 12, 3, 3], &random), bias: .random([18], &random), padding: 1, activation: .silu)
        graph.addOutput("y", y)
        let plan = try compare(graph, &random)
        #expect(plan.operatorNames == ["Conv"])
        #expect(plan.outputs[0].shape == [2, 18, 6, 7])
    }
}
