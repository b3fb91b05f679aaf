import Diagnostics
import Engine

/// A pose residual network, to be planned for as many boxes as a frame has.
public struct ResidualNetwork: Sendable {
    /// In which order a network's joints stand; files do not tell, their origin does.
    public enum JointOrder: Sendable, Hashable {
        /// The authors' own networks (PyTorch and Keras).
        case coco
        /// The one inside a whole MultiPoseNet: OpenPose's order without the neck.
        case openPose
    }

    /// For messages: what the user called the model.
    public let model: String
    public let order: JointOrder
    private let makeGraph: @Sendable (Int) throws -> Graph

    /// - Parameter makeGraph: the graph for so many boxes; its one input and its one output are [boxes, 56, 36, 17].
    public init(model: String, order: JointOrder, makeGraph: @escaping @Sendable (_ boxes: Int) throws -> Graph) {
        self.model = model
        self.order = order
        self.makeGraph = makeGraph
    }

    /// The network made ready for so many boxes. Throws `Failure` of kind `.data` when it is no pose residual network.
    func plan(boxes: Int) throws -> Plan {
        let graph = try makeGraph(boxes)
        let shape = [boxes, ResidualGrid.rows, ResidualGrid.columns, ResidualGrid.joints]
        func misfit(_ why: String) -> Failure {
            Failure(.data, "cannot use model as a pose residual network", at: model, because: why)
        }
        guard graph.inputs.count == 1, let input = graph.inputs.first else { throw misfit("it has \(graph.inputs.count) inputs") }
        guard input.shape.count == 4, zip(input.shape, shape).allSatisfy({ $0 == nil || $0 == $1 }) else {
            throw misfit("its input is not a grid of \(Shape.text(shape))")
        }
        let plan = try Plan(graph, inputShapes: [input.name: shape])
        guard plan.outputs.count == 1, plan.outputs[0].shape == shape, plan.outputs[0].elementType == .float32 else {
            throw misfit("its output is not a grid of \(Shape.text(shape))")
        }
        return plan
    }
}

/// Runs a pose residual network on all boxes of a frame at once. Belongs to one caller at a time.
///
/// Its weights (285 MB) are read once a run, whatever the number of boxes: that is what the time goes to.
final class ResidualRunner {
    private let network: ResidualNetwork
    private var executor: Executor
    private var capacity: Int

    init(_ network: ResidualNetwork) throws {
        self.network = network
        capacity = 4
        executor = Executor(try network.plan(boxes: capacity))
    }

    /// The network's output for the grids, [boxes, 56, 36, 17]; good until the next call.
    func run(_ grids: ResidualGrid) throws -> UnsafeBufferPointer<Float> {
        // Powers of two, so that few plans are made while the number of people goes up and down.
        var wanted = 4
        while wanted < grids.boxCount { wanted *= 2 }
        if wanted != capacity {
            executor = Executor(try network.plan(boxes: wanted))
            capacity = wanted
        }
        executor.withInput(0) { grids.fill($0.floats) }
        try executor.run()
        return UnsafeBufferPointer(executor.output(0).floats)
    }
}
