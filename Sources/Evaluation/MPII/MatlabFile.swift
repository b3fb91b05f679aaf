import CZlib
import Diagnostics
import Foundation

/// The numeric arrays of a MATLAB file of version 5 to 7, compressed or not: what `gt_valid.mat` and `pred.mat` are.
///
/// Bytes are hostile: every size is checked against what is there, and nothing is unpacked beyond a limit.
struct MatlabFile {
    /// An array, first dimension fastest.
    struct Array {
        var shape: [Int]
        var values: [Double]
    }

    private(set) var arrays: [String: Array] = [:]

    private let place: String
    /// Unpacked bytes that are still allowed.
    private var budget = 1 << 28

    private enum Kind {
        static let compressed: UInt32 = 15
        static let matrix: UInt32 = 14
    }

    init(_ bytes: [UInt8], place: String) throws {
        self.place = place
        guard bytes.count >= 128, bytes[124...127].elementsEqual([0x00, 0x01, UInt8(ascii: "I"), UInt8(ascii: "M")]) else {
            throw failure("it is no MATLAB file of version 5 to 7", remedy: "save it with -v7, or give JSON")
        }
        try readElements(bytes[128...])
    }

    private func failure(_ why: String, remedy: String? = nil) -> Failure {
        Failure(.data, "cannot read MATLAB file", at: place, because: why, remedy: remedy)
    }

    // MARK: Elements

    private mutating func readElements(_ bytes: ArraySlice<UInt8>, areUnpacked: Bool = false) throws {
        var rest = bytes
        while rest.count >= 8 {
            let (kind, body) = try element(&rest)
            switch kind {
            case Kind.compressed:
                // A stream that unpacks to itself would never end.
                guard !areUnpacked else { throw failure("it is damaged: packed elements lie in packed ones") }
                try readElements(unpack(body)[...], areUnpacked: true)
            case Kind.matrix: try readMatrix(body)
            default: break
            }
        }
    }

    /// Type and bytes of the next element; `rest` goes on behind it.
    private func element(_ rest: inout ArraySlice<UInt8>) throws -> (UInt32, ArraySlice<UInt8>) {
        let first = try word(rest, 0)
        if first >> 16 != 0 {
            // A small element: four bytes at most, beside its type.
            let count = Int(first >> 16)
            guard count <= 4, rest.count >= 8 else { throw failure("it is damaged: a small element of \(count) bytes") }
            let body = rest.dropFirst(4).prefix(count)
            rest = rest.dropFirst(8)
            return (first & 0xFFFF, body)
        }
        let count = Int(try word(rest, 4))
        guard count <= rest.count - 8 else { throw failure("it is cut: an element of \(count) bytes, \(rest.count - 8) are there") }
        let body = rest.dropFirst(8).prefix(count)
        // Compressed elements are not padded.
        rest = rest.dropFirst(8 + (first == Kind.compressed ? count : min((count + 7) / 8 * 8, rest.count - 8)))
        return (first, body)
    }

    private func word(_ bytes: ArraySlice<UInt8>, _ offset: Int) throws -> UInt32 {
        guard bytes.count >= offset + 4 else { throw failure("it is cut") }
        return bytes.dropFirst(offset).prefix(4).reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }

    private mutating func readMatrix(_ bytes: ArraySlice<UInt8>) throws {
        var rest = bytes
        guard !rest.isEmpty else { return }
        let flags = try element(&rest).1
        // Classes 6 to 15 are numbers; cells, structures and text are not asked for.
        guard (6...15).contains(try word(flags, 0) & 0xFF) else { return }
        let shape = try numbers(try element(&rest)).map { Int(exactly: $0) ?? -1 }
        let name = String(decoding: try element(&rest).1, as: UTF8.self)
        let values = try numbers(try element(&rest))
        var count = 1
        for side in shape {
            let (product, overflow) = count.multipliedReportingOverflow(by: side)
            guard side >= 0, !overflow else { throw failure("\(name) has no sensible shape") }
            count = product
        }
        guard count == values.count else { throw failure("\(name) has \(values.count) numbers for its shape") }
        arrays[name] = Array(shape: shape, values: values)
    }

    private func numbers(_ element: (kind: UInt32, bytes: ArraySlice<UInt8>)) throws -> [Double] {
        let bytes = element.bytes
        func read<Number: FixedWidthInteger & BitwiseCopyable>(_: Number.Type, _ convert: (Number) -> Double) -> [Double] {
            let size = MemoryLayout<Number>.size
            return stride(from: bytes.startIndex, to: bytes.endIndex - bytes.count % size, by: size).map { start in
                convert(bytes[start..<start + size].withUnsafeBytes { Number(littleEndian: $0.loadUnaligned(as: Number.self)) })
            }
        }
        switch element.kind {
        case 1: return read(Int8.self) { Double($0) }
        case 2: return read(UInt8.self) { Double($0) }
        case 3: return read(Int16.self) { Double($0) }
        case 4: return read(UInt16.self) { Double($0) }
        case 5: return read(Int32.self) { Double($0) }
        case 6: return read(UInt32.self) { Double($0) }
        case 7: return read(UInt32.self) { Double(Float(bitPattern: $0)) }
        case 9: return read(UInt64.self) { Double(bitPattern: $0) }
        case 12: return read(Int64.self) { Double($0) }
        case 13: return read(UInt64.self) { Double($0) }
        default: throw failure("it is damaged: numbers of type \(element.kind)")
        }
    }

    private mutating func unpack(_ packed: ArraySlice<UInt8>) throws -> [UInt8] {
        var stream = z_stream()
        guard inflateInit_(&stream, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else { throw failure("no memory to unpack it") }
        defer { inflateEnd(&stream) }
        var input = [UInt8](packed)
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        var unpacked: [UInt8] = []
        try input.withUnsafeMutableBufferPointer { input in
            stream.next_in = input.baseAddress
            stream.avail_in = UInt32(clamping: input.count)
            while true {
                let (result, count) = piece.withUnsafeMutableBufferPointer { piece in
                    stream.next_out = piece.baseAddress
                    stream.avail_out = UInt32(piece.count)
                    let result = inflate(&stream, Z_NO_FLUSH)
                    return (result, piece.count - Int(stream.avail_out))
                }
                budget -= count
                guard budget >= 0 else { throw failure("it unpacks to more than 256 MB") }
                unpacked += piece.prefix(count)
                if result == Z_STREAM_END { return }
                guard result == Z_OK, count > 0 || stream.avail_in > 0 else { throw failure("it is damaged: it cannot be unpacked") }
            }
        }
        return unpacked
    }
}
