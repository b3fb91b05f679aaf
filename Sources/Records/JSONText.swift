/// JSON under construction: bytes that are appended to and reused, with the number rules of the records
/// (no exponent, no trailing zeros, never NaN or infinity, never -0).
struct JSONText {
    private(set) var bytes: [UInt8] = []
    /// Room for the digits of one number, from the last to the first.
    private var digits: [UInt8] = []

    /// Above this the product `value * 10^decimals` of a number that was read back could round to another integer.
    private static let largestScaled = 2e15

    init() {
        bytes.reserveCapacity(4096)
        digits.reserveCapacity(24)
    }

    mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

    /// Text that is already JSON: punctuation and names of ours.
    mutating func literal(_ text: StaticString) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    mutating func byte(_ byte: Unicode.Scalar) { bytes.append(UInt8(truncatingIfNeeded: byte.value)) }

    mutating func integer(_ value: some FixedWidthInteger) {
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        append(magnitude: UInt64(value.magnitude))
    }

    /// `value` rounded to at most `decimals` digits after the point (0 to 6; half away from zero).
    /// A number that is not finite is written as 0, one beyond 2e15 units of the last place as that limit.
    mutating func decimal(_ value: Double, _ decimals: Int) {
        let scale = Self.powers[decimals]
        let scaled = value.isFinite ? (value * Double(scale)).rounded(.toNearestOrAwayFromZero) : 0
        var units = UInt64(min(scaled.magnitude, Self.largestScaled))
        if units != 0, scaled < 0 { bytes.append(UInt8(ascii: "-")) }
        append(magnitude: units / scale)
        units %= scale
        guard units != 0 else { return }
        bytes.append(UInt8(ascii: "."))
        var place = scale / 10
        while units != 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: units / place))
            units %= place
            place /= 10
        }
    }

    private static let powers: [UInt64] = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000]

    private mutating func append(magnitude: UInt64) {
        digits.removeAll(keepingCapacity: true)
        var rest = magnitude
        repeat {
            digits.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
        } while rest != 0
        while let digit = digits.popLast() { bytes.append(digit) }
    }

    /// A quoted string: `"`, `\` and control characters escaped, all other characters as UTF-8.
    mutating func string(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        for unit in text.utf8 {
            switch unit {
            case UInt8(ascii: "\""): literal("\\\"")
            case UInt8(ascii: "\\"): literal("\\\\")
            case 0x08: literal("\\b")
            case 0x09: literal("\\t")
            case 0x0A: literal("\\n")
            case 0x0C: literal("\\f")
            case 0x0D: literal("\\r")
            case 0..<0x20:
                literal("\\u00")
                bytes.append(Self.hexadecimal[Int(unit >> 4)])
                bytes.append(Self.hexadecimal[Int(unit & 15)])
            default: bytes.append(unit)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// Two small digits for each byte, without quotation marks.
    mutating func hexadecimal(_ values: [UInt8]) {
        for value in values {
            bytes.append(Self.hexadecimal[Int(value >> 4)])
            bytes.append(Self.hexadecimal[Int(value & 15)])
        }
    }

    private static let hexadecimal = Array("0123456789abcdef".utf8)

    mutating func value(_ value: JSONValue) {
        switch value {
        case .null: literal("null")
        case .bool(let flag): flag ? literal("true") : literal("false")
        case .integer(let number): integer(number)
        case .number(let number): shortest(number)
        case .string(let text): string(text)
        case .array(let elements):
            literal("[")
            for (index, element) in elements.enumerated() {
                if index > 0 { literal(",") }
                self.value(element)
            }
            literal("]")
        case .object(let members):
            literal("{")
            for (index, member) in members.enumerated() {
                if index > 0 { literal(",") }
                string(member.name)
                literal(":")
                self.value(member.value)
            }
            literal("}")
        }
    }

    /// The shortest digits that read back as `value`, the exponent written out as zeros.
    private mutating func shortest(_ value: Double) {
        guard value.isFinite else { return literal("null") }
        guard value != 0 else { return literal("0") }
        if value < 0 { literal("-") }
        // Swift prints "1.5e-07", "5e-324" or "0.25": digits, the place of the point, an exponent.
        let printed = value.magnitude.description.utf8.split(separator: UInt8(ascii: "e"))
        let mantissa = printed[0].split(separator: UInt8(ascii: "."))
        var significant = mantissa.flatMap { $0 }
        var point = mantissa[0].count + (printed.count > 1 ? Int(String(Substring(printed[1]))) ?? 0 : 0)
        while significant.count > 1, significant.last == UInt8(ascii: "0") { significant.removeLast() }
        while significant.count > 1, significant.first == UInt8(ascii: "0") {
            significant.removeFirst()
            point -= 1
        }
        if point <= 0 {
            literal("0.")
            bytes.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: -point))
            bytes.append(contentsOf: significant)
        } else if point >= significant.count {
            bytes.append(contentsOf: significant)
            bytes.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: point - significant.count))
        } else {
            bytes.append(contentsOf: significant[..<point])
            literal(".")
            bytes.append(contentsOf: significant[point...])
        }
    }
}
