/// The index of a TensorFlow checkpoint: a sorted table of keys and values as LevelDB writes it (table_format.md), without
/// compression.
///
/// Blocks of entries whose keys share prefixes, an index block with the place of each, and a footer that points to it.
enum SortedTable {
    private static let footerSize = 48
    private static let magic: UInt64 = 0xDB47_7524_8B80_FB57
    /// The type byte and the checksum behind each block.
    private static let trailerSize = 5
    /// Keys share prefixes, so that a small file could spell out endless ones.
    private static let longestKey = 4096

    static func isOne(_ file: ByteSlice) -> Bool {
        guard let footer = try? file.part(at: file.count - footerSize, count: footerSize), var reader = try? ByteReader(footer, at: 40),
            let found = try? reader.integer(UInt64.self)
        else { return false }
        return found == magic
    }

    /// All entries, in the order of the file.
    static func entries(_ file: ByteSlice) throws(Malformed) -> [(key: String, value: ByteSlice)] {
        var footer = WireReader(try file.part(at: file.count - footerSize, count: footerSize))
        _ = try BlockHandle(&footer)
        let index = try BlockHandle(&footer)
        var entries: [(key: String, value: ByteSlice)] = []
        for (_, place) in try blockEntries(block(index, in: file)) {
            var reader = WireReader(place)
            let handle = try BlockHandle(&reader)
            for (key, value) in try blockEntries(block(handle, in: file)) {
                entries.append((String(decoding: key, as: UTF8.self), value))
            }
        }
        return entries
    }

    /// Where a block stands.
    private struct BlockHandle {
        let offset, size: Int

        init(_ reader: inout WireReader) throws(Malformed) {
            offset = try reader.length()
            size = try reader.length()
        }
    }

    private static func block(_ handle: BlockHandle, in file: ByteSlice) throws(Malformed) -> ByteSlice {
        let contents = try file.part(at: handle.offset, count: handle.size)
        let trailer = try file.part(at: handle.offset + handle.size, count: trailerSize)
        var reader = try ByteReader(trailer)
        let type: UInt8 = try reader.integer(), stored: UInt32 = try reader.integer()
        guard type == 0 else { throw Malformed("a block of its index is compressed, which TensorFlow does not do") }
        let checksum = CRC32C.checksum(contents.bytes, UnsafeRawBufferPointer(rebasing: trailer.bytes[..<1]))
        guard CRC32C.masked(checksum) == stored else { throw Malformed("the checksum of its index does not fit: the file is damaged") }
        return contents
    }

    private static func blockEntries(_ block: ByteSlice) throws(Malformed) -> [(key: [UInt8], value: ByteSlice)] {
        // At the end stand the places where keys stand in full; reading from front to back needs none of them.
        var tail = try ByteReader(block, at: max(block.count - 4, 0))
        let restarts: UInt32 = try tail.integer()
        let (bytes, overflow) = (Int(restarts) + 1).multipliedReportingOverflow(by: 4)
        guard !overflow, bytes <= block.count else { throw .cut(at: block.range.upperBound) }
        var reader = WireReader(try block.part(at: 0, count: block.count - bytes))
        var key: [UInt8] = []
        var entries: [(key: [UInt8], value: ByteSlice)] = []
        while !reader.isAtEnd {
            let shared = try reader.length(), fresh = try reader.length(), size = try reader.length()
            guard shared <= key.count else { throw Malformed("a key of its index continues one that is shorter") }
            guard fresh <= longestKey - shared else { throw Malformed("a name in its index is longer than \(longestKey) bytes") }
            key.removeSubrange(shared...)
            key += try reader.bytes(fresh).bytes
            entries.append((key, try reader.bytes(size)))
        }
        return entries
    }
}

/// Reads the numbers of Protocol Buffers' wire format, and never past the end.
struct WireReader {
    private let slice: ByteSlice
    private var offset = 0

    init(_ slice: ByteSlice) { self.slice = slice }

    var isAtEnd: Bool { offset == slice.count }

    mutating func varint() throws(Malformed) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 7) {
            let byte = try bytes(1).bytes[0]
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        throw Malformed("a number at byte \(slice.range.lowerBound + offset) has no end")
    }

    /// A size or offset.
    mutating func length() throws(Malformed) -> Int {
        guard let value = Int(exactly: try varint()) else { throw Malformed("it claims more bytes than any file has") }
        return value
    }

    mutating func bytes(_ count: Int) throws(Malformed) -> ByteSlice {
        let part = try slice.part(at: offset, count: count)
        offset += count
        return part
    }

    /// A field of a message.
    enum Field {
        case number(UInt64)
        case bytes(ByteSlice)
        case fixed32(UInt32)
        case fixed64(UInt64)
    }

    /// The next field with its number.
    mutating func field() throws(Malformed) -> (number: UInt64, field: Field) {
        let tag = try varint()
        switch tag & 7 {
        case 0: return (tag >> 3, .number(try varint()))
        case 1: return (tag >> 3, .fixed64(UInt64(littleEndian: try bytes(8).bytes.loadUnaligned(as: UInt64.self))))
        case 2:
            let count = try length()
            return (tag >> 3, .bytes(try bytes(count)))
        case 5: return (tag >> 3, .fixed32(UInt32(littleEndian: try bytes(4).bytes.loadUnaligned(as: UInt32.self))))
        default: throw Malformed("a message in its index is none")
        }
    }
}
