import Geometry

/// The identity figures (Ristani et al. 2016; spec: metrics, section 4): one pairing of true and predicted ids for the whole
/// sequence, the one with the fewest wrong frames.
public struct IdentityScore: Hashable, Sendable {
    public var truePositives = 0
    public var falseNegatives = 0
    public var falsePositives = 0

    /// 2 TP / (2 TP + FN + FP); nil when nobody is there on either side.
    public var idf1: Double? {
        let total = 2 * truePositives + falseNegatives + falsePositives
        return total > 0 ? 2 * Double(truePositives) / Double(total) : nil
    }

    /// Scores a sequence: frames in which a pair is less alike than `threshold` count as wrong.
    public init(_ sequence: TrackingSequence, threshold: Double = 0.5) {
        let (truth, predicted) = (sequence.truthIDs, sequence.predictedIDs)
        let rowOf = Dictionary(uniqueKeysWithValues: truth.enumerated().map { ($1, $0) })
        let columnOf = Dictionary(uniqueKeysWithValues: predicted.enumerated().map { ($1, $0) })
        var together = PairMatrix(rows: truth.count, columns: predicted.count)
        var truthFrames = [Double](repeating: 0, count: truth.count)
        var predictedFrames = [Double](repeating: 0, count: predicted.count)
        for frame in sequence.frames {
            for (row, id) in frame.truth.enumerated() {
                guard let i = rowOf[id] else { continue }
                truthFrames[i] += 1
                for (column, id) in frame.predicted.enumerated() where frame.similarity[row, column] >= threshold {
                    if let j = columnOf[id] { together[i, j] += 1 }
                }
            }
            for id in frame.predicted { if let j = columnOf[id] { predictedFrames[j] += 1 } }
        }
        // A pair saves two wrong frames for each frame together, so the fewest wrong frames are the most frames together; a pair
        // that is never together saves nothing and is as good as none.
        var cost = together
        for row in 0..<cost.rows { for column in 0..<cost.columns { cost[row, column] = -together[row, column] } }
        for (row, column) in Assignment.minimumCost(cost).enumerated() {
            if let column { truePositives += Int(together[row, column]) }
        }
        falseNegatives = Int(truthFrames.reduce(0, +)) - truePositives
        falsePositives = Int(predictedFrames.reduce(0, +)) - truePositives
    }
}
