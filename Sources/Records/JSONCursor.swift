/// A place in one line of JSON, read from left to right: the caller asks for what it expects and skips the rest.
///
/// The bytes are hostile: every step checks its bounds, nesting is limited, nothing is allocated by a declared size.
struct JSONCursor {
    /// What is wrong and at which byte of the line (from 0).
    struct Problem: Error {
        var why: String
        var offset: Int
    }

    private let bytes: [UInt8]
    private let start: Int
    private let end: Int
    private var position: Int
    private var depth = 0

    private static let deepest = 64

    init(_ bytes: [UInt8], in range: Range<Int>) {
        self.bytes = bytes
        let whole = range.clamped(to: bytes.indices)
        start = whole.lowerBound
        end = whole.upperBound
        position = start
    }

    func problem(_ why: String) -> Problem { Problem(why: why, offset: position - start) }

    // MARK: Structure

    /// The next byte that is no white space, not consumed; nil at the end.
    private mutating func peek() -> UInt8? {
        while position < end {
            switch bytes[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            case let byte: return byte
            }
        }
        return nil
    }

    private mutating func take(_ byte: Unicode.Scalar) -> Bool {
        guard peek() == UInt8(truncatingIfNeeded: byte.value) else { return false }
        position += 1
        return true
    }

    private mutating func expect(_ byte: Unicode.Scalar) throws(Problem) {
        guard take(byte) else { throw problem(peek() == nil ? "the line is cut" : "expected '\(byte)'") }
    }

    private mutating func descend() throws(Problem) {
        depth += 1
        guard depth <= Self.deepest else { throw problem("nested deeper than \(Self.deepest) levels") }
    }

    /// Reads an object; `body` gets each member's name and must consume its value.
    mutating func members(_ body: (String, inout JSONCursor) throws(Problem) -> Void) throws(Problem) {
        try expect("{")
        try descend()
        if !take("}") {
            repeat {
                let name = try string()
                try expect(":")
                try body(name, &self)
            } while take(",")
            try expect("}")
        }
        depth -= 1
    }

    /// Reads an array; `body` must consume one element.
    mutating func elements(_ body: (inout JSONCursor) throws(Problem) -> Void) throws(Problem) {
        try expect("[")
        try descend()
        if !take("]") {
            repeat { try body(&self) } while take(",")
            try expect("]")
        }
        depth -= 1
    }

    /// Nothing but white space may follow.
    mutating func finish() throws(Problem) {
        guard peek() == nil else { throw problem("text after the end of the object") }
    }

    // MARK: Values

    private mutating func word(_ word: StaticString) -> Bool {
        guard peek() != nil, word.utf8CodeUnitCount <= end - position else { return false }
        for offset in 0..<word.utf8CodeUnitCount where bytes[position + offset] != word.utf8Start[offset] { return false }
        position += word.utf8CodeUnitCount
        return true
    }

    /// Consumes `null` when it is next.
    mutating func null() -> Bool { word("null") }

    mutating func bool() throws(Problem) -> Bool {
        if word("true") { return true }
        if word("false") { return false }
        throw problem("expected true or false")
    }

    /// A finite number.
    mutating func number() throws(Problem) -> Double {
        let literal = try scanNumber()
        // Up to 15 digits and 10^22 both factors are exact, so one rounding gives the nearest double.
        if literal.isShort, literal.exponent.magnitude <= 22 {
            let power = Self.powers[Int(literal.exponent.magnitude)]
            let magnitude = literal.exponent < 0 ? Double(literal.mantissa) / power : Double(literal.mantissa) * power
            return literal.isNegative ? -magnitude : magnitude
        }
        guard let value = Double(String(decoding: bytes[literal.range], as: UTF8.self)), value.isFinite else {
            throw problem("number out of range")
        }
        return value
    }

    /// A number without a fractional part.
    mutating func integer() throws(Problem) -> Int {
        let literal = try scanNumber()
        if literal.isPlain {
            guard let value = Int(String(decoding: bytes[literal.range], as: UTF8.self)) else { throw problem("integer out of range") }
            return value
        }
        guard let value = Double(String(decoding: bytes[literal.range], as: UTF8.self)), let whole = Int(exactly: value) else {
            throw problem("expected an integer")
        }
        return whole
    }

    private static let powers: [Double] = (0...22).map { exponent in (0..<exponent).reduce(1) { power, _ in power * 10 } }

    private struct NumberLiteral {
        var range: Range<Int>
        var mantissa: UInt64 = 0
        var exponent = 0
        var isNegative = false
        /// Digits only: no point, no exponent.
        var isPlain = true
        /// The mantissa holds all digits.
        var isShort = true
    }

