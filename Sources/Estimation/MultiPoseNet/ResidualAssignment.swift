/// Deals found joints of one kind out to boxes (the official evaluation's rule; spec: networks-bottomup 2.6).
///
/// Only the boxes and joints that networks found take part. The official evaluation lets annotated joints and boxes in; here
/// nothing of the kind exists.
package enum ResidualAssignment {
    /// For each box the index of its joint; nil where none is its.
    ///
    /// Each box in turn takes the best of its joints for which it is the best box, or which the best box likes least of all;
    /// so a joint may go to two boxes.
    package static func owners(_ scores: [(box: Int, peak: Int, score: Float)], boxes: Int) -> [Int?] {
        var owners = [Int?](repeating: nil, count: boxes)
        let peaks = Set(scores.map(\.peak)).sorted()
        guard !peaks.isEmpty else { return owners }
        let column = Dictionary(uniqueKeysWithValues: peaks.enumerated().map { ($1, $0) })
        // By box, then by joint; 0 where a joint is not in the box. Of several cells of one joint the first counts.
        var table = [[Float]](repeating: [Float](repeating: 0, count: peaks.count), count: boxes)
        for entry in scores.reversed() {
            if let place = column[entry.peak], entry.box < boxes { table[entry.box][place] = entry.score }
        }
        for box in 0..<boxes {
            let order = peaks.indices.sorted { table[box][$0] == table[box][$1] ? $0 < $1 : table[box][$0] > table[box][$1] }
            for place in order {
                guard table[box][place] > 0 else { break }
                let best = first(in: 0..<boxes) { table[$0][place] > table[$1][place] }
                let least = first(in: peaks.indices) { table[best][$0] < table[best][$1] }
                if best == box || least == place {
                    owners[box] = peaks[place]
                    break
                }
            }
        }
        return owners
    }

    /// The first that beats all others.
    private static func first(in range: Range<Int>, by beats: (Int, Int) -> Bool) -> Int {
        range.dropFirst().reduce(range.lowerBound) { beats($1, $0) ? $1 : $0 }
    }
}
