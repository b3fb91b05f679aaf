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

    /// Share of the predicted boxes (poses) that carry the right id; nil when there are none.
    public var precision: Double? { Self.share(truePositives, falsePositives) }
    /// Share of the true people over all frames who carry the right id; nil when there are none.
    public var recall: Double? { Self.share(truePositives, falseNegatives) }

    private static func share(_ right: Int, _ wrong: Int) -> Double? {
        right + wrong > 0 ? Double(right) / Double(right + wrong) : nil
    }

    /// Several sequences as one: ids of different sequences never stand for the same person.
    public init(combining parts: [IdentityScore]) {
        truePositives = parts.reduce(0) { $0 + $1.truePositives }
        falseNegatives = parts.reduce(0) { $0 + $1.falseNegatives }
        falsePositives = parts.reduce(0) { $0 + $1.falsePositives }
    }

    /// Scores a sequence: frames in which a pair is less alike than `threshold` count as wrong.
    public init(_ sequence: TrackingSequence, threshold: Double = 0.5) {
        let (truth, predicted) = (sequence.truthIDs, sequence.predictedIDs)
        let rowOf = Dictionary(uniqueKeysWithValues: truth.enumerated().map { ($1, $0) })
        let columnOf = Dictionary(uniqueKeysWithValues: predicted.enumerated().map { ($1, $0) })
        var together = PairSums(rows: truth.count, columns: predicted.count)
        var (truthFrames, predictedFrames) = (0, 0)
        for frame in sequence.frames {
            truthFrames += frame.truth.count
            predictedFrames += frame.predicted.count
            for (row, id) in frame.truth.enumerated() {
                guard let i = rowOf[id] else { continue }
                for (column, id) in frame.predicted.enumerated() where frame.similarity[row, column] >= threshold {
                    if let j = columnOf[id] { together.add(1, i, j) }
                }
            }
        }
        // A pair saves two wrong frames for each frame together, so the fewest wrong frames are the most frames together; a pair
        // that is never together saves nothing and is as good as none.
        truePositives = Int(together.largestTotal())
        falseNegatives = truthFrames - truePositives
        falsePositives = predictedFrames - truePositives
    }
}
