import Engine

/// Builds the engine's graph from the messages of a file: names become values, every name is made once and before it is
/// used, and nothing is left over that would silently change the result.
struct ONNXGraphBuilder {
    static let opsets = 8...20

    private let source: ONNXSource
    private let file: String
    private var tensors: ONNXTensorReader
    private var graph = Graph()
    private var values: [String: ValueID] = [:]
    private var constants: [(name: String, value: ValueID)] = []
    private var operatorCounts: [String: Int] = [:]

    init(_ source: ONNXSource, _ tensors: ONNXTensorReader, file: String) {
        self.source = source
        self.tensors = tensors
        self.file = file
    }

    private var proto: Onnx_GraphProto { source.model.graph }

    consuming func model() throws -> ONNXModel {
        guard source.model.hasGraph else { throw Malformed("it holds no graph: cut, damaged or no ONNX model") }
        let opset = try self.opset()
        guard !proto.output.isEmpty else { throw Malformed("the graph has no outputs: cut or damaged") }
        guard proto.sparseInitializer.isEmpty else { throw Malformed("sparse tensors are not supported") }
        let initializers = try addInitializers()
        let inputs = try addInputs()
        for index in try order() { try addNode(proto.node[index], opset: opset) }
        let outputs = try addOutputs()
        let metadata = source.model.metadataProps.map { ($0.key, $0.value) }
        return ONNXModel(
            graph: graph, file: file, opset: opset, formatVersion: Int(source.model.irVersion),
            producer: [source.model.producerName, source.model.producerVersion].filter { !$0.isEmpty }.joined(separator: " "),
            metadata: Dictionary(metadata) { first, _ in first }, inputs: inputs, outputs: outputs, initializers: initializers,
            operatorCounts: operatorCounts, constants: constants)
    }

    private func opset() throws -> Int {
        let own = source.model.opsetImport.filter { $0.domain.isEmpty || $0.domain == "ai.onnx" }
        guard let version = own.first?.version, own.allSatisfy({ $0.version == version }) else {
            throw Malformed("it does not say which operator set it uses: cut or damaged")
        }
        guard Self.opsets.contains(Int(version)) else {
            throw Malformed(
                "operator set \(version) is not supported", remedy: "export it with operator set 17; 8 to 20 are read")
        }
        return Int(version)
    }

    private mutating func define(_ name: String, _ value: ValueID) throws {
        guard !name.isEmpty else { throw Malformed("a value has no name") }
        guard values.updateValue(value, forKey: name) == nil else { throw Malformed("value \"\(name)\" is made twice") }
    }

    private mutating func addInitializers() throws -> [ONNXModel.Value] {
        try proto.initializer.enumerated().map { index, stored in
            let tensor = try tensors.tensor(stored, slice: source.weights[index])
            let value = graph.addConstant(tensor)
            try define(stored.name, value)
            constants.append((stored.name, value))
            return ONNXModel.Value(name: stored.name, elementType: tensor.elementType, shape: tensor.shape)
        }
    }

    /// Old files list their stored tensors among the inputs; those are no inputs.
    private mutating func addInputs() throws -> [ONNXModel.Value] {
        let stored = Set(proto.initializer.map(\.name))
        return try proto.input.filter { !stored.contains($0.name) }.map { info in
            let value = try Self.value(info)
            guard let elementType = value.elementType, info.type.tensorType.hasShape else {
                throw Malformed("input \"\(info.name)\" is no tensor of a known number of dimensions")
            }
            try define(info.name, graph.addInput(info.name, elementType, shape: value.shape))
            return value
        }
    }

    private mutating func addOutputs() throws -> [ONNXModel.Value] {
        var names: Set<String> = []
        return try proto.output.map { info in
            guard let value = values[info.name] else { throw Malformed("output \"\(info.name)\" is made by no layer") }
            guard names.insert(info.name).inserted else { throw Malformed("output \"\(info.name)\" is listed twice") }
            graph.addOutput(info.name, value)
            return try Self.value(info)
        }
    }

