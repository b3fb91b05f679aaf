import Engine
import Foundation

/// Turns stored tensors into the engine's; nothing that a tensor declares is believed before it was compared with the bytes
/// that are there.
struct ONNXTensorReader {
    /// External data must lie below it.
    private let folder: URL
    private var budget: CopyBudget
    private var externalFiles: [String: ByteSlice] = [:]

    init(folder: URL, fileSize: Int) {
        self.folder = folder
        budget = CopyBudget(fileSize: fileSize)
    }

    /// - Parameter slice: The raw data, when it was left in the file.
    mutating func tensor(_ proto: Onnx_TensorProto, slice: ByteSlice? = nil) throws -> Tensor {
        do { return try checkedTensor(proto, slice) } catch let malformed as Malformed {
            throw Malformed("tensor \"\(proto.name)\": \(malformed.why)", remedy: malformed.remedy)
        }
    }

    private mutating func checkedTensor(_ proto: Onnx_TensorProto, _ slice: ByteSlice?) throws -> Tensor {
        let type = try StoredType(onnx: Int(proto.dataType))
        let shape = proto.dims.map { Int($0) }
        guard shape.count <= 16 else { throw Malformed("it has \(shape.count) dimensions") }
        guard !proto.hasSegment else { throw Malformed("tensors in segments are not supported") }
        let byteCount = try TensorLayout.elementCount(shape) * type.byteCount
        if proto.dataLocation == .external {
            let data = try externalData(proto, byteCount: byteCount)
            return try TensorLayout.dense(type, shape: shape).tensor(over: data, budget: &budget)
        }
        if let slice {
            try Self.check(slice.count, byteCount, shape)
            return try TensorLayout.dense(type, shape: shape).tensor(over: slice, budget: &budget)
        }
        if proto.hasRawData {
            try Self.check(proto.rawData.count, byteCount, shape)
            let storage = TensorStorage(byteCount: byteCount)
            proto.rawData.withUnsafeBytes { storage.bytes.copyMemory(from: $0) }
            return Tensor(shape: shape, elementType: type.elementType, storage: storage)
        }
        return try Self.listed(proto, type, shape, count: byteCount / type.byteCount)
    }

    private static func check(_ stored: Int, _ declared: Int, _ shape: [Int]) throws {
        guard stored == declared else { throw Malformed("its shape \(Shape.text(shape)) takes \(declared) bytes, \(stored) are there") }
    }

    /// Elements in lists of numbers, one list for several types.
    private static func listed(_ proto: Onnx_TensorProto, _ type: StoredType, _ shape: [Int], count: Int) throws -> Tensor {
        func fill<Stored, Value: BitwiseCopyable>(_ list: [Stored], _ convert: (Stored) -> Value) throws -> Tensor {
            guard list.count == count else {
                throw Malformed("its shape \(Shape.text(shape)) takes \(count) elements, \(list.count) are there")
            }
            let values = list.map(convert)
            let storage = TensorStorage(byteCount: count * MemoryLayout<Value>.stride)
            values.withUnsafeBytes { storage.bytes.copyMemory(from: $0) }
            return Tensor(shape: shape, elementType: type.elementType, storage: storage)
        }
        return switch type {
        case .float32: try fill(proto.floatData) { $0 }
        case .float64: try fill(proto.doubleData) { $0 }
        case .int64: try fill(proto.int64Data) { $0 }
        case .int32: try fill(proto.int32Data) { $0 }
        case .float16: try fill(proto.int32Data) { UInt16(truncatingIfNeeded: $0) }
        case .int8, .uint8: try fill(proto.int32Data) { UInt8(truncatingIfNeeded: $0) }
        case .bool: try fill(proto.int32Data) { $0 == 0 ? 0 : 1 as UInt8 }
        case .bfloat16, .int16: throw Malformed("its element type is not supported")
        }
    }

    private mutating func externalData(_ proto: Onnx_TensorProto, byteCount: Int) throws -> ByteSlice {
        var entries: [String: String] = [:]
        for entry in proto.externalData { entries[entry.key] = entry.value }
        guard let location = entries["location"], !location.isEmpty else { throw Malformed("its external data has no location") }
        func number(_ key: String) throws -> Int? {
            guard let text = entries[key], !text.isEmpty else { return nil }
            guard let value = Int(text), value >= 0 else { throw Malformed("the \(key) \(text) of its external data is no size") }
            return value
        }
        let file = try externalFile(location)
        let offset = try number("offset") ?? 0
        let length = try number("length") ?? byteCount
        guard length == byteCount else { throw Malformed("it takes \(byteCount) bytes, its external data has \(length)") }
        guard offset <= file.count, length <= file.count - offset else {
            throw Malformed("its bytes \(offset) to \(length) more lie beyond the end of \(location)")
        }
        return try file.part(at: offset, count: length)
    }

    /// A file below the model's folder, however its path is written and whatever links it passes.
    private mutating func externalFile(_ location: String) throws -> ByteSlice {
        if let known = externalFiles[location] { return known }
        let outside = Malformed("its external data \"\(location)\" lies outside the model's folder, which is not read")
        guard !location.hasPrefix("/"), !location.split(separator: "/").contains(".."), !location.contains("\0") else { throw outside }
        let root = folder.resolvingSymlinksInPath().standardizedFileURL.path
        let url = folder.appendingPathComponent(location).resolvingSymlinksInPath().standardizedFileURL
        guard url.path.hasPrefix(root.hasSuffix("/") ? root : root + "/") else { throw outside }
        let file = ByteSlice(all: try ByteOwner(mapping: url))
        externalFiles[location] = file
        return file
    }
}

extension StoredType {
    /// `number` as in TensorProto.DataType.
    init(onnx number: Int) throws(Malformed) {
        switch number {
        case 1: self = .float32
        case 2: self = .uint8
        case 3: self = .int8
        case 6: self = .int32
        case 7: self = .int64
        case 9: self = .bool
        case 10: self = .float16
        case 11: self = .float64
        default:
            let name = Onnx_TensorProto.DataType(rawValue: number).map { "\($0)" } ?? "\(number)"
            throw Malformed("element type \(name) is not supported")
        }
    }
}
