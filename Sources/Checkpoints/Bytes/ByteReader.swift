/// What is wrong inside a file. The reader at the door adds the file's name and turns it into a `Failure`.
struct Malformed: Error {
    let why: String
    let remedy: String?

    init(_ why: String, remedy: String? = nil) {
        self.why = why
        self.remedy = remedy
    }

    static func cut(at offset: Int) -> Malformed { Malformed("the file ends in the middle (at byte \(offset))") }
}

/// A part of a file or of an unpacked member, which it keeps alive.
struct ByteSlice {
    let owner: ByteOwner
    /// Where the slice lies in its owner.
    let range: Range<Int>

    init(all owner: ByteOwner) {
        self.owner = owner
        range = 0..<owner.bytes.count
    }

    private init(owner: ByteOwner, range: Range<Int>) {
        self.owner = owner
        self.range = range
    }

    var count: Int { range.count }

    /// Good while the owner lives.
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: owner.bytes[range]) }

    /// `count` bytes from `offset` on (both relative to this slice); throws when they are not all there.
    func part(at offset: Int, count: Int) throws(Malformed) -> ByteSlice {
        guard offset >= 0, count >= 0, offset <= self.count, count <= self.count - offset else {
            throw .cut(at: range.upperBound)
        }
        let start = range.lowerBound + offset
        return ByteSlice(owner: owner, range: start..<start + count)
    }

    func starts(with prefix: String, at offset: Int = 0) -> Bool {
        guard let part = try? part(at: offset, count: prefix.utf8.count) else { return false }
        return part.bytes.elementsEqual(prefix.utf8)
    }
}

/// Reads a slice from front to back and never past its end. All numbers are little-endian.
struct ByteReader {
    let slice: ByteSlice
    private(set) var offset = 0

    init(_ slice: ByteSlice, at offset: Int = 0) throws(Malformed) {
        guard 0...slice.count ~= offset else { throw .cut(at: slice.range.upperBound) }
        self.slice = slice
        self.offset = offset
    }

    var remaining: Int { slice.count - offset }

    mutating func integer<Value: FixedWidthInteger & BitwiseCopyable>(_ type: Value.Type = Value.self) throws(Malformed) -> Value {
        let part = try bytes(MemoryLayout<Value>.size)
        return Value(littleEndian: part.bytes.loadUnaligned(as: Value.self))
    }

    /// A 64-bit length or offset as an `Int`; throws when it does not fit.
    mutating func length() throws(Malformed) -> Int {
        guard let value = Int(exactly: try integer(UInt64.self)) else {
            throw Malformed("a length at byte \(slice.range.lowerBound + offset - 8) is larger than any file")
        }
        return value
    }

    /// The next `count` bytes, not copied.
    mutating func bytes(_ count: Int) throws(Malformed) -> ByteSlice {
        let part = try slice.part(at: offset, count: count)
        offset += count
        return part
    }

    /// The bytes up to the next line feed, which is skipped.
    mutating func line() throws(Malformed) -> ByteSlice {
        guard let end = slice.bytes[offset...].firstIndex(of: UInt8(ascii: "\n")) else { throw .cut(at: slice.range.upperBound) }
        let part = try bytes(end - offset)
        offset += 1
        return part
    }
}

extension String {
    /// UTF-8; wrong bytes become replacement characters.
    init(_ slice: ByteSlice) {
        self = withExtendedLifetime(slice.owner) { String(decoding: slice.bytes, as: UTF8.self) }
    }
}
