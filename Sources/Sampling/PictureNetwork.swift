import Diagnostics
import Engine
import Synchronization

/// A network that looks at pictures, to be planned for the size of whatever comes.
///
/// Plans of the last few sizes are kept and shared by all who run the network, since a film has one size and its weights
/// are packed once.
public struct PictureNetwork: Sendable {
    /// What the user called the model, for messages.
    public let model: String
    /// The only input size that the file allows; nil when any does.
    public let fixedSize: InputSize?
    private let plans: PlanStore
    private let makePlan: @Sendable (InputSize) throws -> Plan

    /// A network that is laid out anew for each size.
    ///
    /// - Parameters:
    ///   - threads: how many may work on one layer.
    ///   - makeGraph: the graph for a picture of this size; its one input is [1, 3, height, width].
    public init(model: String, threads: Int = 1, makeGraph: @escaping @Sendable (InputSize) throws -> Graph) {
        self.model = model
        fixedSize = nil
        plans = PlanStore()
        makePlan = { size in
            let graph = try makeGraph(size)
            return try PictureInput(graph, model: model).plan(graph, size: size, threads: threads)
        }
    }

    /// A graph as it stands in a file. Throws `Failure` of kind `.data` when it takes anything but colour pictures.
    public init(_ graph: Graph, model: String, threads: Int = 1) throws {
        let input = try PictureInput(graph, model: model)
        self.model = model
        fixedSize = input.height.flatMap { height in input.width.map { InputSize(width: $0, height: height) } }
        plans = PlanStore()
        makePlan = { size in try input.plan(graph, size: input.size(wanted: size, standard: size), threads: threads) }
    }

    /// The network made ready for pictures of this size.
    ///
    /// Throws `Failure`: `.data` when the network does not fit the size, `.configuration` when its file allows another only.
    public func plan(for size: InputSize) throws -> Plan {
        guard size.isSensible else {
            throw Failure(.data, "cannot look at picture", at: model, because: "an input of \(size) pixels is beyond all measure")
        }
        return try plans.plan(for: size, making: makePlan)
    }
}

/// The plans of the last sizes.
private final class PlanStore: Sendable {
    private let plans = Mutex<[(size: InputSize, plan: Plan)]>([])
    private static let limit = 3

    func plan(for size: InputSize, making makePlan: (InputSize) throws -> Plan) throws -> Plan {
        // Held while a plan is made, so that streams of one size make one.
        try plans.withLock { plans in
            if let index = plans.firstIndex(where: { $0.size == size }) {
                let found = plans.remove(at: index)
                plans.append(found)
                return found.plan
            }
            let plan = try makePlan(size)
            plans.append((size, plan))
            if plans.count > Self.limit { plans.removeFirst() }
            return plan
        }
    }
}
