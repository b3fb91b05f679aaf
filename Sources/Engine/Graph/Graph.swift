/// A value in a graph: an input, a constant or the output of a node.
public struct ValueID: Hashable, Sendable {
    public let index: Int
    init(_ index: Int) { self.index = index }
}

/// A layer in a graph.
public struct Node: Sendable {
    /// For messages: the node's name in the file, or the path of the module ("layer1.0.conv1").
    public var name: String
    public var op: any Operator
    /// nil where an optional input is absent.
    public var inputs: [ValueID?]
    public var outputs: [ValueID]
}

/// A network as a list of layers in an order in which each can run, with its constants.
///
/// Built by a network definition or by a model reader; knows no sizes beyond those of its constants.
public struct Graph: Sendable {
    /// An input as declared: dimensions that are not fixed are nil.
    public struct Input: Sendable {
        public var name: String
        public var value: ValueID
        public var elementType: ElementType
        public var shape: [Int?]
    }

    public struct Output: Sendable {
        public var name: String
        public var value: ValueID
    }

    public internal(set) var inputs: [Input] = [] { didSet { sharedPlans = nil } }
    public internal(set) var outputs: [Output] = [] { didSet { sharedPlans = nil } }
    public internal(set) var nodes: [Node] = [] { didSet { sharedPlans = nil } }
    public internal(set) var constants: [ValueID: Tensor] = [:] { didSet { sharedPlans = nil } }
    /// What a plan multiplies in unless it is told otherwise.
    public var precision = Precision.float32 { didSet { sharedPlans = nil } }
    /// Algorithms that were measured for it on this processor.
    public var measured = MeasuredAlgorithms() { didSet { sharedPlans = nil } }
    /// Set on a finished graph, so that copies of it share their plans; a change takes it away from the changed copy.
    public var sharedPlans: SharedPlans?
    private var valueCount = 0

    public init() {}

    public var numberOfValues: Int { valueCount }

    mutating func newValue() -> ValueID {
        defer { valueCount += 1 }
        return ValueID(valueCount)
    }

    public mutating func addInput(_ name: String, _ elementType: ElementType = .float32, shape: [Int?]) -> ValueID {
        let value = newValue()
        inputs.append(Input(name: name, value: value, elementType: elementType, shape: shape))
        return value
    }

    public mutating func addConstant(_ tensor: Tensor) -> ValueID {
        let value = newValue()
        constants[value] = tensor
        return value
    }

    /// Appends a layer; its inputs must exist already.
    public mutating func addNode(
        _ op: any Operator, named name: String = "", inputs: [ValueID?], outputCount: Int = 1
    ) -> [ValueID] {
        let outputs = (0..<outputCount).map { _ in newValue() }
        nodes.append(Node(name: name, op: op, inputs: inputs, outputs: outputs))
        return outputs
    }

    /// Appends a layer with one output.
    public mutating func add(_ op: any Operator, named name: String = "", _ inputs: ValueID?...) -> ValueID {
        addNode(op, named: name, inputs: inputs)[0]
    }

    public mutating func addOutput(_ name: String, _ value: ValueID) {
        outputs.append(Output(name: name, value: value))
    }
}
