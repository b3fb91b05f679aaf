import Diagnostics
import Engine
import Networks

/// How fast the engine runs a network on this machine: `posestream bench networks`.
public struct NetworkBench: Sendable {
    /// Threads that work on one picture together.
    public var threads = 1
    public var precision = NetworkPrecision.automatic
    /// Runs that count; the median of them is told.
    public var runs = 15
    /// Height and width; nil takes the usual ones.
    public var size: (height: Int, width: Int)?

    public init() {}

    public struct Layer: Sendable, Encodable {
        public var name: String
        public var op: String
        /// Sizes and algorithm: "64x64x48 to 64x64x48, 3x3 stride 1 winograd4".
        public var method: String
        public var milliseconds: Double
        public var gflops: Double
        /// Of the measured peak, 0 to 1.
        public var share: Double
    }

    public struct Result: Sendable, Encodable {
        public var network: String
        /// Weights of a file, or the formula's.
        public var weights: String
        public var input: [Int]
        public var precision: String
        public var threads: Int
        /// Median, and the fastest run.
        public var milliseconds: Double
        public var fastest: Double
        public var multiplyAdds: Int
        public var gflops: Double
        /// Of the measured peak, 0 to 1. Above it means that less arithmetic is done than the network's definition has.
        public var share: Double
        /// Bytes between layers and bytes of weights.
        public var arenaBytes: Int
        public var weightBytes: Int
        public var layers: [Layer]
    }

    /// The networks that are measured when none is named: those that need no file.
    public static var standardNames: [String] { NetworkCatalog.entries.map(\.name) }

    /// GFLOP/s that this processor reaches at most with so many threads.
    public static func peak(threads: Int) -> Double { ProcessorPeak.measure(threads: threads) / 1e9 }

    /// - Parameters:
    ///   - name: as pipelines name it, or one of `standardNames`.
    ///   - peak: GFLOP/s, of `peak(threads:)`.
    /// - Throws: `Failure`.
    public func run(_ name: String, library: ModelLibrary, peak: Double) throws -> Result {
        let session = try NetworkBenchSession(name, library: library, size: size, threads: threads, precision: precision)
        // The first run touches the memory.
        _ = try session.run()
        let times = try (0..<max(runs, 1)).map { _ in try session.run() }.sorted()
        let costs = try session.costs()
        let total = costs.reduce(0) { $0 + $1.multiplyAdds }
        let median = times[times.count / 2]
        let gflops = Double(total) * 2 / median / 1e6
        let plan = session.executor.plan
        return Result(
            network: name, weights: session.weights, input: plan.inputs.first?.shape ?? [], precision: precision.resolved == .bfloat16 ? "bf16" : "f32", threads: threads,
            milliseconds: median, fastest: times[0], multiplyAdds: total, gflops: gflops, share: gflops / peak, arenaBytes: plan.arenaBytes,
            weightBytes: plan.constantBytes, layers: try layers(session.executor, costs, peak: peak))
    }

    private func layers(_ executor: Executor, _ costs: [LayerCost], peak: Double) throws -> [Layer] {
        var order: [String] = [], times: [String: [Double]] = [:], operators: [String: String] = [:]
        for _ in 0..<min(max(runs, 1), 7) {
            var seen: [String: Int] = [:]
            try executor.run(measuring: { name, op, time in
                // Several steps may carry one name: each is told for itself.
                seen[name, default: 0] += 1
                let key = seen[name] == 1 ? name : "\(name) (\(seen[name] ?? 0))"
                if times[key] == nil { order.append(key) }
                times[key, default: []].append(time / .milliseconds(1))
                operators[key] = op
            })
        }
        var methods: [String: String] = [:], seen: [String: Int] = [:]
        for layer in executor.plan.layers {
            seen[layer.name, default: 0] += 1
            methods[seen[layer.name] == 1 ? layer.name : "\(layer.name) (\(seen[layer.name] ?? 0))"] = layer.method
        }
        let macs = Dictionary(costs.map { ($0.name, $0.multiplyAdds) }) { $0 + $1 }
        return order.map { name in
            let sorted = (times[name] ?? []).sorted()
            let time = sorted.isEmpty ? 0 : sorted[sorted.count / 2]
            let gflops = time > 0 ? Double(macs[name] ?? 0) * 2 / time / 1e6 : 0
            return Layer(
                name: name, op: operators[name] ?? "", method: methods[name] ?? "", milliseconds: time, gflops: gflops, share: gflops / peak)
        }
    }
}
