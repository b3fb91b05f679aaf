import Diagnostics
import Engine
import TestSupport
import Testing

struct PlanTests {
    private func chain(_ length: Int, shape: [Int]) -> Graph {
        var graph = Graph()
        let one = graph.addConstant(Tensor([Float](repeating: 1, count: shape.reduce(1, *)), shape: shape))
        var x = graph.addInput("x", shape: shape)
        for _ in 0..<length { x = graph.add(ToySum(), x, one) }
        graph.addOutput("y", x)
        return graph
    }

    @Test("a chain of layers runs in order and repeats its result")
    func runsChain() throws {
        let executor = Executor(try Plan(chain(7, shape: [2, 3])))
        executor.withInput(0) { $0.floats.update(repeating: 0.5) }
        for _ in 0..<3 {
            try executor.run()
            #expect(Array(executor.output(0).floats) == [Float](repeating: 7.5, count: 6))
        }
    }

    @Test("a long chain needs the memory of three values: the input, which stays, and two in turn")
    func sharesMemory() throws {
        let plan = try Plan(chain(100, shape: [1024]))
        #expect(plan.arenaBytes == 3 * 4096)
    }

    @Test("values that are alive at once never share memory, on random graphs")
    func lifetimesHold() throws {
        var random = SeededGenerator(seed: 11)
        for _ in 0..<50 {
            // Almost every value is a different number, so that any overlap changes an output.
            var graph = Graph()
            var values = [graph.addInput("x", shape: [33])]
            var expected: [Float] = [1]
            for i in 0..<40 {
                let near = Int.random(in: max(0, i - 6)...i, using: &random), far = Int.random(in: 0...i, using: &random)
                let sum = graph.add(ToySum(), values[near], values[far])
                values.append(i % 5 == 4 ? graph.add(ToyReshape(shape: [33]), sum) : sum)
                expected.append(expected[near] + expected[far])
            }
            let picks = (0..<4).map { _ in Int.random(in: 0..<values.count, using: &random) }
            for pick in picks { graph.addOutput("y\(pick)", values[pick]) }
            let executor = Executor(try Plan(graph))
            executor.withInput(0) { $0.floats.update(repeating: 1) }
            try executor.run()
            for (index, pick) in picks.enumerated() {
                #expect(executor.output(index).floats.allSatisfy { $0 == expected[pick] })
            }
        }
    }

    @Test("layers on constants are computed once, layers that nobody needs are dropped")
    func foldsAndDrops() throws {
        var graph = Graph()
        let x = graph.addInput("x", shape: [2])
        let a = graph.addConstant(Tensor([1, 2] as [Float], shape: [2]))
        let sum = graph.add(ToySum(), a, graph.add(ToyReshape(shape: [2]), a))
        _ = graph.add(ToySum(), x, a)
        graph.addOutput("y", graph.add(ToySum(), x, sum))
        graph.addOutput("constant", sum)
        graph.addOutput("input", x)
        let plan = try Plan(graph)
        #expect(plan.operatorNames == ["ToySum"])
        let results = try Executor(plan).run(["x": Tensor([10, 20] as [Float], shape: [2])])
        #expect(results["y"]?.floats == [12, 24])
        #expect(results["constant"]?.floats == [2, 4])
        #expect(results["input"]?.floats == [10, 20])
        #expect(try Plan(graph, passes: .none).operatorNames == ["ToySum"])
    }

    @Test("a view costs no memory and no layer")
    func viewsShareMemory() throws {
        var graph = Graph()
        let x = graph.addInput("x", shape: [4, 16])
        let view = graph.add(ToyReshape(shape: [64]), x)
        graph.addOutput("y", graph.add(ToyReshape(shape: [8, 8]), view))
        let plan = try Plan(graph)
        #expect(plan.operatorNames.isEmpty)
        #expect(plan.arenaBytes == 256)
        #expect(plan.outputs[0].shape == [8, 8])
    }

    @Test("what follows a data-dependent layer takes its shape from the data of each run")
    func dataDependentShapes() throws {
        var graph = Graph()
        let x = graph.addInput("x", shape: [4])
        let doubled = graph.add(ToySum(), x, x)
        let positives = graph.add(ToyPositives(), doubled)
        graph.addOutput("y", graph.add(ToySum(), positives, positives))
        graph.addOutput("doubled", doubled)
        let plan = try Plan(graph)
        #expect(plan.outputs.map(\.isDataDependent) == [true, false])
        let executor = Executor(plan)
        #expect(try executor.run(["x": Tensor([1, -1, 2, -2] as [Float], shape: [4])])["y"]?.floats == [4, 8])
        #expect(try executor.run(["x": Tensor([-1, -1, -2, -2] as [Float], shape: [4])])["y"]?.floats == [])
        #expect(try executor.run(["x": Tensor([1, 1, 1, 5] as [Float], shape: [4])])["y"]?.floats == [4, 4, 4, 20])
    }

    @Test("a shape that depends on an input's content is inferred in each run")
    func contentDependentShapes() throws {
        var graph = Graph()
        let count = graph.addInput("count", .int64, shape: [1])
        let value = graph.addConstant(Tensor([3] as [Float], shape: [1]))
        graph.addOutput("y", graph.add(ToyRepeat(), value, count))
        let executor = Executor(try Plan(graph))
        for n in [0, 1, 5] {
            #expect(try executor.run(["count": Tensor([Int64(n)], shape: [1])])["y"]?.floats == [Float](repeating: 3, count: n))
        }
    }

