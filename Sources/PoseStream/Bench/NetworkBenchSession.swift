import Checkpoints
import Diagnostics
import Engine
import Foundation
import Networks

/// A network that is ready to be measured, run by run. Belongs to one thread.
public final class NetworkBenchSession {
    let executor: Executor
    /// "file", "formula" or the name of an ONNX file.
    let weights: String
    private let graph: Graph
    private let shapes: [String: [Int]]
    private let clock = ContinuousClock()

    /// - Parameters:
    ///   - name: as pipelines name a model, or one of `NetworkCatalog`.
    ///   - size: Height and width where they are open; nil takes the usual ones.
    ///   - threads: how many work on one picture together.
    ///   - precision: what the network multiplies in.
    public init(
        _ name: String, library: ModelLibrary, size: (height: Int, width: Int)? = nil, threads: Int = 1,
        precision: NetworkPrecision = .automatic
    ) throws {
        var graph: Graph
        if let file = try? library.find(name), let model = try file.graphFile() {
            (graph, weights) = (model.graph, file.fileName)
        } else {
            let source = try ModelSource(name, library: library)
            let (height, width) = size ?? source.size
            graph = try source.network.graph(inputShape: source.network.inputShape(batch: 1, height: height, width: width))
            weights = source.isFormula ? "formula" : "file"
        }
        graph.precision = precision.resolved
        self.graph = graph
        shapes = Self.openShapes(of: graph, size ?? (256, 192))
        executor = Executor(try Plan(graph, inputShapes: shapes, threads: threads))
        for index in executor.plan.inputs.indices { executor.withInput(index, Self.fill) }
    }

    /// Runs once; milliseconds.
    public func run() throws -> Double { try clock.measure { try executor.run() } / .milliseconds(1) }

    /// Measures the layers of which the cost model is unsure.
    public func tune(runs: Int) throws -> (algorithms: MeasuredAlgorithms, findings: [MeasuredAlgorithms.Finding]) {
        try MeasuredAlgorithms.measure(graph, inputShapes: shapes, runs: runs)
    }

    /// Takes the first input from a file of raw little-endian float32.
    public func readInput(_ path: String) throws {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Failure(.noInput, "cannot read input", at: path, because: "it cannot be opened")
        }
        try executor.withInput(0) { view in
            guard view.elementType == .float32, data.count == view.count * 4 else {
                throw Failure(.data, "wrong input", at: path, because: "\(data.count) bytes, needed are \(view.count * 4)")
            }
            data.withUnsafeBytes { view.bytes.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(view.bytes), byteCount: data.count) }
        }
    }

    /// Writes the float32 outputs of the last run one after the other as raw little-endian numbers.
    public func writeOutputs(_ path: String) throws {
        var data = Data()
        for index in executor.plan.outputs.indices where executor.output(index).elementType == .float32 {
            data.append(Data(buffer: executor.output(index).floats))
        }
        do { try data.write(to: URL(fileURLWithPath: path)) } catch {
            throw Failure(.cannotCreate, "cannot write", at: path, because: error.localizedDescription)
        }
    }

    func costs() throws -> [LayerCost] { try graph.layerCosts(inputShapes: shapes) }

    /// Shapes for inputs that the file leaves open: one picture of this size.
    private static func openShapes(of graph: Graph, _ size: (height: Int, width: Int)) -> [String: [Int]] {
        var shapes: [String: [Int]] = [:]
        for input in graph.inputs where input.shape.contains(where: { $0 == nil }) {
            guard input.shape.count == 4 else { continue }
            shapes[input.name] = [input.shape[0] ?? 1, input.shape[1] ?? 3, input.shape[2] ?? size.height, input.shape[3] ?? size.width]
        }
        return shapes
    }

    private static func fill(_ view: TensorView) {
        guard view.elementType == .float32 else { return }
        let floats = view.floats
        // Between -1 and 1, never denormal: no processor is slow on these.
        for index in floats.indices { floats[index] = Float((index &* 2_654_435_761) & 0xFFFF) / 32768 - 1 }
    }
}
