import Geometry

/// The CLEAR MOT figures (Bernardin and Stiefelhagen 2008; spec: metrics, section 4), equal to py-motmetrics.
public struct ClearMOT: Hashable, Sendable {
    /// True people, over all frames.
    public var objects = 0
    public var matches = 0
    public var falsePositives = 0
    public var misses = 0
    /// Times that a person was matched with another id than the last time.
    public var switches = 0
    /// Times that a person was found again after it had been missed.
    public var fragmentations = 0
    /// Sum of the similarities of all matches.
    public var similarity = 0.0

    /// 1 - (misses + false positives + switches) / objects; nil without objects.
    public var mota: Double? { objects > 0 ? 1 - Double(misses + falsePositives + switches) / Double(objects) : nil }
    /// Mean similarity of the matches; nil without matches.
    public var motp: Double? { matches > 0 ? similarity / Double(matches) : nil }
    public var precision: Double? { matches + falsePositives > 0 ? Double(matches) / Double(matches + falsePositives) : nil }
    public var recall: Double? { objects > 0 ? Double(matches) / Double(objects) : nil }

    /// Several sequences as one: all counts add up.
    public init(combining parts: [ClearMOT]) {
        for part in parts {
            objects += part.objects
            matches += part.matches
            falsePositives += part.falsePositives
            misses += part.misses
            switches += part.switches
            fragmentations += part.fragmentations
            similarity += part.similarity
        }
    }

    /// Scores a sequence: pairs below `threshold` are no matches.
    public init(_ sequence: TrackingSequence, threshold: Double = 0.5) {
        var lastMatch: [Int: Int] = [:]
        var wasLost: [Int: Bool] = [:]
        for frame in sequence.frames {
            let columnOf = Self.pairs(frame, lastMatch, threshold: threshold).all
            for (row, person) in frame.truth.enumerated() {
                guard let column = columnOf[row] else {
                    if wasLost[person] == false { wasLost[person] = true }
                    continue
                }
                if let last = lastMatch[person], last != frame.predicted[column] { switches += 1 }
                lastMatch[person] = frame.predicted[column]
                if wasLost[person] == true { fragmentations += 1 }
                wasLost[person] = false
                matches += 1
                similarity += frame.similarity[row, column]
            }
            objects += frame.truth.count
        }
        misses = objects - matches
        falsePositives = sequence.frames.reduce(0) { $0 + $1.predicted.count } - matches
    }

    /// The column of each row: what is kept from earlier frames, and that together with what is matched anew.
    static func pairs(_ frame: TrackingSequence.Frame, _ lastMatch: [Int: Int], threshold: Double) -> (kept: [Int?], all: [Int?]) {
        let kept = kept(frame, lastMatch, threshold)
        var all = kept
        matchRest(frame, threshold, &all)
        return (kept, all)
    }

    /// Pairs of earlier frames that still hold, in the order of the truth; the memory has no limit.
    private static func kept(_ frame: TrackingSequence.Frame, _ lastMatch: [Int: Int], _ threshold: Double) -> [Int?] {
        var columnOf = [Int?](repeating: nil, count: frame.truth.count)
        var isTaken = Set<Int>()
        for (row, person) in frame.truth.enumerated() {
            guard let last = lastMatch[person], let column = frame.predicted.firstIndex(of: last), !isTaken.contains(column),
                frame.similarity[row, column] >= threshold
            else { continue }
            columnOf[row] = column
            isTaken.insert(column)
        }
        return columnOf
    }

    /// The people left over, by the smallest sum of 1 - similarity.
    private static func matchRest(_ frame: TrackingSequence.Frame, _ threshold: Double, _ columnOf: inout [Int?]) {
        let taken = Set(columnOf.compactMap { $0 })
        let rows = frame.truth.indices.filter { columnOf[$0] == nil }
        let columns = frame.predicted.indices.filter { !taken.contains($0) }
        var cost = PairMatrix(rows: rows.count, columns: columns.count, repeating: Assignment.forbidden)
        for (i, row) in rows.enumerated() {
            for (j, column) in columns.enumerated() where frame.similarity[row, column] >= threshold {
                cost[i, j] = 1 - frame.similarity[row, column]
            }
        }
        for (i, j) in Assignment.minimumCost(cost).enumerated() {
            if let j, cost[i, j] < Assignment.forbidden { columnOf[rows[i]] = columns[j] }
        }
    }
}
