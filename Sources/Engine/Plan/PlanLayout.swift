import Diagnostics

/// Chooses kernels and gives every value its memory: values that live at different times share it, views share their
/// source's.
struct PlanLayout {
    private let inference: ShapeInference
    private let kernels: KernelSelection
    /// For each value the value whose memory it is.
    private var owner: [Int]

    init(_ inference: ShapeInference, kernels: KernelSelection) {
        self.inference = inference
        self.kernels = kernels
        owner = Array(0..<inference.graph.numberOfValues)
    }

    private func isInMemory(_ value: ValueID) -> Bool {
        inference.infos[value.index].map { $0.constant == nil } ?? false
    }

    consuming func plan() throws -> Plan {
        let graph = inference.graph
        var steps: [(node: Node, kernel: any Kernel)] = []
        for node in inference.steps {
            if node.op is any ViewOperator, node.outputs.count == 1, let source = node.inputs.first ?? nil, isInMemory(source) {
                guard inference.infos[source.index]?.count == inference.infos[node.outputs[0].index]?.count else {
                    throw Failure(.internalDefect, "cannot plan network", at: node.place, because: "a view changes the count")
                }
                owner[node.outputs[0].index] = owner[source.index]
                continue
            }
            let inputs = node.inputs.map { $0.flatMap { inference.infos[$0.index] } }
            let outputs = node.outputs.compactMap { inference.infos[$0.index] }
            steps.append((node, try node.named { try kernels.kernel(for: node.op, inputs, outputs) }))
        }

        let lifetimes = self.lifetimes(steps.map(\.node))
        var blocks: [ArenaLayout.Block] = []
        var blockOf: [Int: Int] = [:]
        for (value, lifetime) in lifetimes.sorted(by: { $0.key < $1.key }) {
            guard let info = inference.infos[value] else { continue }
            blockOf[value] = blocks.count
            blocks.append(.init(byteCount: info.count * info.elementType.byteCount, lifetime: lifetime))
        }
        let firstScratch = blocks.count
        for (index, step) in steps.enumerated() {
            blocks.append(.init(byteCount: step.kernel.scratchBytes, lifetime: index...index))
        }
        guard let layout = ArenaLayout(blocks, limit: inference.limits.arenaBytes) else {
            throw Failure(
                .data, "network does not fit", at: "graph",
                because: "its layers need more than \(inference.limits.arenaBytes >> 20) MiB at once")
        }

        var used = Set(graph.outputs.map(\.value))
        for node in steps.map(\.node) + inference.dynamicSteps {
            used.formUnion(node.inputs.compactMap { $0 })
            used.formUnion(node.outputs)
        }
        used.formUnion(graph.inputs.map(\.value))
        let values = (0..<graph.numberOfValues).map { index -> Plan.Value in
            guard used.contains(ValueID(index)) else { return Plan.Value(shape: [], elementType: .float32, place: .nowhere) }
            guard let info = inference.infos[index] else { return Plan.Value(shape: [], elementType: .float32, place: .dynamic) }
            if let tensor = info.constant {
                return Plan.Value(shape: info.shape, elementType: info.elementType, place: .constant(tensor))
            }
            let place = blockOf[owner[index]].map { Plan.Place.arena(layout.offsets[$0]) } ?? .nowhere
            return Plan.Value(shape: info.shape, elementType: info.elementType, place: place)
        }
        let constantBytes = values.reduce(0) { sum, value in
            if case .constant(let tensor) = value.place { sum + tensor.byteCount } else { sum }
        }
        return Plan(
            inputs: zip(graph.inputs, inference.inputShapes).map {
                PlannedValue(name: $0.name, shape: $1, elementType: $0.elementType, isDataDependent: false)
            },
            outputs: graph.outputs.map { output in
                let info = inference.infos[output.value.index]
                return PlannedValue(
                    name: output.name, shape: info?.shape ?? [], elementType: info?.elementType ?? .float32,
                    isDataDependent: info == nil)
            },
            arenaBytes: layout.byteCount, constantBytes: constantBytes,
            inputValues: graph.inputs.map(\.value.index), outputValues: graph.outputs.map(\.value.index), values: values,
            steps: steps.enumerated().map { index, step in
                Plan.Step(
                    name: step.node.name, operatorName: step.node.op.name, kernel: step.kernel,
                    inputs: step.node.inputs.map { $0?.index }, outputs: step.node.outputs.map(\.index),
                    scratch: layout.offsets[firstScratch + index])
            },
            dynamicSteps: inference.dynamicSteps, limits: inference.limits)
    }

    /// First and last step of each owner of memory. Inputs keep what was written, so they live always; so does what is
    /// read after the last step.
    private func lifetimes(_ nodes: [Node]) -> [Int: ClosedRange<Int>] {
        var lifetimes: [Int: ClosedRange<Int>] = [:]
        func extend(_ value: ValueID, to step: Int) {
            guard isInMemory(value) else { return }
            let owner = owner[value.index]
            let old = lifetimes[owner]
            lifetimes[owner] = min(old?.lowerBound ?? step, step)...max(old?.upperBound ?? step, step)
        }
        for input in graph.inputs {
            extend(input.value, to: -1)
            extend(input.value, to: nodes.count)
        }
        for (index, node) in nodes.enumerated() {
            for value in node.outputs { extend(value, to: index) }
            for case let value? in node.inputs { extend(value, to: index) }
        }
        for output in graph.outputs { extend(output.value, to: nodes.count) }
        for node in inference.dynamicSteps {
            for case let value? in node.inputs { extend(value, to: nodes.count) }
        }
        return lifetimes
    }

    private var graph: Graph { inference.graph }
}
