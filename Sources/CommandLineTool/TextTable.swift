import Foundation

/// Rows of a table for people: the first column to the left, numbers to the right.
struct TextTable {
    private var rows: [[String]]

    init(header: [String]) {
        rows = [header]
    }

    mutating func add(_ row: [String]) { rows.append(row) }

    /// A row with numbers of three decimals; nil prints as a dash.
    mutating func add(_ name: String, _ values: [Value]) { rows.append([name] + values.map(\.text)) }

    enum Value {
        case share(Double?)
        case count(Int)

        var text: String {
            switch self {
            case .share(let value): value.map { String(format: "%.3f", $0) } ?? "-"
            case .count(let count): String(count)
            }
        }
    }

    var text: String {
        let columns = rows.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0 }
        return rows.map { row in
            row.enumerated().map { column, cell in
                let space = String(repeating: " ", count: widths[column] - cell.count)
                return column == 0 ? cell + space : space + cell
            }.joined(separator: "  ")
        }.joined(separator: "\n")
    }
}
