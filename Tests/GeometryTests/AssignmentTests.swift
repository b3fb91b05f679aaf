import Foundation
import Geometry
import TestSupport
import Testing

/// Cost matrices with the totals that SciPy's linear_sum_assignment gives, and greedy pairings.
private struct Golden: Decodable {
    struct Case: Decodable {
        var kind: String
        var rows: Int
        var cols: Int
        var cost: [Double]?
        var total: Double?
        var row: [Int]?
        var col: [Int]?
        var unique: Bool?
        var threshold: Double?
        var similarity: [Double]?
        var pairs: [[Int]]?
    }

    var cases: [Case]

    static func read() throws -> [Case] {
        try JSONDecoder().decode(Golden.self, from: Data(contentsOf: Shared.fixture("tracking/hungarian.json"))).cases
    }
}

@Suite struct AssignmentTests {
    @Test("minimum-cost pairings have the total of SciPy's, and its pairs where they are the only ones")
    func minimumCost() throws {
        var seen = 0
        for golden in try Golden.read() where golden.kind != "greedy-max" {
            let cost = try #require(PairMatrix(rows: golden.rows, columns: golden.cols, values: golden.cost ?? []))
            let columns = Assignment.minimumCost(cost)
            let pairs = columns.enumerated().compactMap { row, column in column.map { (row, $0) } }
            #expect(pairs.count == min(golden.rows, golden.cols))
            #expect(Set(pairs.map(\.1)).count == pairs.count)
            let total = pairs.reduce(0.0) { $0 + cost[$1.0, $1.1] }
            #expect(abs(total - (golden.total ?? .nan)) <= 1e-9 * max(1, total), "\(golden.kind) \(golden.rows) x \(golden.cols)")
            if golden.unique == true {
                #expect(pairs.map(\.0) == golden.row)
                #expect(pairs.map(\.1) == golden.col)
            }
            seen += 1
        }
        #expect(seen == 36)
    }

    @Test("greedy pairings take the largest similarity first and stop at the threshold")
    func greedy() throws {
        var seen = 0
        for golden in try Golden.read() where golden.kind == "greedy-max" {
            let similarity = try #require(PairMatrix(rows: golden.rows, columns: golden.cols, values: golden.similarity ?? []))
            let columns = Assignment.greedy(similarity, threshold: golden.threshold ?? 0)
            let pairs = columns.enumerated().compactMap { row, column in column.map { [row, $0] } }
            #expect(pairs == (golden.pairs ?? []).sorted { $0[0] < $1[0] })
            seen += 1
        }
        #expect(seen == 2)
    }

    @Test("among equal totals the lexicographically smallest pairing is given, found by trying all", arguments: 0..<60)
    func ties(seed: Int) throws {
        let (rows, columns) = [(3, 3), (2, 4), (4, 2), (4, 4), (3, 5), (5, 3)][seed % 6]
        var state = UInt64(seed) &* 6_364_136_223_846_793_005 &+ 99
        var cost = PairMatrix(rows: rows, columns: columns)
        for row in 0..<rows {
            for column in 0..<columns {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                cost[row, column] = Double(state >> 33 & 3) / 4
                if seed % 4 == 3, cost[row, column] == 0.75 { cost[row, column] = Assignment.forbidden }
            }
        }
        // A row that stays alone sorts behind every column.
        var best: (total: Double, columns: [Int])?
        func extend(_ chosen: [Int]) {
            guard chosen.count < rows else {
                guard chosen.count(where: { $0 < columns }) == min(rows, columns) else { return }
                let total = chosen.enumerated().reduce(0.0) { $0 + ($1.element < columns ? cost[$1.offset, $1.element] : 0) }
                if let found = best {
                    let isBetter = total < found.total || (total == found.total && chosen.lexicographicallyPrecedes(found.columns))
                    guard isBetter else { return }
                }
                best = (total, chosen)
                return
            }
            for column in 0..<columns where !chosen.contains(column) { extend(chosen + [column]) }
            extend(chosen + [columns])
        }
        extend([])
        #expect(Assignment.minimumCost(cost).map { $0 ?? columns } == best?.columns)
    }

    @Test("empty tables and costs that are no numbers give a pairing all the same")
    func hostile() {
        #expect(Assignment.minimumCost(PairMatrix(rows: 0, columns: 3)) == [])
        #expect(Assignment.minimumCost(PairMatrix(rows: 2, columns: 0)) == [nil, nil])
        #expect(Assignment.greedy(PairMatrix(rows: 2, columns: 2, repeating: .nan), threshold: 0) == [nil, nil])
        for value in [Double.nan, .infinity, -.infinity, 1e300] {
            #expect(Assignment.minimumCost(PairMatrix(rows: 3, columns: 3, repeating: value)) == [0, 1, 2])
        }
        #expect(PairMatrix(rows: 2, columns: 2, values: [1]) == nil)
    }
}
