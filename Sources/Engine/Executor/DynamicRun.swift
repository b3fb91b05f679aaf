import Diagnostics

/// The layers whose shapes depend on contents: inferred and computed anew in each run, with memory of their own.
struct DynamicRun {
    private let plan: Plan
    private let wanted: Set<Int>
    /// Outputs of the graph that the last run made, by value.
    private(set) var results: [Int: Tensor] = [:]

    init(_ plan: Plan) {
        self.plan = plan
        wanted = Set(plan.outputValues)
    }

    mutating func run(arena: TensorStorage) throws {
        results = [:]
        var made: [Int: Tensor] = [:]
        var bytes = 0
        for node in plan.dynamicSteps {
            try node.named {
                let inputs = try node.inputs.map { value -> ValueInfo? in
                    guard let value else { return nil }
                    return ValueInfo(try tensor(value.index, made, arena, for: node))
                }
                let outputs = try compute(node, inputs, bytesUsed: &bytes)
                for (value, tensor) in zip(node.outputs, outputs) { made[value.index] = tensor }
            }
        }
        results = made.filter { wanted.contains($0.key) }
    }

    private func compute(_ node: Node, _ inputs: [ValueInfo?], bytesUsed: inout Int) throws -> [Tensor] {
        let infos: [ValueInfo]
        do { infos = try node.op.infer(inputs) } catch is DependsOnContent {
            throw node.op.misfit("its output shape depends on something unknown")
        }
        if let op = node.op as? any DataDependentOperator {
            let tensors = try ConstantFolding.computeAny(op, inputs)
            guard tensors.count >= node.outputs.count else { throw node.op.misfit("it has \(tensors.count) outputs") }
            return tensors
        }
        guard infos.count >= node.outputs.count else { throw node.op.misfit("it has \(infos.count) outputs") }
        for info in infos {
            try plan.limits.check(info.shape, info.elementType, at: node.place)
            bytesUsed += info.count * info.elementType.byteCount
        }
        guard bytesUsed <= plan.limits.arenaBytes else { throw node.op.misfit("too much memory at once") }
        return try ConstantFolding.compute(node.op, inputs, infos)
    }

    private func tensor(_ index: Int, _ made: [Int: Tensor], _ arena: TensorStorage, for node: Node) throws -> Tensor {
        if let tensor = made[index] { return tensor }
        let value = plan.values[index]
        switch value.place {
        case .constant(let tensor): return tensor
        case .arena(let offset):
            return Tensor(shape: value.shape, elementType: value.elementType, storage: arena, byteOffset: offset)
        case .dynamic, .nowhere: throw node.op.misfit("it reads a value that no layer before it makes")
        }
    }
}
