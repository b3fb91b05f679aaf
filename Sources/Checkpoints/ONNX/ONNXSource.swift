import Foundation
import SwiftProtobuf

/// The messages of an ONNX file. The bytes of its large tensors are left in the file: a model is mostly weights, and the
/// decoder would copy them.
struct ONNXSource {
    let model: Onnx_ModelProto
    /// Bytes of stored tensors that were left out of `model`, by position in the list of initializers.
    let weights: [Int: ByteSlice]

    /// Tensors below this size are decoded with the rest.
    private static let smallestSlice = 1024

    init(_ file: ByteSlice) throws {
        guard file.count > 0 else { throw Malformed("the file is empty") }
        if file.starts(with: "version https://git-lfs") {
            throw Malformed("a Git LFS pointer, not the file itself", remedy: "fetch it: git lfs pull")
        }
        var skeleton = Skeleton()
        do {
            try skeleton.addModel(file)
            model = try Onnx_ModelProto(serializedBytes: skeleton.bytes)
        } catch is BinaryDecodingError {
            throw Malformed("it is damaged or no ONNX model")
        }
        weights = skeleton.weights
    }

    /// A copy of the file without the raw data of large initializers (ModelProto.graph 7, GraphProto.initializer 5,
    /// TensorProto.raw_data 9).
    private struct Skeleton {
        var bytes: [UInt8] = []
        var weights: [Int: ByteSlice] = [:]
        private var initializers = 0

        mutating func addModel(_ file: ByteSlice) throws(Malformed) {
            var reader = try ByteReader(file)
            while let field = try WireField(&reader) {
                guard field.number == 7, let graph = field.content else { append(field); continue }
                var inner = Skeleton()
                inner.initializers = initializers
                try inner.addGraph(graph)
                (weights, initializers) = (weights.merging(inner.weights) { $1 }, inner.initializers)
                append(field.number, inner.bytes)
            }
        }

        private mutating func addGraph(_ graph: ByteSlice) throws(Malformed) {
            var reader = try ByteReader(graph)
            while let field = try WireField(&reader) {
                guard field.number == 5, let tensor = field.content else { append(field); continue }
                if tensor.count < smallestSlice { append(field) } else {
                    var inner = Skeleton()
                    weights[initializers] = try inner.addTensor(tensor)
                    append(field.number, inner.bytes)
                }
                initializers += 1
            }
        }

        private mutating func addTensor(_ tensor: ByteSlice) throws(Malformed) -> ByteSlice? {
            var reader = try ByteReader(tensor)
            var raw: ByteSlice?
            while let field = try WireField(&reader) {
                if field.number == 9, let content = field.content { raw = content } else { append(field) }
            }
            return raw
        }

        private mutating func append(_ field: WireField) {
            withExtendedLifetime(field.whole.owner) { bytes.append(contentsOf: field.whole.bytes) }
        }

        private mutating func append(_ number: UInt64, _ content: [UInt8]) {
            appendVarint(number << 3 | 2)
            appendVarint(UInt64(content.count))
            bytes.append(contentsOf: content)
        }

        private mutating func appendVarint(_ value: UInt64) {
            var rest = value
            while rest >= 0x80 {
                bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
                rest >>= 7
            }
            bytes.append(UInt8(rest))
        }
    }
}

/// One field of a protobuf message on the wire.
private struct WireField {
    let number: UInt64
    /// With its key.
    let whole: ByteSlice
    /// nil unless it has a length.
    let content: ByteSlice?

    /// nil at the end of the message.
    init?(_ reader: inout ByteReader) throws(Malformed) {
        guard reader.remaining > 0 else { return nil }
        let start = reader.offset
        let key = try Self.varint(&reader)
        number = key >> 3
        switch key & 7 {
        case 0:
            _ = try Self.varint(&reader)
            content = nil
        case 1:
            _ = try reader.bytes(8)
            content = nil
        case 2:
            guard let length = Int(exactly: try Self.varint(&reader)), length <= reader.remaining else {
                throw Malformed("it is cut, damaged or no ONNX model (at byte \(reader.slice.range.lowerBound + start))")
            }
            content = try reader.bytes(length)
        case 5:
            _ = try reader.bytes(4)
            content = nil
        default: throw Malformed("it is damaged or no ONNX model (at byte \(reader.slice.range.lowerBound + start))")
        }
        whole = try reader.slice.part(at: start, count: reader.offset - start)
    }

    private static func varint(_ reader: inout ByteReader) throws(Malformed) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: 0, to: 70, by: 7) {
            let byte = try reader.integer(UInt8.self)
            value |= UInt64(byte & 0x7F) << UInt64(shift)
            if byte < 0x80 { return value }
        }
        throw Malformed("it is damaged or no ONNX model (a number without end)")
    }
}
