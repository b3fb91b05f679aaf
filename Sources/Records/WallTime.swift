/// A moment of the clock on the wall, to the millisecond; written as RFC 3339 in UTC: `2026-01-31T09:05:00.250Z`.
public struct WallTime: Hashable, Sendable, Comparable {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    public var milliseconds: Int64

    public init(milliseconds: Int64) {
        // The years that RFC 3339 can write: 0000 to 9999.
        self.milliseconds = min(max(milliseconds, -62_167_219_200_000), 253_402_300_799_999)
    }

    public static func < (a: WallTime, b: WallTime) -> Bool { a.milliseconds < b.milliseconds }

    private static let millisecondsADay: Int64 = 86_400_000

    /// Days since 1970-01-01 of a date of the Gregorian calendar. Years begin in March here, so that the day which leap years
    /// add is the last of its year.
    private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private var date: (year: Int64, month: Int64, day: Int64, millisecond: Int64) {
        var day = milliseconds / Self.millisecondsADay
        var rest = milliseconds % Self.millisecondsADay
        if rest < 0 {
            rest += Self.millisecondsADay
            day -= 1
        }
        day += 719_468
        let era = (day >= 0 ? day : day - 146_096) / 146_097
        let dayOfEra = day - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1, rest)
    }

    func write(to text: inout JSONText) {
        let (year, month, day, millisecond) = date
        func padded(_ value: Int64, _ width: Int64) {
            var place = width
            while place > 0 {
                text.byte(Unicode.Scalar(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value / place % 10)))
                place /= 10
            }
        }
        padded(year, 1000)
        text.literal("-")
        padded(month, 10)
        text.literal("-")
        padded(day, 10)
        text.literal("T")
        padded(millisecond / 3_600_000, 10)
        text.literal(":")
        padded(millisecond / 60_000 % 60, 10)
        text.literal(":")
        padded(millisecond / 1000 % 60, 10)
        text.literal(".")
        padded(millisecond % 1000, 100)
        text.literal("Z")
    }

    /// Reads RFC 3339, any offset, any number of decimals (cut to milliseconds); nil when it is not of that form.
    public init?(_ text: String) {
        var rest = Substring(text).utf8[...]
        func number(_ width: Int) -> Int64? {
            let digits = rest.prefix(width)
            guard digits.count == width, digits.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return nil }
            rest = rest.dropFirst(width)
            return digits.reduce(0) { $0 * 10 + Int64($1 - 0x30) }
        }
        func mark(_ marks: String) -> UInt8? {
            guard let first = rest.first, marks.utf8.contains(first) else { return nil }
            rest = rest.dropFirst()
            return first
        }
        guard let year = number(4), mark("-") != nil, let month = number(2), mark("-") != nil, let day = number(2), mark("Tt ") != nil,
            let hour = number(2), mark(":") != nil, let minute = number(2), mark(":") != nil, let second = number(2),
            1...12 ~= month, 1...31 ~= day, hour < 24, minute < 60, second <= 60
        else { return nil }
        var fraction: Int64 = 0
        if mark(".") != nil {
            let digits = rest.prefix { $0 >= 0x30 && $0 <= 0x39 }
            guard !digits.isEmpty else { return nil }
            rest = rest.dropFirst(digits.count)
            for place in 0..<3 { fraction = fraction * 10 + (place < digits.count ? Int64(Array(digits.prefix(3))[place] - 0x30) : 0) }
        }
        var offset: Int64 = 0
        if mark("Zz") == nil {
            guard let sign = mark("+-"), let hours = number(2), mark(":") != nil, let minutes = number(2), hours < 24, minutes < 60 else {
                return nil
            }
            offset = (hours * 60 + minutes) * (sign == UInt8(ascii: "-") ? -1 : 1)
        }
        guard rest.isEmpty else { return nil }
        let seconds = Self.days(year: year, month: month, day: day) * 86_400 + hour * 3600 + (minute - offset) * 60 + second
        self.init(milliseconds: seconds * 1000 + fraction)
    }
}
