/// Reader of the files that `torch.save` wrote before PyTorch 1.6: five pickles one after the other (a magic number, the
/// version 1001, facts about the system, the object, the list of storage keys), then for each key a 64-bit count and the
/// storage's bytes.
enum TorchLegacy {
    /// 0x1950a86a20f9469cfc6c, as LONG1.
    private static let magic: [UInt8] = [0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, UInt8(ascii: ".")]

    static func read(_ file: ByteSlice) throws -> Checkpoint {
        var reader = try ByteReader(file)
        guard try reader.bytes(2 + magic.count).bytes.dropFirst(2).elementsEqual(magic) else {
            throw Malformed(
                "a Python pickle, but not one that torch.save wrote", remedy: "in Python: torch.save(model.state_dict(), 'weights.pth')")
        }
        let (version, _, versionEnd) = try Unpickler.read(file, at: reader.offset)
        guard case .integer(1001) = version else { throw Malformed("an unknown version of PyTorch's old format") }
        let (system, systemObjects, systemEnd) = try Unpickler.read(file, at: versionEnd)
        if case .bool(false) = systemObjects.value(of: "little_endian", in: system) {
            throw Malformed("it was saved on a big-endian machine, which is not supported")
        }
        let (root, objects, rootEnd) = try Unpickler.read(file, at: systemEnd)
        let (keyList, keyObjects, keysEnd) = try Unpickler.read(file, at: rootEnd)
        let storages = try readStorages(file, at: keysEnd, keys: keyObjects.elements(keyList), known: objects.storages)

        return try StateDictionary(root: root, objects: objects).checkpoint(fileSize: file.count) { storage, _ in
            guard let bytes = storages[storage.key] else { throw Malformed("its storage \(storage.key) is missing in the file") }
            return bytes
        }
    }

    private static func readStorages(
        _ file: ByteSlice, at offset: Int, keys: [PickleValue]?, known: [TorchStorage]
    ) throws(Malformed) -> [String: ByteSlice] {
        guard let keys else { throw Malformed("its list of storages is damaged") }
        var elementSizes: [String: Int] = [:]
        for storage in known { elementSizes[storage.key] = try elementSize(storage) }

        var reader = try ByteReader(file, at: offset)
        var storages: [String: ByteSlice] = [:]
        for key in keys {
            guard let name = key.plainText, let elementSize = elementSizes[name] else {
                throw Malformed("it lists a storage that no tensor uses")
            }
            let (size, overflow) = try reader.length().multipliedReportingOverflow(by: elementSize)
            guard !overflow else { throw Malformed("storage \(name) claims more than any file holds") }
            storages[name] = try reader.bytes(size)
        }
        return storages
    }

    /// Also of types that we do not read, as their storages must be skipped.
    private static func elementSize(_ storage: TorchStorage) throws(Malformed) -> Int {
        if let type = storage.type { return type.byteCount }
        switch storage.typeName {
        case "ComplexDoubleStorage": return 16
        case "ComplexFloatStorage": return 8
        case "QInt32Storage": return 4
        case "QInt8Storage", "QUInt8Storage", "UntypedStorage", "QUInt4x2Storage", "QUInt2x4Storage": return 1
        default: throw Malformed("it holds a storage of torch's \(storage.typeName), which is unknown")
        }
    }
}
