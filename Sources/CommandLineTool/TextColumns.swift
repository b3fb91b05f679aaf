/// Rows of cells in columns, for people: two spaces apart, every column as wide as its widest cell.
enum TextColumns {
    enum Alignment {
        /// All to the left; what stands last in a row is not padded.
        case words
        /// The first to the left, all others to the right.
        case numbers
    }

    static func text(_ rows: [[String]], _ alignment: Alignment = .words) -> String {
        let columns = rows.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0 }
        return rows.map { row in
            row.enumerated().map { column, cell in
                let space = String(repeating: " ", count: widths[column] - cell.count)
                return switch alignment {
                case .words: column == row.count - 1 ? cell : cell + space
                case .numbers: column == 0 ? cell + space : space + cell
                }
            }.joined(separator: "  ")
        }.joined(separator: "\n")
    }
}
