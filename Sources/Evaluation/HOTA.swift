import Geometry

/// Higher Order Tracking Accuracy (Luiten et al. 2021; spec: metrics, section 5), equal to TrackEval.
///
/// All values are means over the similarity thresholds 0.05, 0.10 … 0.95.
public struct HOTA: Hashable, Sendable {
    public private(set) var hota = 0.0
    public private(set) var detectionAccuracy = 0.0
    public private(set) var detectionRecall = 0.0
    public private(set) var detectionPrecision = 0.0
    public private(set) var associationAccuracy = 0.0
    public private(set) var associationRecall = 0.0
    public private(set) var associationPrecision = 0.0
    /// Mean similarity of the matches; 1 where there is none.
    public private(set) var localization = 0.0
    /// HOTA at each threshold.
    public private(set) var hotaAtThreshold: [Double] = []

    public static let thresholds = (1...19).map { Double($0) * 5 / 100 }

    /// What is counted at one threshold.
    private struct Counts {
        var matches = 0.0
        var misses = 0.0
        var falsePositives = 0.0
        var similarity = 0.0
        /// Matched frames of each pair of ids.
        var together: PairMatrix
    }

    public init(_ sequence: TrackingSequence) {
        let alignment = Alignment(sequence)
        var counts = Array(
            repeating: Counts(together: PairMatrix(rows: alignment.truthFrames.count, columns: alignment.predictedFrames.count)),
            count: Self.thresholds.count)
        for frame in sequence.frames {
            let pairs = alignment.pairs(of: frame)
            for (index, threshold) in Self.thresholds.enumerated() {
                let matched = pairs.filter { frame.similarity[$0.row, $0.column] >= threshold - .ulpOfOne }
                counts[index].matches += Double(matched.count)
                counts[index].misses += Double(frame.truth.count - matched.count)
                counts[index].falsePositives += Double(frame.predicted.count - matched.count)
                for pair in matched {
                    counts[index].similarity += frame.similarity[pair.row, pair.column]
                    counts[index].together[pair.truth, pair.predicted] += 1
                }
            }
        }
        let share = 1 / Double(Self.thresholds.count)
        for count in counts {
            let detection = count.matches / max(1, count.matches + count.misses + count.falsePositives)
            var (accuracy, recall, precision) = (0.0, 0.0, 0.0)
            for row in 0..<count.together.rows {
                for column in 0..<count.together.columns where count.together[row, column] > 0 {
                    let frames = count.together[row, column]
                    let (truth, predicted) = (alignment.truthFrames[row], alignment.predictedFrames[column])
                    accuracy += frames * frames / max(1, truth + predicted - frames)
                    recall += frames * frames / max(1, truth)
                    precision += frames * frames / max(1, predicted)
                }
            }
            let matches = max(1, count.matches)
            let value = (detection * accuracy / matches).squareRoot()
            hotaAtThreshold.append(value)
            hota += value * share
            detectionAccuracy += detection * share
            detectionRecall += count.matches / max(1, count.matches + count.misses) * share
            detectionPrecision += count.matches / max(1, count.matches + count.falsePositives) * share
            associationAccuracy += accuracy / matches * share
            associationRecall += recall / matches * share
            associationPrecision += precision / matches * share
            localization += max(1e-10, count.similarity) / max(1e-10, count.matches) * share
        }
    }

    /// How well each pair of ids goes together over the whole sequence; decides who is matched in a frame.
    private struct Alignment {
        private let rowOf: [Int: Int]
        private let columnOf: [Int: Int]
        private(set) var truthFrames: [Double]
        private(set) var predictedFrames: [Double]
        private var score: PairMatrix

        init(_ sequence: TrackingSequence) {
            let (truth, predicted) = (sequence.truthIDs, sequence.predictedIDs)
            rowOf = Dictionary(uniqueKeysWithValues: truth.enumerated().map { ($1, $0) })
            columnOf = Dictionary(uniqueKeysWithValues: predicted.enumerated().map { ($1, $0) })
            truthFrames = Array(repeating: 0, count: truth.count)
            predictedFrames = Array(repeating: 0, count: predicted.count)
            score = PairMatrix(rows: truth.count, columns: predicted.count)
            for frame in sequence.frames { add(frame) }
            for row in 0..<score.rows {
                for column in 0..<score.columns {
                    score[row, column] /= max(1e-300, truthFrames[row] + predictedFrames[column] - score[row, column])
                }
            }
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
                for (j, column) in columns.enumerated() {
                    let union = rowSums[i] + columnSums[j] - similarity[i, j]
                    if union > .ulpOfOne { score[row, column] += similarity[i, j] / union }
                }
            }
        }

        func pairs(of frame: TrackingSequence.Frame) -> [(row: Int, column: Int, truth: Int, predicted: Int)] {
            let rows = frame.truth.compactMap { rowOf[$0] }
            let columns = frame.predicted.compactMap { columnOf[$0] }
            var cost = PairMatrix(rows: rows.count, columns: columns.count)
            for (i, row) in rows.enumerated() {
                for (j, column) in columns.enumerated() { cost[i, j] = -score[row, column] * frame.similarity[i, j] }
            }
            return Assignment.minimumCost(cost).enumerated().compactMap { i, j in
                j.map { (i, $0, rows[i], columns[$0]) }
            }
        }
    }
}
