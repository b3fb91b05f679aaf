import Diagnostics
import Engine

/// A network while it is laid out as a graph for one input size. Shapes are known at every step, so that what does not fit
/// is found where it stands.
public final class NetworkLayout {
    private(set) var graph = Graph()
    /// Multiply-adds of the convolutions, transposed convolutions and linear layers so far.
    private(set) var multiplyAdds = 0
    /// Values that carry a name, in order.
    private(set) var namedValues: [(name: String, value: Value)] = []
    private var constants: [String: ValueID] = [:]
    private var isCounting = true

    /// What a layer works on: a value of the network, or a constant that is entered once under its name.
    enum Operand {
        case value(Value)
        case constant(String, Tensor)
    }

    func input(_ name: String, shape: [Int]) -> Value {
        Value(id: graph.addInput(name, shape: shape), shape: shape, layout: self)
    }

    /// Appends a layer with one output. Throws `Failure` of kind `.data` that names it when shapes do not fit.
    func add(_ op: any Operator, named name: String, _ operands: [Operand], multiplyAdds: ([Int]) -> Int = { _ in 0 }) throws -> Value {
        var inputs: [ValueID] = [], infos: [ValueInfo] = []
        for operand in operands {
            switch operand {
            case .value(let value):
                inputs.append(value.id)
                infos.append(ValueInfo(.float32, value.shape))
            case .constant(let constantName, let tensor):
                let id = constants[constantName] ?? graph.addConstant(tensor)
                constants[constantName] = id
                inputs.append(id)
                infos.append(ValueInfo(tensor))
            }
        }
        let outputs: [ValueInfo]
        do { outputs = try op.infer(infos) } catch let failure as Failure {
            let place = name.isEmpty ? "layer \(op.name)" : "layer \"\(name)\""
            throw Failure(failure.kind, "network does not fit", at: place, because: failure.why, remedy: failure.remedy)
        }
        guard outputs.count == 1 else {
            throw Failure(.internalDefect, "cannot lay out network", at: name, because: "\(outputs.count) outputs")
        }
        if isCounting { self.multiplyAdds += multiplyAdds(outputs[0].shape) }
        return Value(id: graph.addNode(op, named: name, inputs: inputs)[0], shape: outputs[0].shape, layout: self)
    }

    /// Lays out what only training needs, and leaves it out of the count.
    func withoutCounting(_ body: () throws -> Void) rethrows {
        isCounting = false
        defer { isCounting = true }
        try body()
    }

    fileprivate func remember(_ value: Value, as name: String) { namedValues.append((name, value)) }

    /// The graph whose outputs are the values of these names.
    func graph(outputs: [String]) throws -> Graph {
        var graph = graph
        for name in outputs {
            guard let value = namedValues.last(where: { $0.name == name })?.value else {
                throw Failure(.internalDefect, "cannot lay out network", at: name, because: "there is no value of this name")
            }
            graph.addOutput(name, value.id)
        }
        return graph
    }
}

/// A map in a network that is being laid out: [N, C, H, W].
public struct Value {
    let id: ValueID
    public let shape: [Int]
    let layout: NetworkLayout

    var channels: Int { shape[1] }
    var height: Int { shape[2] }
    var width: Int { shape[3] }

    /// Gives the map a name by which it can be asked for.
    @discardableResult func named(_ name: String) -> Value {
        layout.remember(self, as: name)
        return self
    }
}
