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

    var text: String { TextColumns.text(rows, .numbers) }
}
