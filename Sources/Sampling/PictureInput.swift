import Diagnostics
import Engine

/// The one input of a network that takes pictures: `[N, 3, H, W]`, float32. Dimensions that the file leaves open are nil.
public struct PictureInput: Sendable {
    /// For messages: what the user called the model.
    public let model: String
    public let name: String
    public let batch: Int?
    public let height: Int?
    public let width: Int?

    /// Throws `Failure` of kind `.data` when the network takes anything but one batch of colour pictures.
    public init(_ graph: Graph, model: String) throws {
        func misfit(_ why: String) -> Failure {
            Failure(
                .data, "cannot use model", at: model, because: why, remedy: "export it with one input [1, 3, height, width] of float32")
        }
        guard let input = graph.inputs.first else { throw misfit("it has no input") }
        guard graph.inputs.count == 1 else {
            throw misfit("it wants \(graph.inputs.count) inputs: \(graph.inputs.map(\.name).joined(separator: ", "))")
        }
        let shape = input.shape.map { $0.map(String.init) ?? "?" }.joined(separator: "x")
        guard input.elementType == .float32 else { throw misfit("its input \"\(input.name)\" is \(input.elementType)") }
        guard input.shape.count == 4, (input.shape[1] ?? 3) == 3 else {
            throw misfit("its input \"\(input.name)\" is \(shape), not a colour picture")
        }
        guard input.shape.allSatisfy({ $0.map { (1...8192).contains($0) } ?? true }) else {
            throw misfit("its input \"\(input.name)\" is \(shape)")
        }
        self.model = model
        name = input.name
        (batch, height, width) = (input.shape[0], input.shape[2], input.shape[3])
    }

    /// The input size to plan for: the model's own where it is fixed, else the wanted one, else `standard`.
    ///
    /// Throws `Failure` of kind `.configuration` when the wanted size contradicts the model's.
    public func size(wanted: InputSize?, standard: InputSize) throws -> InputSize {
        let size = InputSize(
            width: width ?? wanted?.width ?? standard.width, height: height ?? wanted?.height ?? standard.height)
        if let wanted, wanted != size || !wanted.isSensible {
            let why = wanted.isSensible ? "its input is fixed at \(size) pixels" : "\(wanted) pixels is no input size"
            throw Failure(.configuration, "cannot set input size \(wanted)", at: model, because: why, remedy: "leave the size out")
        }
        return size
    }

    /// Plans the network for one picture of this size; graphs with `sharedPlans` are planned once.
    ///
    /// - Parameter threads: how many may work on one layer.
    public func plan(_ graph: Graph, size: InputSize, threads: Int = 1) throws -> Plan {
        if let batch, batch != 1 {
            throw Failure(
                .data, "cannot use model", at: model, because: "its batch size is fixed at \(batch)",
                remedy: "export it with batch size 1 or a dynamic one")
        }
        do {
            return try graph.plan(inputShapes: [name: [1, 3, size.height, size.width]], threads: threads)
        } catch var failure as Failure {
            failure.place = failure.place.isEmpty ? model : "\(model): \(failure.place)"
            throw failure
        }
    }
}
