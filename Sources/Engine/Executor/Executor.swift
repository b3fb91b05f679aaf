import Diagnostics

/// Runs a plan. Owns the memory between layers, so one executor serves one thread; many executors share one plan.
///
///     let executor = Executor(plan)
///     executor.withInput(0) { fill($0.floats) }
///     try executor.run()
///     let heatmaps = executor.output(0)      // good until the next run
public final class Executor {
    public let plan: Plan
    private let arena: TensorStorage
    private let steps: [BoundStep]
    private let inputViews: [TensorView]
    private var outputViews: [TensorView]
    private var dynamicRun: DynamicRun?
    /// Where several threads work on a layer.
    private let crew: LayerCrew?

    /// A step with all its addresses, so that a run allocates nothing.
    private struct BoundStep {
        let name: String
        let operatorName: String
        let kernel: any Kernel
        let inputs: [TensorView?]
        let outputs: [TensorView]
        let scratch: UnsafeMutableRawBufferPointer
    }

    public init(_ plan: Plan) {
        self.plan = plan
        let arena = TensorStorage(byteCount: plan.arenaBytes)
        func view(_ index: Int) -> TensorView {
            let value = plan.values[index]
            switch value.place {
            case .arena(let offset):
                return TensorView(shape: value.shape, elementType: value.elementType, bytes: arena.start + offset)
            case .constant(let tensor):
                return TensorView(tensor)
            case .dynamic, .nowhere:
                return TensorView(shape: [0], elementType: value.elementType, bytes: arena.start)
            }
        }
        steps = plan.steps.map { step in
            let inputs = step.inputs.map { $0.map(view) }, outputs = step.outputs.map(view)
            let scratch = UnsafeMutableRawBufferPointer(
                start: arena.start + step.scratch, count: step.kernel.scratchBytes(threads: plan.threads))
            return BoundStep(
                name: step.name, operatorName: step.operatorName, kernel: step.kernel, inputs: inputs, outputs: outputs,
                scratch: scratch)
        }
        let divided = steps.map { DividedLayer($0.kernel, $0.inputs, $0.outputs, $0.scratch.baseAddress, threads: plan.threads) }
        crew = divided.contains { $0 != nil } ? LayerCrew(divided, threads: plan.threads) : nil
        inputViews = plan.inputValues.map(view)
        outputViews = plan.outputValues.map(view)
        self.arena = arena
        dynamicRun = plan.dynamicSteps.isEmpty ? nil : DynamicRun(plan)
    }

    /// The memory of an input, to be filled. What was written stays until it is written again.
    public func withInput<R>(_ index: Int, _ body: (TensorView) throws -> R) rethrows -> R {
        try body(inputViews[index])
    }

    /// Computes all outputs from the inputs.
    ///
    /// Throws `Failure` of kind `.data` that names the layer when contents do not fit, for example an index out of range.
    public func run() throws {
        if let crew {
            var failure: (any Error)?
            crew.run {
                do { try runSteps() } catch let thrown { failure = thrown }
            }
            if let failure { throw failure }
        } else {
            try runSteps()
        }
        try runDynamicSteps()
    }

    private func runSteps() throws {
        for index in steps.indices {
            do {
                try run(index)
            } catch var failure as Failure {
                failure.place = "layer \"\(steps[index].name)\" (\(steps[index].operatorName))"
                throw failure
            }
        }
    }

    @inline(__always)
    private func run(_ index: Int) throws {
        if let crew, crew.divides(index) {
            crew.run(layer: index)
        } else {
            let step = steps[index]
            try step.kernel.run(step.inputs, into: step.outputs, scratch: step.scratch)
        }
    }

    private func runDynamicSteps() throws {
        guard dynamicRun != nil else { return }
        try dynamicRun?.run(arena: arena)
        for (index, value) in plan.outputValues.enumerated() {
            if let tensor = dynamicRun?.results[value] { outputViews[index] = TensorView(tensor) }
        }
    }

    /// An output of the last run, valid until the next.
    public func output(_ index: Int) -> TensorView { outputViews[index] }

    /// Runs on copies of these inputs and copies the outputs: for tests and single uses.
    ///
    /// Throws `Failure` of kind `.data` when an input is missing or has another shape or type than planned.
    public func run(_ inputs: [String: Tensor]) throws -> [String: Tensor] {
        for (index, planned) in plan.inputs.enumerated() {
            func misfit(_ why: String) -> Failure {
                Failure(.data, "cannot run network", at: "input \"\(planned.name)\"", because: why)
            }
            guard let tensor = inputs[planned.name] else { throw misfit("it is not given") }
            guard tensor.shape == planned.shape, tensor.elementType == planned.elementType else {
                throw misfit(
                    "it is \(Shape.text(tensor.shape)) \(tensor.elementType), planned for \(Shape.text(planned.shape)) \(planned.elementType)")
            }
            inputViews[index].bytes.copyMemory(from: TensorView(tensor).bytes, byteCount: tensor.byteCount)
            withExtendedLifetime(tensor) {}
        }
        try run()
        var results: [String: Tensor] = [:]
        for (index, planned) in plan.outputs.enumerated() {
            let view = outputViews[index]
            let tensor = Tensor(shape: view.shape, elementType: view.elementType)
            TensorView(tensor).bytes.copyMemory(from: view.bytes, byteCount: tensor.byteCount)
            results[planned.name] = tensor
        }
        return results
    }

    /// Runs and reports the time of each layer, for `bench --layers`.
    package func run(measuring report: (_ name: String, _ operatorName: String, _ time: Duration) -> Void) throws {
        let clock = ContinuousClock()
        func measure() throws {
            for (index, step) in steps.enumerated() {
                let time = try clock.measure { try run(index) }
                report(step.name, step.operatorName, time)
            }
        }
        if let crew {
            var failure: (any Error)?
            crew.run {
                do { try measure() } catch let thrown { failure = thrown }
            }
            if let failure { throw failure }
        } else {
            try measure()
        }
        let time = try clock.measure { try runDynamicSteps() }
        if dynamicRun != nil { report("", "dynamic layers", time) }
    }
}
