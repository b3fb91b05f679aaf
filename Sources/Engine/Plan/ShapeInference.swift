import Diagnostics

/// Walks a graph in order: what is the type and shape of each value, which are constant, which layers are left to run.
struct ShapeInference {
    let graph: Graph
    let limits: Plan.Limits
    let inputShapes: [[Int]]
    /// By value; nil for what is made dynamically, and for what nobody needs.
    private(set) var infos: [ValueInfo?]
    /// Layers with known shapes that must run, in order.
    private(set) var steps: [Node] = []
    /// Layers whose shapes are known only while running.
    private(set) var dynamicSteps: [Node] = []
    private var isDynamic: [Bool]
    private var foldedBytes = 0

    init(_ graph: Graph, inputShapes: [String: [Int]], limits: Plan.Limits) throws {
        self.graph = graph
        self.limits = limits
        guard graph.nodes.count <= limits.layers else {
            throw Failure(
                .data, "network does not fit", at: "graph",
                because: "it has \(graph.nodes.count) layers, the limit is \(limits.layers)")
        }
        for name in inputShapes.keys where !graph.inputs.contains(where: { $0.name == name }) {
            throw Failure(.data, "network does not fit", at: "input \"\(name)\"", because: "the network has no such input")
        }
        infos = Array(repeating: nil, count: graph.numberOfValues)
        isDynamic = Array(repeating: false, count: graph.numberOfValues)
        self.inputShapes = try graph.inputs.map { try Self.shape(of: $0, given: inputShapes[$0.name], limits) }
        for (input, shape) in zip(graph.inputs, self.inputShapes) {
            infos[input.value.index] = ValueInfo(input.elementType, shape)
        }
        for (value, tensor) in graph.constants { infos[value.index] = ValueInfo(tensor) }
    }

    private static func shape(of input: Graph.Input, given: [Int]?, _ limits: Plan.Limits) throws -> [Int] {
        func misfit(_ why: String, _ remedy: String? = nil) -> Failure {
            Failure(.data, "network does not fit", at: "input \"\(input.name)\"", because: why, remedy: remedy)
        }
        let declared = "[" + input.shape.map { $0.map(String.init) ?? "?" }.joined(separator: ", ") + "]"
        guard let shape = given ?? input.shape.wholly else {
            throw misfit("its shape \(declared) is open", "give the shape")
        }
        guard shape.count == input.shape.count, zip(shape, input.shape).allSatisfy({ $1 == nil || $0 == $1 }) else {
            throw misfit("its shape is \(declared), not \(Shape.text(shape))")
        }
        guard shape.allSatisfy({ $0 >= 0 }) else { throw misfit("a dimension of \(Shape.text(shape)) is negative") }
        try limits.check(shape, input.elementType, at: "input \"\(input.name)\"")
        return shape
    }

    mutating func run() throws {
        for node in graph.neededNodes() {
            try node.named { try visit(node) }
        }
        for output in graph.outputs where infos[output.value.index] == nil && !isDynamic[output.value.index] {
            throw Failure(.data, "network does not fit", at: "output \"\(output.name)\"", because: "no layer makes it")
        }
        dropUnneeded()
    }

    private mutating func visit(_ node: Node) throws {
        if node.inputs.contains(where: { $0.map { isDynamic[$0.index] } ?? false }) { return runLater(node) }
        let inputs = try node.inputs.map { value -> ValueInfo? in
            guard let value else { return nil }
            guard let info = infos[value.index] else {
                throw Failure(.data, "network does not fit", at: node.place, because: "it reads a value that no layer before it makes")
            }
            return info
        }
        let areConstant = inputs.allSatisfy { $0 == nil || $0?.constant != nil }
        let outputs: [ValueInfo]
        do { outputs = try node.op.infer(inputs) } catch is DependsOnContent { return runLater(node) }
        if node.op is any DataDependentOperator {
            guard areConstant else { return runLater(node) }
            return try fold(node, inputs)
        }
        guard outputs.count >= node.outputs.count else {
            throw Failure(
                .data, "network does not fit", at: node.place,
                because: "\(node.outputs.count) outputs are asked for, it has \(outputs.count)")
        }
        for (value, info) in zip(node.outputs, outputs) {
            try limits.check(info.shape, info.elementType, at: node.place)
            infos[value.index] = info
        }
        if node.outputs.allSatisfy({ infos[$0.index]?.constant != nil }) { return }
        if areConstant, try foldIfSmall(node, inputs, outputs) { return }
        steps.append(node)
    }

    private mutating func runLater(_ node: Node) {
        for value in node.outputs { isDynamic[value.index] = true }
        dynamicSteps.append(node)
    }

    private mutating func foldIfSmall(_ node: Node, _ inputs: [ValueInfo?], _ outputs: [ValueInfo]) throws -> Bool {
        if node.op is any ViewOperator, let content = inputs.first??.constant, let output = outputs.first {
            guard output.count == content.count else { return false }
            infos[node.outputs[0].index] = ValueInfo(content.reshaped(output.shape))
            return node.outputs.count == 1
        }
        let bytes = outputs.reduce(0) { $0 + (Shape.byteCount($1.shape, $1.elementType) ?? limits.foldedBytes) }
        guard foldedBytes + bytes <= limits.foldedBytes else { return false }
        foldedBytes += bytes
        let tensors = try ConstantFolding.compute(node.op, inputs, outputs)
        for (value, tensor) in zip(node.outputs, tensors) { infos[value.index] = ValueInfo(tensor) }
        return true
    }

    private mutating func fold(_ node: Node, _ inputs: [ValueInfo?]) throws {
        guard let op = node.op as? any DataDependentOperator else { return }
        let tensors = try ConstantFolding.computeAny(op, inputs)
        guard tensors.count >= node.outputs.count else { throw node.op.misfit("it has \(tensors.count) outputs") }
        for (value, tensor) in zip(node.outputs, tensors) { infos[value.index] = ValueInfo(tensor) }
    }

    /// Folding has made some producers useless.
    private mutating func dropUnneeded() {
        var needed = Set(graph.outputs.map(\.value))
        for node in dynamicSteps.reversed() { needed.formUnion(node.inputs.compactMap { $0 }) }
        var kept: [Node] = []
        for node in steps.reversed() where node.outputs.contains(where: { needed.contains($0) && infos[$0.index]?.constant == nil }) {
            kept.append(node)
            needed.formUnion(node.inputs.compactMap { $0 })
        }
        steps = kept.reversed()
    }
}

extension Array where Element == Int? {
    /// All elements, if none is nil.
    fileprivate var wholly: [Int]? {
        let known = compactMap { $0 }
        return known.count == count ? known : nil
    }
}
