import Diagnostics

/// Times as people write them: seconds (`83.5`) or `[hh:]mm:ss[.fff]` (`1:23.5`, `02:01:23`).
public enum TimeText {
    /// Seconds.
    /// - Parameter option: where it was written, for the message: "--from".
    /// - Throws: `Failure` of kind `.usage`.
    public static func seconds(_ text: String, option: String) throws -> Double {
        let wrong = Failure(
            .usage, "wrong time", at: "\(option) \(text)", because: "it is neither seconds nor [hh:]mm:ss[.fff]", remedy: "\(option) 1:23.5")
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard (1...3).contains(parts.count), let last = parts.last, isNumber(last), let seconds = Double(last) else { throw wrong }
        var total = seconds
        var unit = 60.0
        for (place, part) in parts.dropLast().reversed().enumerated() {
            guard !part.isEmpty, part.count <= 6, part.allSatisfy({ ("0"..."9").contains($0) }), let value = Double(part) else { throw wrong }
            // What stands behind a colon counts to 59; the first number may be larger.
            if place == 0, parts.count == 3, value >= 60 { throw wrong }
            total += value * unit
            unit *= 60
        }
        guard parts.count == 1 || seconds < 60, total <= 1e8 else { throw wrong }
        return total
    }

    private static func isNumber(_ text: Substring) -> Bool {
        !text.isEmpty && text.count <= 20 && text.first != "." && text.allSatisfy { ("0"..."9").contains($0) || $0 == "." }
    }
}