    private static func value(_ info: Onnx_ValueInfoProto) throws -> ONNXModel.Value {
        guard case .tensorType(let type)? = info.type.value else {
            return ONNXModel.Value(name: info.name, elementType: nil, shape: [])
        }
        guard type.shape.dim.count <= 16 else { throw Malformed("\"\(info.name)\" has \(type.shape.dim.count) dimensions") }
        let shape = type.shape.dim.map { dimension -> Int? in
            // Writers mark open dimensions by a name, by nothing, by 0 and by -1.
            if case .dimValue(let size)? = dimension.value, size > 0 { Int(size) } else { nil }
        }
        guard type.elemType != 0 else { return ONNXModel.Value(name: info.name, elementType: nil, shape: shape) }
        do {
            return ONNXModel.Value(name: info.name, elementType: try StoredType(onnx: Int(type.elemType)).elementType, shape: shape)
        } catch {
            throw Malformed("\"\(info.name)\": \(error.why)")
        }
    }

    /// The layers in an order in which each finds its inputs made; throws where there is none.
    private func order() throws -> [Int] {
        var makers: [String: Int] = [:]
        for (index, node) in proto.node.enumerated() {
            for name in node.output where !name.isEmpty {
                guard makers.updateValue(index, forKey: name) == nil, values[name] == nil else {
                    throw Malformed("value \"\(name)\" is made twice")
                }
            }
        }
        var users: [[Int]] = Array(repeating: [], count: proto.node.count)
        var missing = Array(repeating: 0, count: proto.node.count)
        for (index, node) in proto.node.enumerated() {
            for name in node.input where !name.isEmpty && values[name] == nil {
                guard let maker = makers[name] else { throw Malformed("\(node.place) reads \"\(name)\", which nothing makes") }
                users[maker].append(index)
                missing[index] += 1
            }
        }
        var order = proto.node.indices.filter { missing[$0] == 0 }
        var next = 0
        while next < order.count {
            for user in users[order[next]] {
                missing[user] -= 1
                if missing[user] == 0 { order.append(user) }
            }
            next += 1
        }
        guard order.count == proto.node.count else {
            let stuck = proto.node.indices.first { missing[$0] > 0 } ?? 0
            throw Malformed("\(proto.node[stuck].place) needs its own result: the graph has a cycle")
        }
        return order
    }

    private mutating func addNode(_ node: Onnx_NodeProto, opset: Int) throws {
        do {
            guard node.domain.isEmpty || node.domain == "ai.onnx" else {
                throw Malformed("operators of the domain \(node.domain) are not supported")
            }
            operatorCounts[node.opType, default: 0] += 1
            let inputs = try node.input.map { name -> ONNXNode.Input? in
                guard !name.isEmpty else { return nil }
                guard let value = values[name] else { throw Malformed("\"\(name)\" is an output that is not supported") }
                return (value, graph.constants[value])
            }
            if node.opType == "Constant" { return try addConstant(node, opset: opset) }
            guard let rule = ONNXOperators.rules[node.opType] else { throw Malformed("this operator is not supported") }
            var context = ONNXNode(node, opset: opset, inputs: inputs, tensors: tensors)
            let op = try rule(&context)
            try context.checkNothingUnread()
            tensors = context.tensors
            let count = min(node.output.count, context.outputLimit)
            guard count > 0 else { throw Malformed("it has no output") }
            let outputs = graph.addNode(op, named: node.label, inputs: context.inputs.map { $0?.value }, outputCount: count)
            for (name, value) in zip(node.output, outputs) where !name.isEmpty { try define(name, value) }
        } catch let malformed as Malformed {
            throw Malformed("\(node.place): \(malformed.why)", remedy: malformed.remedy)
        }
    }

    private mutating func addConstant(_ node: Onnx_NodeProto, opset: Int) throws {
        var context = ONNXNode(node, opset: opset, inputs: [], tensors: tensors)
        guard let name = node.output.first, node.output.count == 1 else { throw Malformed("it has \(node.output.count) outputs") }
        let tensor = try context.constant()
        try context.checkNothingUnread()
        tensors = context.tensors
        let value = graph.addConstant(tensor)
        try define(name, value)
        constants.append((name, value))
    }
}

extension Onnx_NodeProto {
    /// The node's name or, as many writers give none, its first output's.
    var label: String { name.isEmpty ? output.first { !$0.isEmpty } ?? "" : name }

    /// For messages: `layer "conv1" (Conv)`.
    var place: String { "layer \"\(label)\" (\(opType))" }
}
