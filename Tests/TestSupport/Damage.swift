/// Damages bytes in the ways in which files of strangers are damaged, or made to do damage; the same seed, the same damage.
public struct Damage {
    private var state: UInt64

    public init(seed: UInt64) { state = seed }

    /// A number from 0 up to `count`, which is left out.
    public mutating func roll(_ count: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(state >> 33) % max(1, count)
    }

    /// Numbers that are legal JSON and hard to bear, and words that stand where a number should.
    private static let hardNumbers = [
        "0", "-1", "1e9", "-1e9", "999999999", "1e300", "-1e-300", "9223372036854775807", "-9223372036854775808", "18446744073709551616",
        "0.000000001", "2147483648", "1e", "--1", "null", "[]", "\"x\"", "true", "\"nan\"", "\"inf\"",
    ]

    /// Flips bytes, cuts, doubles and takes out parts, or puts a hard number in the place of another.
    public mutating func damaged(_ text: String) -> [UInt8] {
        var bytes = Array(text.utf8)
        for _ in 0...roll(3) {
            guard !bytes.isEmpty else { break }
            switch roll(6) {
            case 0: bytes[roll(bytes.count)] = UInt8(roll(256))
            case 1: bytes.removeLast(roll(bytes.count))
            case 2:
                let start = roll(bytes.count)
                bytes.insert(contentsOf: bytes[start..<min(bytes.count, start + roll(200))], at: roll(bytes.count))
            case 3:
                let start = roll(bytes.count)
                bytes.removeSubrange(start..<min(bytes.count, start + 1 + roll(40)))
            default: hardenNumber(&bytes)
            }
        }
        return bytes
    }

    /// Only puts hard numbers in the place of others: most of the text stays what it was.
    public mutating func hardened(_ text: String) -> [UInt8] {
        var bytes = Array(text.utf8)
        for _ in 0...roll(3) { hardenNumber(&bytes) }
        return bytes
    }

    private mutating func hardenNumber(_ bytes: inout [UInt8]) {
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        let from = roll(bytes.count)
        guard let start = bytes[from...].firstIndex(where: digits.contains) else { return }
        let end = bytes[start...].firstIndex { !digits.contains($0) && $0 != UInt8(ascii: ".") } ?? bytes.count
        bytes.replaceSubrange(start..<end, with: Self.hardNumbers[roll(Self.hardNumbers.count)].utf8)
    }
}
