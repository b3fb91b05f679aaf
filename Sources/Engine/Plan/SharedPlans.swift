import Synchronization

/// The plans of one graph, made once for each input shape and given to everyone who asks: all sources of a process run on the
/// same packed weights.
public final class SharedPlans: Sendable {
    private struct Key: Hashable {
        var shapes: [String: [Int]]
        var threads: Int
    }

    private let plans = Mutex<[Key: Plan]>([:])

    public init() {}

    /// The plan for these shapes; who asks first makes it, others wait for it.
    func plan(for shapes: [String: [Int]], threads: Int, make: () throws -> Plan) throws -> Plan {
        let key = Key(shapes: shapes, threads: threads)
        return try plans.withLock { plans in
            if let plan = plans[key] { return plan }
            let plan = try make()
            plans[key] = plan
            return plan
        }
    }
}

extension Graph {
    /// A plan with everything at its default; the same one for everyone when the graph has `sharedPlans`.
    public func plan(inputShapes: [String: [Int]] = [:], threads: Int = 1) throws -> Plan {
        guard let sharedPlans else { return try Plan(self, inputShapes: inputShapes, threads: threads) }
        return try sharedPlans.plan(for: inputShapes, threads: threads) {
            try Plan(self, inputShapes: inputShapes, threads: threads)
        }
    }
}
