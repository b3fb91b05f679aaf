import CKernels

/// Which algorithm was the fastest for a convolution when it was measured, on one processor. Where nothing is said the cost
/// model decides.
///
/// Part of a graph, and never measured on the way: a plan must give the same numbers each time, and algorithms differ in the
/// last bits.
public struct MeasuredAlgorithms: Sendable, Equatable, Codable {
    /// "direct", "winograd2" or "winograd4", by layer: its sizes and what it multiplies.
    public var byLayer: [String: String]

    public init(byLayer: [String: String] = [:]) { self.byLayer = byLayer }

    public var isEmpty: Bool { byLayer.isEmpty }

    func algorithm(_ layer: String, among candidates: [ConvolutionChoice.Candidate]) -> ps_conv_algorithm? {
        byLayer[layer].flatMap { name in candidates.first { ConvolutionChoice.name($0.algorithm) == name }?.algorithm }
    }

    /// What was found out about a layer.
    public struct Finding: Sendable {
        /// Sizes and what is multiplied: "256x16x12 to 256x16x12, 3x3 dilation 1 f32".
        public let layer: String
        public let chosenByModel: String
        public let fastest: String
        /// Of one run, by algorithm.
        public let milliseconds: [String: Double]
    }

    /// Measures every convolution of the graph for which the cost model thinks that another algorithm may be as fast.
    ///
    /// Takes each candidate into a plan of its own and runs the plans in turn, so that weights come from memory as they do in
    /// a real run and what disturbs the machine disturbs all.
    /// - Parameter runs: of each plan; the median counts. A layer keeps the model's choice unless another is 3 % faster.
    public static func measure(
        _ graph: Graph, inputShapes: [String: [Int]] = [:], threads: Int = 1, runs: Int = 15
    ) throws -> (algorithms: MeasuredAlgorithms, findings: [Finding]) {
        var graph = graph
        graph.measured = MeasuredAlgorithms()
        let model = try Plan(graph, inputShapes: inputShapes, threads: threads)
        let unsure = Dictionary(model.choices.map { ($0.layer, $0) }) { first, _ in first }.filter { $0.value.isUnsure }
        guard let most = unsure.values.map(\.candidates.count).max() else { return (MeasuredAlgorithms(), []) }

        var executors: [Executor] = []
        for number in 0..<most {
            graph.measured.byLayer = unsure.mapValues { ConvolutionChoice.name($0.candidates[min(number, $0.candidates.count - 1)].algorithm) }
            executors.append(Executor(try Plan(graph, inputShapes: inputShapes, threads: threads)))
        }
        var times: [String: [String: [Double]]] = [:]
        for run in 0...max(runs, 1) {
            for executor in executors {
                var step = 0, found: [String: (String, Double)] = [:]
                try executor.run(measuring: { _, _, time in
                    defer { step += 1 }
                    guard step < executor.plan.steps.count, let choice = executor.plan.choice(ofStep: step), unsure[choice.layer] != nil else { return }
                    found[choice.layer] = (choice.algorithm, (found[choice.layer]?.1 ?? 0) + time / .milliseconds(1))
                })
                // The first run meets cold code.
                guard run > 0 else { continue }
                for (layer, (algorithm, time)) in found { times[layer, default: [:]][algorithm, default: []].append(time) }
            }
        }
        var measured = MeasuredAlgorithms(), findings: [Finding] = []
        for (layer, choice) in unsure.sorted(by: { $0.key < $1.key }) {
            let medians = (times[layer] ?? [:]).mapValues { $0.sorted()[$0.count / 2] }
            guard let usual = medians[choice.algorithm], let best = medians.min(by: { ($0.value, $0.key) < ($1.value, $1.key) }) else { continue }
            let fastest = best.value < 0.97 * usual ? best.key : choice.algorithm
            if fastest != choice.algorithm { measured.byLayer[layer] = fastest }
            findings.append(Finding(layer: layer, chosenByModel: choice.algorithm, fastest: fastest, milliseconds: medians))
        }
        return (measured, findings)
    }
}

/// How a layer's algorithm came about.
struct AlgorithmChoice: Sendable {
    let layer: String
    let algorithm: String
    let candidates: [ConvolutionChoice.Candidate]

    /// The model's second best is close to its best.
    var isUnsure: Bool {
        let seconds = candidates.map(\.seconds).sorted()
        return seconds.count > 1 && seconds[1] < 1.35 * seconds[0]
    }
}

extension Plan {
    var choices: [AlgorithmChoice] { steps.indices.compactMap { choice(ofStep: $0) } }

    func choice(ofStep index: Int) -> AlgorithmChoice? { (steps[index].kernel as? BlockedConvolutionKernel)?.choice }
}
