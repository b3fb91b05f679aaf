import Geometry

/// Higher Order Tracking Accuracy (Luiten et al. 2021; spec: metrics, section 5), equal to TrackEval.
///
/// All values are means over the similarity thresholds 0.05, 0.10 … 0.95.
public struct HOTA: Hashable, Sendable {
    public static let thresholds = (1...19).map { Double($0) * 5 / 100 }

    /// What is counted at one threshold. The three association sums are over all matches, so that several sequences add up.
    private struct Sums: Hashable, Sendable {
        var matches = 0.0
        var misses = 0.0
        var falsePositives = 0.0
        var similarity = 0.0
        var association = 0.0
        var associationRecall = 0.0
        var associationPrecision = 0.0

        var detectionAccuracy: Double { matches / max(1, matches + misses + falsePositives) }
        var associationAccuracy: Double { association / max(1, matches) }
        var hota: Double { (detectionAccuracy * associationAccuracy).squareRoot() }

        static func + (a: Sums, b: Sums) -> Sums {
            Sums(
                matches: a.matches + b.matches, misses: a.misses + b.misses, falsePositives: a.falsePositives + b.falsePositives,
                similarity: a.similarity + b.similarity, association: a.association + b.association,
                associationRecall: a.associationRecall + b.associationRecall,
                associationPrecision: a.associationPrecision + b.associationPrecision)
        }
    }

    private var sums = [Sums](repeating: Sums(), count: thresholds.count)

    public var hota: Double { mean(\.hota) }
    public var detectionAccuracy: Double { mean(\.detectionAccuracy) }
    public var detectionRecall: Double { mean { $0.matches / max(1, $0.matches + $0.misses) } }
    public var detectionPrecision: Double { mean { $0.matches / max(1, $0.matches + $0.falsePositives) } }
    public var associationAccuracy: Double { mean(\.associationAccuracy) }
    public var associationRecall: Double { mean { $0.associationRecall / max(1, $0.matches) } }
    public var associationPrecision: Double { mean { $0.associationPrecision / max(1, $0.matches) } }
    /// Mean similarity of the matches; 1 where there is none.
    public var localization: Double { mean { max(1e-10, $0.similarity) / max(1e-10, $0.matches) } }
    /// HOTA at each threshold.
    public var hotaAtThreshold: [Double] { sums.map(\.hota) }

    private func mean(_ value: (Sums) -> Double) -> Double {
        sums.reduce(0) { $0 + value($1) } / Double(sums.count)
    }

    /// Several sequences as one: counts add up, so a longer sequence weighs more.
    public init(combining parts: [HOTA]) {
        for part in parts { sums = zip(sums, part.sums).map { $0 + $1 } }
    }

    public init(_ sequence: TrackingSequence) {
        let alignment = Alignment(sequence)
        var together = Array(
            repeating: PairSums(rows: alignment.truthFrames.count, columns: alignment.predictedFrames.count), count: sums.count)
        for frame in sequence.frames {
            let pairs = alignment.pairs(of: frame)
            for (index, threshold) in Self.thresholds.enumerated() {
                let matched = pairs.filter { frame.similarity[$0.row, $0.column] >= threshold - .ulpOfOne }
                sums[index].matches += Double(matched.count)
                sums[index].misses += Double(frame.truth.count - matched.count)
                sums[index].falsePositives += Double(frame.predicted.count - matched.count)
                for pair in matched {
                    sums[index].similarity += frame.similarity[pair.row, pair.column]
                    together[index].add(1, pair.truth, pair.predicted)
                }
            }
        }
        for index in sums.indices {
            for row in 0..<together[index].rows {
                for (column, frames) in together[index].row(row) {
                    let (truth, predicted) = (alignment.truthFrames[row], alignment.predictedFrames[column])
                    sums[index].association += frames * frames / max(1, truth + predicted - frames)
                    sums[index].associationRecall += frames * frames / max(1, truth)
                    sums[index].associationPrecision += frames * frames / max(1, predicted)
                }
            }
        }
    }

    /// How well each pair of ids goes together over the whole sequence; decides who is matched in a frame.
    private struct Alignment {
        private let rowOf: [Int: Int]
        private let columnOf: [Int: Int]
        private(set) var truthFrames: [Double]
        private(set) var predictedFrames: [Double]
        private var shared: PairSums

        init(_ sequence: TrackingSequence) {
            let (truth, predicted) = (sequence.truthIDs, sequence.predictedIDs)
            rowOf = Dictionary(uniqueKeysWithValues: truth.enumerated().map { ($1, $0) })
            columnOf = Dictionary(uniqueKeysWithValues: predicted.enumerated().map { ($1, $0) })
            truthFrames = Array(repeating: 0, count: truth.count)
            predictedFrames = Array(repeating: 0, count: predicted.count)
            shared = PairSums(rows: truth.count, columns: predicted.count)
            for frame in sequence.frames { add(frame) }
        }

        private mutating func add(_ frame: TrackingSequence.Frame) {
            let rows = frame.truth.compactMap { rowOf[$0] }
            let columns = frame.predicted.compactMap { columnOf[$0] }
            for row in rows { truthFrames[row] += 1 }
            for column in columns { predictedFrames[column] += 1 }
            let similarity = frame.similarity
            let rowSums = rows.indices.map { row in columns.indices.reduce(0) { $0 + similarity[row, $1] } }
            let columnSums = columns.indices.map { column in rows.indices.reduce(0) { $0 + similarity[$1, column] } }
            for (i, row) in rows.enumerated() {
                for (j, column) in columns.enumerated() where similarity[i, j] > 0 {
                    let union = rowSums[i] + columnSums[j] - similarity[i, j]
                    if union > .ulpOfOne { shared.add(similarity[i, j] / union, row, column) }
                }
            }
        }

        private func score(_ row: Int, _ column: Int) -> Double {
            let sum = shared[row, column]
            return sum / max(1e-300, truthFrames[row] + predictedFrames[column] - sum)
        }

        func pairs(of frame: TrackingSequence.Frame) -> [(row: Int, column: Int, truth: Int, predicted: Int)] {
            let rows = frame.truth.compactMap { rowOf[$0] }
            let columns = frame.predicted.compactMap { columnOf[$0] }
            var cost = PairMatrix(rows: rows.count, columns: columns.count)
            for (i, row) in rows.enumerated() {
                for (j, column) in columns.enumerated() { cost[i, j] = -score(row, column) * frame.similarity[i, j] }
            }
            return Assignment.minimumCost(cost).enumerated().compactMap { i, j in
                j.map { (i, $0, rows[i], columns[$0]) }
            }
        }
    }
}
