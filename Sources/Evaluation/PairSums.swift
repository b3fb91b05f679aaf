import Geometry

/// Sums for pairs of true and predicted ids, kept only where something was added: most pairs never meet.
struct PairSums {
    let columns: Int
    private var sums: [[Int: Double]]

    init(rows: Int, columns: Int) {
        self.columns = columns
        sums = Array(repeating: [:], count: rows)
    }

    var rows: Int { sums.count }

    subscript(row: Int, column: Int) -> Double { sums[row][column] ?? 0 }

    mutating func add(_ value: Double, _ row: Int, _ column: Int) {
        sums[row][column, default: 0] += value
    }

    /// The pairs of a row that something was added to, by column: the same order on every run.
    func row(_ row: Int) -> [(column: Int, sum: Double)] {
        sums[row].sorted { $0.key < $1.key }.map { (column: $0.key, sum: $0.value) }
    }

    /// The largest total of a one-to-one pairing. Rows and columns that are not joined by any chain of pairs have nothing to
    /// do with each other, so each group is solved for itself.
    func largestTotal() -> Double {
        var total = 0.0
        for group in groups() {
            let place = Dictionary(uniqueKeysWithValues: group.columns.enumerated().map { ($1, $0) })
            var cost = PairMatrix(rows: group.rows.count, columns: group.columns.count)
            for (i, row) in group.rows.enumerated() {
                for (column, sum) in self.row(row) { if let j = place[column] { cost[i, j] = -sum } }
            }
            for (i, j) in Assignment.minimumCost(cost).enumerated() { if let j { total -= cost[i, j] } }
        }
        return total
    }

    private func groups() -> [(rows: [Int], columns: [Int])] {
        var rowsOf: [Int: [Int]] = [:]
        for row in sums.indices { for column in sums[row].keys { rowsOf[column, default: []].append(row) } }
        var isSeen = [Bool](repeating: false, count: rows)
        var groups: [(rows: [Int], columns: [Int])] = []
        for start in sums.indices where !isSeen[start] && !sums[start].isEmpty {
            var (rows, columns, open) = ([Int](), Set<Int>(), [start])
            isSeen[start] = true
            while let row = open.popLast() {
                rows.append(row)
                for column in sums[row].keys where columns.insert(column).inserted {
                    for other in rowsOf[column] ?? [] where !isSeen[other] {
                        isSeen[other] = true
                        open.append(other)
                    }
                }
            }
            groups.append((rows.sorted(), columns.sorted()))
        }
        return groups
    }
}
