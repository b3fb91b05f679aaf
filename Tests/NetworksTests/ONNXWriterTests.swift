import Checkpoints
import Diagnostics
import Engine
import Foundation
import Networks
import TestSupport
import Testing

@Suite("Networks written as ONNX and read back")
struct ONNXWriterTests {
    private let scratch: Scratch

    init() throws {
        scratch = try Scratch()
    }

    /// sin(0.01 i) · 2, the same in every program.
    private func picture(_ shape: [Int]) -> Tensor {
        Tensor((0..<shape.reduce(1, *)).map { Float(2 * sin(0.01 * Double($0))) }, shape: shape)
    }

    private func written(_ graph: Graph, named name: String = "x.onnx") throws -> ONNXModel {
        let url = scratch.file(name)
        try ONNXWriter.file(of: graph, name: "net", producer: ("test", "1")).write(to: url)
        return try ONNXModel.load(contentsOf: url)
    }

    @Test("A network that was written and read computes the very numbers of the network itself", arguments: [
        ("simplebaseline-r18", 64, 64), ("simplebaseline-r50", 64, 32), ("hrnet-w32", 64, 64), ("cpn-r50", 64, 64),
        ("lightweight-openpose", 64, 64), ("multiposenet-r50", 128, 128), ("retinanet-r50-fpn", 128, 128),
    ])
    func roundTrip(name: String, height: Int, width: Int) throws {
        let network = try #require(NetworkCatalog.find(name)).entry.network()
        let shape = network.inputShape(batch: 1, height: height, width: width)
        let graph = try network.graph(inputShape: shape)
        let model = try written(graph)
        #expect(model.opset == 17 && model.producer == "test 1")
        #expect(model.inputs.map(\.name) == ["input"] && model.inputs[0].shape == shape.map { $0 })
        #expect(model.outputs.map(\.name) == network.outputNames)
        let input = ["input": picture(shape)]
        let own = try Executor(Plan(graph)).run(input), read = try Executor(model.plan()).run(input)
        #expect(own.count == network.outputNames.count)
        for (name, tensor) in own {
            let other = try #require(read[name])
            #expect(other.shape == tensor.shape)
            let largest = tensor.floats.map(abs).max() ?? 0
            #expect(largest > 0 && largest.isFinite)
            // The same operators in the same order: nothing may differ.
            #expect(zip(tensor.floats, other.floats).allSatisfy { $0 == $1 })
        }
    }

    @Test("Activations inside a convolution, sizes that are no whole multiples and shapes as constants are written out")
    func forms() throws {
        var graph = Graph()
        var x = graph.addInput("input", shape: [1, 2, 5, 6])
        let weights = Tensor((0..<36).map { Float($0 % 7) - 3 }, shape: [2, 2, 3, 3])
        x = graph.convolution(x, weights: weights, bias: Tensor([0.5, -0.5], shape: [2]), padding: 1, activation: .leakyRelu(slope: 0.1), named: "conv")
        x = graph.resize(x, height: 7, width: 9, .linear, .halfPixel, named: "up")
        x = graph.averagePool(x, kernel: 2, stride: 2, ceilMode: true, countsPadding: false, named: "pool")
        x = graph.add(Transpose(order: [0, 2, 3, 1]), named: "turn", x)
        x = graph.add(Reshape(to: [1, -1, 2]), named: "flat", x)
        x = graph.add(Softmax(axis: 2), named: "soft", x)
        graph.addOutput("out", x)
        let model = try written(graph)
        #expect(model.operatorCounts["LeakyRelu"] == 1 && model.operatorCounts["Resize"] == 1)
        let input = ["input": picture([1, 2, 5, 6])]
        let own = try #require(Executor(Plan(graph)).run(input)["out"]), read = try #require(Executor(model.plan()).run(input)["out"])
        #expect(own.shape == [1, 20, 2] && own.floats == read.floats)
    }

    @Test("What cannot be written is refused, naming the layer")
    func refusals() throws {
        var open = Graph()
        open.addOutput("y", open.activation(open.addInput("x", shape: [nil, 3]), .relu))
        var odd = Graph()
        odd.addOutput("y", odd.activation(odd.addInput("x", shape: [1, 3]), .mish, named: "odd"))
        for (graph, word) in [(open, "x"), (odd, "odd")] {
            #expect {
                _ = try ONNXWriter.file(of: graph, name: "n", producer: ("", ""))
            } throws: { ($0 as? Failure)?.kind == .data && "\($0)".contains(word) }
        }
    }
}