    private mutating func scanNumber() throws(Problem) -> NumberLiteral {
        _ = peek()
        let first = position
        var literal = NumberLiteral(range: first..<first)
        var digits = 0
        func isDigit(_ at: Int) -> Bool { at < end && bytes[at] >= 0x30 && bytes[at] <= 0x39 }
        func collect(_ position: inout Int) {
            while isDigit(position) {
                digits += 1
                if digits <= 15 { literal.mantissa = literal.mantissa * 10 + UInt64(bytes[position] - 0x30) }
                position += 1
            }
        }
        if position < end, bytes[position] == UInt8(ascii: "-") {
            literal.isNegative = true
            position += 1
        }
        guard isDigit(position) else {
            position = first
            throw problem("expected a number")
        }
        if bytes[position] == UInt8(ascii: "0"), isDigit(position + 1) { throw problem("a number starts with 0") }
        collect(&position)
        if position < end, bytes[position] == UInt8(ascii: ".") {
            literal.isPlain = false
            position += 1
            let whole = digits
            guard isDigit(position) else { throw problem("expected a digit after the point") }
            collect(&position)
            literal.exponent = whole - digits
        }
        literal.isShort = digits <= 15
        if position < end, bytes[position] | 0x20 == UInt8(ascii: "e") {
            literal.isPlain = false
            position += 1
            var isNegative = false
            if position < end, bytes[position] == UInt8(ascii: "-") || bytes[position] == UInt8(ascii: "+") {
                isNegative = bytes[position] == UInt8(ascii: "-")
                position += 1
            }
            guard isDigit(position) else { throw problem("expected a digit in the exponent") }
            var exponent = 0
            while isDigit(position) {
                exponent = min(exponent * 10 + Int(bytes[position] - 0x30), 100_000)
                position += 1
            }
            literal.exponent += isNegative ? -exponent : exponent
        }
        guard position - first <= 1024 else { throw problem("a number of more than 1024 characters") }
        literal.range = first..<position
        return literal
    }

    /// A string, its escapes resolved. A lone surrogate becomes U+FFFD, as in jq.
    mutating func string() throws(Problem) -> String {
        let (range, hasEscapes) = try scanString()
        guard hasEscapes else {
            guard let text = String(validating: bytes[range], as: UTF8.self) else { throw problem("the string is not UTF-8") }
            return text
        }
        var text: [UInt8] = []
        var index = range.lowerBound
        while index < range.upperBound {
            guard bytes[index] == UInt8(ascii: "\\") else {
                text.append(bytes[index])
                index += 1
                continue
            }
            // scanString has seen that a character follows each backslash.
            index += 1
            switch bytes[index] {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(bytes[index])
            case UInt8(ascii: "b"): text.append(0x08)
            case UInt8(ascii: "f"): text.append(0x0C)
            case UInt8(ascii: "n"): text.append(0x0A)
            case UInt8(ascii: "r"): text.append(0x0D)
            case UInt8(ascii: "t"): text.append(0x09)
            case UInt8(ascii: "u"):
                guard let unit = hexadecimal(at: index + 1, before: range.upperBound) else { throw problem("bad \\u escape") }
                index += 4
                var scalar = Unicode.Scalar(UInt32(unit))
                if unit & 0xFC00 == 0xD800, index + 2 < range.upperBound, bytes[index + 1] == UInt8(ascii: "\\"),
                    bytes[index + 2] == UInt8(ascii: "u"), let low = hexadecimal(at: index + 3, before: range.upperBound),
                    low & 0xFC00 == 0xDC00
                {
                    scalar = Unicode.Scalar(0x10000 + (UInt32(unit) & 0x3FF) << 10 + UInt32(low) & 0x3FF)
                    index += 6
                }
                text.append(contentsOf: UTF8.encode(scalar ?? "\u{FFFD}") ?? UTF8.encodedReplacementCharacter)
            default: throw problem("bad escape in a string")
            }
            index += 1
        }
        guard let text = String(validating: text, as: UTF8.self) else { throw problem("the string is not UTF-8") }
        return text
    }

    private func hexadecimal(at first: Int, before limit: Int) -> UInt16? {
        guard first + 4 <= limit else { return nil }
        var unit: UInt16 = 0
        for byte in bytes[first..<first + 4] {
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { return nil }
            unit = unit << 4 | UInt16(digit)
        }
        return unit
    }

    /// The bytes between the quotes; consumes the closing one.
    private mutating func scanString() throws(Problem) -> (range: Range<Int>, hasEscapes: Bool) {
        guard take("\"") else { throw problem(peek() == nil ? "the line is cut" : "expected a string") }
        let first = position
        var hasEscapes = false
        while position < end {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                position += 1
                return (first..<position - 1, hasEscapes)
            case UInt8(ascii: "\\"):
                hasEscapes = true
                position += 2
            case 0..<0x20: throw problem("a control character in a string")
            default: position += 1
            }
        }
        position = end
        throw problem("the line is cut inside a string")
    }

    /// Consumes the next value, whatever it is.
    mutating func skip() throws(Problem) {
        switch peek() {
        case UInt8(ascii: "{"): try members { (_, cursor) throws(Problem) in try cursor.skip() }
        case UInt8(ascii: "["): try elements { (cursor) throws(Problem) in try cursor.skip() }
        case UInt8(ascii: "\""): _ = try scanString()
        case UInt8(ascii: "t"), UInt8(ascii: "f"): _ = try bool()
        case UInt8(ascii: "n"): guard null() else { throw problem("expected a value") }
        case nil: throw problem("the line is cut")
        default: _ = try scanNumber()
        }
    }

    /// The next value as it stands.
    mutating func value() throws(Problem) -> JSONValue {
        switch peek() {
        case UInt8(ascii: "{"):
            var all: [JSONValue.Member] = []
            try members { (name, cursor) throws(Problem) in all.append(.init(name, try cursor.value())) }
            return .object(all)
        case UInt8(ascii: "["):
            var all: [JSONValue] = []
            try elements { (cursor) throws(Problem) in all.append(try cursor.value()) }
            return .array(all)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"), UInt8(ascii: "f"): return .bool(try bool())
        case UInt8(ascii: "n"):
            guard null() else { throw problem("expected a value") }
            return .null
        case nil: throw problem("the line is cut")
        default:
            let before = position
            let literal = try scanNumber()
            if literal.isPlain, let whole = Int(String(decoding: bytes[literal.range], as: UTF8.self)) { return .integer(whole) }
            position = before
            return .number(try number())
        }
    }
}
