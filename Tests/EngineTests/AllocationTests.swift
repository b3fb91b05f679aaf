import AllocationCount
import Engine
import Testing

@Suite("Memory in the hot loop")
struct AllocationTests {
    @Test("A run asks for no memory", .enabled(if: allocations_of_this_thread() >= 0, "nobody counts allocations here"))
    func runAllocatesNothing() throws {
        try countAllocations(threads: 1, atMost: 0)
    }

    @Test("A run with several threads asks for no more than Dispatch needs to gather them", .enabled(if: allocations_of_this_thread() >= 0, "nobody counts allocations here"))
    func sharedRunAllocatesNothing() throws {
        try countAllocations(threads: 2, atMost: 8)
    }

    private func countAllocations(threads: Int, atMost limit: Int) throws {
        var random = SeededGenerator(seed: 40)
        var graph = Graph()
        let x = graph.addInput("x", shape: [1, 3, 64, 48])
        var y = graph.convolution(x, weights: .random([20, 3, 3, 3], &random), stride: 2, padding: 1, activation: .relu)
        let skip = graph.convolution(y, weights: .random([20, 1, 3, 3], &random), padding: 1, groups: 20, activation: .silu)
        y = graph.sum(graph.convolution(skip, weights: .random([20, 20, 3, 3], &random), padding: 1), y)
        y = graph.concatenation([y, skip])
        y = graph.add(Reshape(to: [1, 2, 20, 32, 24]), y)
        y = graph.add(Reshape(to: [1, 40, 32, 24]), graph.add(Transpose(order: [0, 2, 1, 3, 4]), y))
        y = graph.resize(graph.maxPool(y, kernel: 3, stride: 2, padding: 1), scale: 2, .linear)
        y = graph.product(y, graph.activation(graph.globalAveragePool(y), .sigmoid))
        y = graph.transposedConvolution(y, weights: .random([40, 17, 4, 4], &random), stride: 2, padding: 1)
        graph.addOutput("maps", y)
        graph.addOutput("pixels", graph.add(Transpose(order: [0, 2, 1]), graph.add(Reshape(to: [1, 17, -1]), y)))
        let executor = Executor(try Plan(graph, threads: threads))
        executor.withInput(0) { $0.floats.update(repeating: 0.5) }
        for _ in 0..<2 { try executor.run() }
        let before = allocations_of_this_thread()
        _ = Tensor(shape: [100])
        let after = allocations_of_this_thread()
        #expect(after > before, "the counter counts nothing")
        let start = allocations_of_this_thread()
        for _ in 0..<10 { try executor.run() }
        let end = allocations_of_this_thread()
        #expect(end - start <= 10 * limit)
    }
}