    @Test(
        "shapes that no machine can hold are refused without being allocated",
        arguments: [[1 << 40, 1 << 40], [1 << 62], [-1], [1 << 31, 2], [Int.max, 4]])
    func hugeShapes(shape: [Int]) throws {
        var graph = Graph()
        let x = graph.addInput("x", shape: [2])
        graph.addOutput("y", graph.add(ToyHuge(shape: shape), named: "big", x))
        let failure = #expect(throws: Failure.self) { try Plan(graph) }
        #expect(failure?.kind == .data)
        #expect(failure?.place == "layer \"big\" (ToyHuge)")
    }

    @Test("layers that together need more than the limit are refused")
    func totalLimit() throws {
        var graph = Graph()
        var x = graph.addInput("x", shape: [2])
        for _ in 0..<3 { x = graph.add(ToyHuge(shape: [1 << 30]), x) }
        graph.addOutput("y", x)
        #expect(throws: Failure.self) { try Plan(graph) }
    }

    @Test("an open dimension must be given, a fixed one must agree")
    func inputShapes() throws {
        var graph = Graph()
        let x = graph.addInput("x", shape: [nil, 3])
        graph.addOutput("y", graph.add(ToySum(), x, x))
        #expect(throws: Failure.self) { try Plan(graph) }
        #expect(throws: Failure.self) { try Plan(graph, inputShapes: ["x": [2, 4]]) }
        #expect(throws: Failure.self) { try Plan(graph, inputShapes: ["x": [3]]) }
        #expect(throws: Failure.self) { try Plan(graph, inputShapes: ["x": [-1, 3]]) }
        #expect(throws: Failure.self) { try Plan(graph, inputShapes: ["x": [1 << 60, 3]]) }
        #expect(throws: Failure.self) { try Plan(graph, inputShapes: ["x": [1, 3], "z": [1]]) }
        #expect(try Plan(graph, inputShapes: ["x": [5, 3]]).outputs[0].shape == [5, 3])
        #expect(try Plan(graph, inputShapes: ["x": [0, 3]]).outputs[0].shape == [0, 3])
    }

    @Test("a layer whose inputs do not fit is named")
    func misfitIsNamed() throws {
        var graph = Graph()
        let x = graph.addInput("x", shape: [2])
        let y = graph.addInput("z", shape: [3])
        graph.addOutput("y", graph.add(ToySum(), named: "add_1", x, y))
        let failure = #expect(throws: Failure.self) { try Plan(graph) }
        #expect(failure?.description.contains("layer \"add_1\" (ToySum)") == true)
    }

    @Test("a graph of very many layers is planned in bounded time", .timeLimit(.minutes(Hang.minutes)))
    func manyLayers() throws {
        #expect(try soon(within: 60, "the plan") { try Plan(chain(49_999, shape: [4])).arenaBytes } == 3 * 64)
        #expect(throws: Failure.self) { try Plan(chain(50_001, shape: [4])) }
    }

    @Test("copies of a finished graph share one plan for each input shape, a changed copy does not")
    func sharedPlans() throws {
        var graph = Graph()
        let x = graph.addInput("x", shape: [nil, 3, 8, 8])
        graph.addOutput("y", graph.convolution(x, weights: Tensor(shape: [8, 3, 3, 3]), padding: 1))
        graph.sharedPlans = SharedPlans()
        let copy = graph
        // Packed weights are the same memory exactly when the plan is the same.
        func identity(_ graph: Graph, batch: Int) throws -> ObjectIdentifier? {
            try graph.plan(inputShapes: ["x": [batch, 3, 8, 8]]).packedWeights.first
        }
        let first = try #require(try identity(graph, batch: 1))
        #expect(try identity(copy, batch: 1) == first)
        #expect(try identity(graph, batch: 2) != first)
        graph.addOutput("again", x)
        #expect(try identity(graph, batch: 1) != first)
        #expect(try identity(copy, batch: 1) == first)
    }

    @Test("executors on several threads share one plan")
    func sharedPlan() async throws {
        var random = SeededGenerator(seed: 30)
        var graph = Graph()
        let x = graph.addInput("x", shape: [1, 8, 20, 20])
        var y = graph.convolution(x, weights: .random([16, 8, 3, 3], &random), padding: 1, activation: .relu)
        y = graph.convolution(y, weights: .random([16, 1, 5, 5], &random), padding: 2, groups: 16, activation: .silu)
        y = graph.resize(graph.maxPool(y, kernel: 2, stride: 2), scale: 2, .linear)
        graph.addOutput("y", graph.transposedConvolution(y, weights: .random([16, 4, 4, 4], &random), stride: 2, padding: 1))
        let plan = try Plan(graph)
        let inputs = (0..<4).map { _ in Tensor.random([1, 8, 20, 20], &random) }
        let alone = Executor(plan)
        let want = try inputs.map { try alone.run(["x": $0])["y"]?.floats }
        try await withThrowingTaskGroup(of: (Int, [Float]?).self) { group in
            for (index, input) in inputs.enumerated() {
                group.addTask {
                    let executor = Executor(plan)
                    var result: [Float]?
                    for _ in 0..<20 { result = try executor.run(["x": input])["y"]?.floats }
                    return (index, result)
                }
            }
            for try await (index, got) in group { #expect(got == want[index]) }
        }
    }
}
