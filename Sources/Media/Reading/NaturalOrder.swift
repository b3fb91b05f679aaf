/// The order in which people number files: `pic_2` before `pic_10`.
package enum NaturalOrder {
    /// Runs of digits count as numbers of any length; everything else byte by byte. Equal numbers with more zeros in front
    /// come later, so that the order is total.
    package static func isBefore(_ left: String, _ right: String) -> Bool {
        let (a, b) = (Array(left.utf8), Array(right.utf8))
        var (i, j) = (0, 0)
        while i < a.count, j < b.count {
            if isDigit(a[i]), isDigit(b[j]) {
                let (m, n) = (number(a, &i), number(b, &j))
                if m.count != n.count { return m.count < n.count }
                if m != n { return m.lexicographicallyPrecedes(n) }
            } else {
                if a[i] != b[j] { return a[i] < b[j] }
                i += 1
                j += 1
            }
        }
        if i == a.count, j == b.count { return a.count != b.count ? a.count < b.count : a.lexicographicallyPrecedes(b) }
        return i == a.count
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }

    /// The digits from `index` on without leading zeros; moves `index` behind them.
    private static func number(_ bytes: [UInt8], _ index: inout Int) -> ArraySlice<UInt8> {
        let start = index
        while index < bytes.count, isDigit(bytes[index]) { index += 1 }
        return bytes[start..<index].drop { $0 == 48 }
    }
}
