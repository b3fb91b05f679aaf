/// A table of numbers for pairs of rows and columns, row by row.
public struct PairMatrix: Hashable, Sendable {
    public let rows: Int
    public let columns: Int
    public private(set) var values: [Double]

    /// A table filled with one value.
    public init(rows: Int, columns: Int, repeating value: Double = 0) {
        self.rows = rows
        self.columns = columns
        values = Array(repeating: value, count: rows * columns)
    }

    /// A table from its values, row by row; nil when their number does not fit.
    public init?(rows: Int, columns: Int, values: [Double]) {
        guard rows >= 0, columns >= 0, values.count == rows * columns else { return nil }
        self.rows = rows
        self.columns = columns
        self.values = values
    }

    public subscript(row: Int, column: Int) -> Double {
        get { values[row * columns + column] }
        set { values[row * columns + column] = newValue }
    }
}

/// One-to-one pairings of rows and columns. Both forms give the column of each row, nil for a row that stays alone, and both
/// are the same on every run: ties go to the lower row, then to the lower column.
public enum Assignment {
    /// The largest value first, then the largest among what is left, down to `threshold`.
    public static func greedy(_ similarity: PairMatrix, threshold: Double) -> [Int?] {
        var pairs: [(value: Double, row: Int, column: Int)] = []
        for row in 0..<similarity.rows {
            for column in 0..<similarity.columns where similarity[row, column] >= threshold {
                pairs.append((similarity[row, column], row, column))
            }
        }
        pairs.sort { ($1.value, $0.row, $0.column) < ($0.value, $1.row, $1.column) }
        var columns = [Int?](repeating: nil, count: similarity.rows)
        var isTaken = [Bool](repeating: false, count: similarity.columns)
        for pair in pairs where columns[pair.row] == nil && !isTaken[pair.column] {
            columns[pair.row] = pair.column
            isTaken[pair.column] = true
        }
        return columns
    }

    /// What a forbidden pair costs: more than any sum of real costs (which are about 1), small enough to add exactly.
    public static let forbidden = 1e6

    /// The pairing with the smallest sum of costs (Kuhn 1955, with the potentials of Jonker and Volgenant 1987): as many pairs
    /// as the shorter side has. Among equal sums the lexicographically smallest. A cost that is not finite or above
    /// `forbidden` counts as `forbidden`; such pairs may stand in the result and are the caller's to drop.
    public static func minimumCost(_ cost: PairMatrix) -> [Int?] {
        guard cost.rows > 0, cost.columns > 0 else { return Array(repeating: nil, count: cost.rows) }
        // More rows than columns: columns that cost nothing stand for "alone".
        let problem = SquareAssignment(cost, columns: max(cost.rows, cost.columns))
        return problem.solve().map { $0 < cost.columns ? $0 : nil }
    }
}

/// Minimum-cost assignment of all rows to at least as many columns.
private struct SquareAssignment {
    private let rows: Int
    private let columns: Int
    private var cost: [Double]

    init(_ matrix: PairMatrix, columns: Int) {
        rows = matrix.rows
        self.columns = columns
        cost = Array(repeating: 0, count: rows * columns)
        for row in 0..<rows {
            for column in 0..<matrix.columns {
                let value = matrix[row, column]
                cost[row * columns + column] = value < Assignment.forbidden ? max(value, -Assignment.forbidden) : Assignment.forbidden
            }
        }
    }

    func solve() -> [Int] {
        // Shortest augmenting paths, one row after the other. Index 0 of the padded arrays is the free row or column.
        var rowPotential = [Double](repeating: 0, count: rows + 1)
        var columnPotential = [Double](repeating: 0, count: columns + 1)
        var rowOf = [Int](repeating: 0, count: columns + 1)
        var previous = [Int](repeating: 0, count: columns + 1)
        for row in 1...rows {
            rowOf[0] = row
            var column = 0
            var shortest = [Double](repeating: .infinity, count: columns + 1)
            var isDone = [Bool](repeating: false, count: columns + 1)
            repeat {
                isDone[column] = true
                let current = rowOf[column]
                var step = Double.infinity
                var next = 0
                for candidate in 1...columns where !isDone[candidate] {
                    let length = cost[(current - 1) * columns + candidate - 1] - rowPotential[current] - columnPotential[candidate]
                    if length < shortest[candidate] {
                        shortest[candidate] = length
                        previous[candidate] = column
                    }
                    if shortest[candidate] < step {
                        step = shortest[candidate]
                        next = candidate
                    }
                }
                for candidate in 0...columns {
                    if isDone[candidate] {
                        rowPotential[rowOf[candidate]] += step
                        columnPotential[candidate] -= step
                    } else {
                        shortest[candidate] -= step
                    }
                }
                column = next
            } while rowOf[column] != 0
            while column != 0 {
                rowOf[column] = rowOf[previous[column]]
                column = previous[column]
            }
        }
        var columnOf = [Int](repeating: 0, count: rows)
        for column in 1...columns where rowOf[column] != 0 { columnOf[rowOf[column] - 1] = column - 1 }
        return smallest(columnOf, rowPotential, columnPotential)
    }

    /// Among all assignments of the same cost the lexicographically smallest. Those are the pairings that use only pairs whose
    /// reduced cost is 0 and leave only columns alone whose potential is 0; a column left alone is held by a stand-in row.
    private func smallest(_ found: [Int], _ rowPotential: [Double], _ columnPotential: [Double]) -> [Int] {
        let scale = max(1, cost.reduce(0) { max($0, $1.magnitude) })
        let tolerance = 2e-10 * max(1, scale / Assignment.forbidden)
        func isOptimal(_ row: Int, _ column: Int) -> Bool {
            guard row < rows else { return columnPotential[column + 1].magnitude <= tolerance }
            return cost[row * columns + column] - rowPotential[row + 1] - columnPotential[column + 1] <= tolerance
        }
        var rowOf = [Int](repeating: -1, count: columns)
        for (row, column) in found.enumerated() { rowOf[column] = row }
        var standIn = rows
        for column in 0..<columns where rowOf[column] < 0 {
            rowOf[column] = standIn
            standIn += 1
        }

        /// Finds another column for `row`, whose holder moves on in turn until one takes the column `freed`.
        func moveOn(_ row: Int, freed: Int, settled: Int, _ seen: inout [Bool]) -> Bool {
            for column in 0..<columns where !seen[column] && isOptimal(row, column) {
                guard column == freed || rowOf[column] > settled else { continue }
                seen[column] = true
                if column == freed || moveOn(rowOf[column], freed: freed, settled: settled, &seen) {
                    rowOf[column] = row
                    return true
                }
            }
            return false
        }

        var columnOf = found
        for row in 0..<rows {
            guard let current = rowOf.firstIndex(of: row) else { continue }
            for column in 0..<current where rowOf[column] > row && isOptimal(row, column) {
                var seen = [Bool](repeating: false, count: columns)
                seen[column] = true
                if moveOn(rowOf[column], freed: current, settled: row, &seen) {
                    rowOf[column] = row
                    break
                }
            }
        }
        for (column, row) in rowOf.enumerated() where row < rows { columnOf[row] = column }
        return columnOf
    }
}
