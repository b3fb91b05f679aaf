import Diagnostics

/// Gives every value its memory: values that live at different times share it, views and parts share their source's.
struct PlanLayout {
    private let inference: ShapeInference
    private let network: LaidOutNetwork
    private let threads: Int

    init(_ inference: ShapeInference, _ network: LaidOutNetwork, threads: Int) {
        self.inference = inference
        self.network = network
        self.threads = threads
    }

    private func isInMemory(_ value: Int) -> Bool { network.values[value].map { $0.constant == nil } ?? false }

    consuming func plan() throws -> Plan {
        let graph = inference.graph
        let steps = network.steps
        let lifetimes = self.lifetimes(steps)
        var blocks: [ArenaLayout.Block] = []
        var blockOf: [Int: Int] = [:]
        for (value, lifetime) in lifetimes.sorted(by: { $0.key < $1.key }) {
            guard let known = network.values[value] else { continue }
            blockOf[value] = blocks.count
            blocks.append(.init(byteCount: known.byteCount, lifetime: lifetime))
        }
        let firstScratch = blocks.count
        for (index, step) in steps.enumerated() {
            blocks.append(.init(byteCount: step.kernel.scratchBytes(threads: threads), lifetime: index...index))
        }
        guard let layout = ArenaLayout(blocks, limit: inference.limits.arenaBytes) else {
            throw Failure(
                .data, "network does not fit", at: "graph",
                because: "its layers need more than \(inference.limits.arenaBytes >> 20) MiB at once")
        }

        var used = Set(graph.outputs.map(\.value.index))
        used.formUnion(graph.inputs.map(\.value.index))
        for step in steps {
            used.formUnion(step.inputs.compactMap { $0 })
            used.formUnion(step.outputs)
        }
        for node in inference.dynamicSteps {
            used.formUnion(node.inputs.compactMap { $0?.index })
            used.formUnion(node.outputs.map(\.index))
        }
        let values = network.values.enumerated().map { index, value -> Plan.Value in
            guard used.contains(index) else { return Plan.Value(shape: [], elementType: .float32, place: .nowhere) }
            guard let value else { return Plan.Value(shape: [], elementType: .float32, place: .dynamic) }
            if let tensor = value.constant {
                return Plan.Value(shape: value.shape, elementType: value.elementType, place: .constant(tensor))
            }
            let owner = network.owners[index]
            let place = blockOf[owner.value].map { Plan.Place.arena(layout.offsets[$0] + owner.byteOffset) } ?? .nowhere
            return Plan.Value(shape: value.shape, elementType: value.elementType, place: place)
        }
        let constantBytes = values.reduce(0) { sum, value in
            if case .constant(let tensor) = value.place { sum + tensor.byteCount } else { sum }
        } + steps.reduce(0) { $0 + $1.kernel.constantBytes }
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
            arenaBytes: layout.byteCount, constantBytes: constantBytes, threads: threads,
            inputValues: graph.inputs.map(\.value.index), outputValues: graph.outputs.map(\.value.index), values: values,
            steps: steps.enumerated().map { index, step in
                Plan.Step(
                    name: step.name, operatorName: step.operatorName, kernel: step.kernel, inputs: step.inputs, outputs: step.outputs,
                    scratch: layout.offsets[firstScratch + index])
            },
            dynamicSteps: inference.dynamicSteps, limits: inference.limits)
    }

    /// First and last step of each owner of memory. Inputs keep what was written, so they live always; so does what is
    /// read after the last step.
    private func lifetimes(_ steps: [LaidOutNetwork.Step]) -> [Int: ClosedRange<Int>] {
        var lifetimes: [Int: ClosedRange<Int>] = [:]
        func extend(_ value: Int, to step: Int) {
            guard isInMemory(value) else { return }
            let owner = network.owners[value].value
            let old = lifetimes[owner]
            lifetimes[owner] = min(old?.lowerBound ?? step, step)...max(old?.upperBound ?? step, step)
        }
        for input in graph.inputs {
            extend(input.value.index, to: -1)
            extend(input.value.index, to: steps.count)
        }
        for (index, step) in steps.enumerated() {
            for value in step.outputs { extend(value, to: index) }
            for case let value? in step.inputs { extend(value, to: index) }
        }
        for output in graph.outputs { extend(output.value.index, to: steps.count) }
        for node in inference.dynamicSteps {
            for case let value? in node.inputs { extend(value.index, to: steps.count) }
        }
        return lifetimes
    }

    private var graph: Graph { inference.graph }
}
