/// The directory of a ZIP file (APPNOTE 6.3; with the 64-bit extension) and its members, stored or deflated.
struct ZipArchive {
    private struct Member {
        var method: UInt16
        var checksum: UInt32
        var packedSize: Int
        var size: Int
        var headerOffset: Int
    }

    private let file: ByteSlice
    private var members: [String: Member] = [:]
    private(set) var names: [String] = []

    /// Reads the central directory. Throws when it is not whole.
    init(_ file: ByteSlice) throws(Malformed) {
        self.file = file
        let directory = try Self.findDirectory(of: file)
        var reader = try ByteReader(file.part(at: directory.offset, count: directory.size))
        for _ in 0..<directory.entryCount {
            guard try reader.integer(UInt32.self) == 0x0201_4B50 else { throw Malformed("its ZIP directory is damaged") }
            let (name, member) = try Self.readEntry(&reader)
            guard members.updateValue(member, forKey: name) == nil else { throw Malformed("its ZIP directory names \(name) twice") }
            names.append(name)
        }
    }

    /// The bytes of a member: borrowed when it is stored, unpacked when it is deflated. nil when there is none of this name.
    func contents(of name: String, budget: inout CopyBudget) throws -> ByteSlice? {
        guard let member = members[name] else { return nil }
        do {
            var reader = try ByteReader(file, at: member.headerOffset)
            guard try reader.integer(UInt32.self) == 0x0403_4B50 else { throw Malformed("its local header is missing") }
            _ = try reader.bytes(22)
            let nameLength = Int(try reader.integer(UInt16.self)), extraLength = Int(try reader.integer(UInt16.self))
            _ = try reader.bytes(nameLength + extraLength)
            let packed = try reader.bytes(member.packedSize)

            switch member.method {
            case 0:
                guard member.size == member.packedSize else { throw Malformed("its two sizes differ") }
                return packed
            case 8:
                return try Inflate.unpack(packed, size: member.size, checksum: member.checksum, budget: &budget)
            default:
                throw Malformed("it is packed by method \(member.method), which is not supported")
            }
        } catch let malformed as Malformed {
            throw Malformed("archive member \(name): \(malformed.why)")
        }
    }

    // MARK: - Directory

    private struct Directory {
        var offset: Int
        var size: Int
        var entryCount: Int
    }

    /// The end record stands at the end of the file, behind it only a comment, of the length that the record states.
    private static func findDirectory(of file: ByteSlice) throws(Malformed) -> Directory {
        let recordSize = 22
        let earliest = max(0, file.count - recordSize - Int(UInt16.max))
        for offset in stride(from: file.count - recordSize, through: earliest, by: -1) where file.starts(with: "PK\u{5}\u{6}", at: offset) {
            var reader = try ByteReader(file, at: offset + 10)
            var directory = Directory(offset: 0, size: 0, entryCount: Int(try reader.integer(UInt16.self)))
            directory.size = Int(try reader.integer(UInt32.self))
            directory.offset = Int(try reader.integer(UInt32.self))
            guard Int(try reader.integer(UInt16.self)) == reader.remaining else { continue }
            return try findLargeDirectory(of: file, endRecord: offset) ?? directory
        }
        throw Malformed("its ZIP directory is missing: the file was cut")
    }

    /// The 64-bit end record, which a locator just before the ordinary one points to.
    private static func findLargeDirectory(of file: ByteSlice, endRecord: Int) throws(Malformed) -> Directory? {
        guard endRecord >= 20, file.starts(with: "PK\u{6}\u{7}", at: endRecord - 20) else { return nil }
        var locator = try ByteReader(file, at: endRecord - 12)
        var record = try ByteReader(file, at: locator.length())
        guard try record.integer(UInt32.self) == 0x0606_4B50 else { throw Malformed("its 64-bit ZIP directory is missing") }
        _ = try record.bytes(28)
        let entryCount = try record.length(), size = try record.length(), offset = try record.length()
        return Directory(offset: offset, size: size, entryCount: entryCount)
    }

    private static func readEntry(_ reader: inout ByteReader) throws(Malformed) -> (String, Member) {
        _ = try reader.bytes(4)
        let flags = try reader.integer(UInt16.self), method = try reader.integer(UInt16.self)
        _ = try reader.bytes(4)
        let checksum = try reader.integer(UInt32.self)
        let packedSize = try reader.integer(UInt32.self), size = try reader.integer(UInt32.self)
        let nameLength = Int(try reader.integer(UInt16.self))
        let extraLength = Int(try reader.integer(UInt16.self)), commentLength = Int(try reader.integer(UInt16.self))
        _ = try reader.bytes(8)
        let headerOffset = try reader.integer(UInt32.self)
        let name = String(try reader.bytes(nameLength))
        let extra = try reader.bytes(extraLength)
        _ = try reader.bytes(commentLength)
        guard flags & 1 == 0 else { throw Malformed("its archive member \(name) is encrypted") }

        var large = try ByteReader(largeSizes(in: extra))
        /// The next 64-bit value of the extra field where the 32-bit one says that it does not fit.
        func widen(_ value: UInt32) throws(Malformed) -> Int { value == .max ? try large.length() : Int(value) }
        let wideSize = try widen(size), widePackedSize = try widen(packedSize), wideOffset = try widen(headerOffset)
        return (name, Member(
            method: method, checksum: checksum, packedSize: widePackedSize, size: wideSize, headerOffset: wideOffset))
    }

    /// The extra field with identifier 1, or nothing.
    private static func largeSizes(in extra: ByteSlice) throws(Malformed) -> ByteSlice {
        var reader = try ByteReader(extra)
        while reader.remaining >= 4 {
            let identifier = try reader.integer(UInt16.self)
            let field = try reader.bytes(Int(try reader.integer(UInt16.self)))
            if identifier == 1 { return field }
        }
        return try extra.part(at: extra.count, count: 0)
    }
}
