import Engine
import Foundation

/// Reader of TensorFlow's checkpoints (format V2, "tensor bundle"): an index of names, shapes and places, and the numbers in
/// files beside it, `NAME.data-00000-of-00001`.
///
/// Strings and variables that were split over several entries are refused by name where they stand.
enum TensorFlowBundle {
    /// - Parameters:
    ///   - index: the content of `NAME.index`.
    ///   - url: its place, beside which the data lie.
    static func read(index: ByteSlice, at url: URL) throws -> Checkpoint {
        var shards: Int?
        var entries: [(name: String, entry: Entry)] = []
        for (key, value) in try SortedTable.entries(index) {
            if key.isEmpty {
                shards = try shardCount(value)
            } else {
                entries.append((key, try Entry(value, name: key)))
            }
        }
        guard let shards else { throw Malformed("its index has no header") }
        guard (1...1000).contains(shards) else { throw Malformed("its index claims \(shards) data files") }

        // By number, each with what may be copied out of it in all.
        var data: [Int: (file: ByteSlice, budget: CopyBudget)] = [:]
        var tensors: [String: Tensor] = [:]
        var names: [String] = []
        for (name, entry) in entries {
            guard (0..<shards).contains(entry.shard) else { throw Malformed("tensor \(name): there is no data file \(entry.shard)") }
            var shard: (file: ByteSlice, budget: CopyBudget)
            if let open = data[entry.shard] {
                shard = open
            } else {
                let file = ByteSlice(all: try ByteOwner(mapping: dataFile(of: url, entry.shard, shards)))
                shard = (file, CopyBudget(fileSize: file.count))
            }
            do {
                tensors[name] = try entry.tensor(in: shard.file, budget: &shard.budget)
                data[entry.shard] = shard
            } catch {
                throw Malformed("tensor \(name): \(error.why)", remedy: error.remedy)
            }
            names.append(name)
        }
        return Checkpoint(tensors: tensors, names: names)
    }

    private static func dataFile(of index: URL, _ shard: Int, _ count: Int) -> URL {
        let stem = index.deletingPathExtension().lastPathComponent
        return index.deletingLastPathComponent().appendingPathComponent(String(format: "%@.data-%05d-of-%05d", stem, shard, count))
    }

    /// BundleHeaderProto: 1 number of files, 2 endianness (0: little).
    private static func shardCount(_ message: ByteSlice) throws(Malformed) -> Int {
        var reader = WireReader(message)
        var count: UInt64 = 1
        while !reader.isAtEnd {
            switch try reader.field() {
            case (1, .number(let value)): count = value
            case (2, .number(let value)) where value != 0: throw Malformed("it was written on a big-endian machine")
            default: continue
            }
        }
        return Int(clamping: count)
    }

    /// BundleEntryProto.
    private struct Entry {
        var type: UInt64 = 0
        var shape: [Int] = []
        var shard = 0
        var offset = 0
        var size = 0
        var checksum: UInt32?

        init(_ message: ByteSlice, name: String) throws(Malformed) {
            var reader = WireReader(message)
            while !reader.isAtEnd {
                switch try reader.field() {
                case (1, .number(let value)): type = value
                case (2, .bytes(let part)): shape = try Self.shape(part)
                case (3, .number(let value)): shard = Int(clamping: value)
                case (4, .number(let value)): offset = Int(clamping: value)
                case (5, .number(let value)): size = Int(clamping: value)
                case (6, .fixed32(let value)): checksum = value
                case (7, _): throw Malformed("tensor \(name): it is stored in slices, which is not supported")
                default: continue
                }
            }
        }

        /// TensorShapeProto: 2 a dimension, in it 1 its size.
        private static func shape(_ message: ByteSlice) throws(Malformed) -> [Int] {
            var shape: [Int] = []
            var reader = WireReader(message)
            while !reader.isAtEnd {
                guard case (2, .bytes(let part)) = try reader.field() else { continue }
                var dimension = WireReader(part), size = 0
                while !dimension.isAtEnd {
                    if case (1, .number(let value)) = try dimension.field() { size = Int(truncatingIfNeeded: value) }
                }
                shape.append(size)
            }
            return shape
        }

        func tensor(in data: ByteSlice, budget: inout CopyBudget) throws(Malformed) -> Tensor {
            guard let stored = StoredType(tensorFlow: type) else { throw Malformed("its element type \(type) is not supported") }
            let layout = try TensorLayout.dense(stored, shape: shape)
            guard try TensorLayout.elementCount(shape) * stored.byteCount == size else {
                throw Malformed("its shape \(shape) does not take the \(size) bytes that are declared")
            }
            let bytes = try data.part(at: offset, count: size)
            if let checksum, CRC32C.masked(CRC32C.checksum(bytes.bytes)) != checksum {
                throw Malformed("its checksum does not fit: the file is damaged")
            }
            return try layout.tensor(over: bytes, budget: &budget)
        }
    }
}

extension StoredType {
    /// DataType of TensorFlow's types.proto.
    fileprivate init?(tensorFlow number: UInt64) {
        switch number {
        case 1: self = .float32
        case 2: self = .float64
        case 3: self = .int32
        case 4: self = .uint8
        case 5: self = .int16
        case 6: self = .int8
        case 9: self = .int64
        case 10: self = .bool
        case 14: self = .bfloat16
        case 19: self = .float16
        default: return nil
        }
    }
}
