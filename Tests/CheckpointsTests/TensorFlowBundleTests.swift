import Checkpoints
import Diagnostics
import Engine
import Foundation
import TestSupport
import Testing

/// Checkpoints as TensorFlow writes them, put together here by the format's description (LevelDB's table_format.md,
/// TensorFlow's tensor_bundle.proto).
@Suite("TensorFlow's checkpoints") struct TensorFlowBundleTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    // MARK: A writer

    private static func varint(_ value: Int) -> [UInt8] {
        var (rest, bytes) = (UInt64(value), [UInt8]())
        while rest >= 0x80 {
            bytes.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }

    private static func little(_ value: UInt64, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
    }

    /// Bit by bit, as the polynomial is defined.
    static func crc(_ bytes: [UInt8]) -> UInt32 {
        var crc = UInt32.max
        for byte in bytes {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0x82F6_3B78 : crc >> 1 }
        }
        return ~crc
    }

    private static func masked(_ crc: UInt32) -> UInt64 { UInt64((crc >> 15 | crc << 17) &+ 0xA282_EAD8) }

    private static func block(_ entries: [([UInt8], [UInt8])]) -> [UInt8] {
        var bytes: [UInt8] = [], last: [UInt8] = []
        for (key, value) in entries {
            let shared = zip(key, last).prefix { $0 == $1 }.count
            bytes += varint(shared)
            bytes += varint(key.count - shared)
            bytes += varint(value.count)
            bytes += key[shared...]
            bytes += value
            last = key
        }
        return bytes + little(0, 4) + little(1, 4)
    }

    private struct Variable {
        var name: String
        var shape: [Int]
        var type = 1
        var bytes: [UInt8]

        init(_ name: String, _ shape: [Int], _ values: [Float]) {
            (self.name, self.shape) = (name, shape)
            bytes = values.flatMap { TensorFlowBundleTests.little(UInt64($0.bitPattern), 4) }
        }

        init(_ name: String, step: Int) {
            (self.name, shape, type) = (name, [], 9)
            bytes = TensorFlowBundleTests.little(UInt64(step), 8)
        }
    }

    /// Two data blocks, so that the index has more than one.
    private func files(_ variables: [Variable]) -> (index: [UInt8], data: [UInt8]) {
        var data: [UInt8] = []
        var entries: [([UInt8], [UInt8])] = [([], [8, 1, 0x1A, 2, 8, 1])]
        for variable in variables.sorted(by: { $0.name < $1.name }) {
            var dimensions: [UInt8] = []
            for size in variable.shape {
                let one: [UInt8] = [8] + Self.varint(size)
                dimensions.append(0x12)
                dimensions += Self.varint(one.count)
                dimensions += one
            }
            var value: [UInt8] = []
            func field(_ tag: UInt8, _ bytes: [UInt8]) {
                value.append(tag)
                value += bytes
            }
            field(0x08, Self.varint(variable.type))
            field(0x12, Self.varint(dimensions.count))
            value += dimensions
            if !data.isEmpty { field(0x20, Self.varint(data.count)) }
            field(0x28, Self.varint(variable.bytes.count))
            field(0x35, Self.little(Self.masked(Self.crc(variable.bytes)), 4))
            entries.append((Array(variable.name.utf8), value))
            data += variable.bytes
        }
        var index: [UInt8] = []
        func append(_ block: [UInt8]) -> [UInt8] {
            let handle = Self.varint(index.count) + Self.varint(block.count)
            index += block
            index.append(0)
            index += Self.little(Self.masked(Self.crc(block + [0])), 4)
            return handle
        }
        let half = entries.count / 2
        var handles: [([UInt8], [UInt8])] = []
        for part in [Array(entries[..<half]), Array(entries[half...])] {
            let separator: [UInt8] = (part.last?.0 ?? []) + [0xFF]
            handles.append((separator, append(Self.block(part))))
        }
        let meta = append(Self.block([])), top = append(Self.block(handles))
        let footer = meta + top
        index += footer
        index += [UInt8](repeating: 0, count: 40 - footer.count)
        index += Self.little(0xDB47_7524_8B80_FB57, 8)
        return (index, data)
    }

    private let variables = [
        Variable("resnet_v1_50/conv1/weights", [1, 2, 2], [1.5, -2, 3, 0.25]), Variable("resnet_v1_50/conv1/BatchNorm/gamma", [3], [7, 8, 9]),
        Variable("resnet_v1_50/conv1/BatchNorm/beta", [3], [-1, 0, 1]), Variable("global_step", step: 350),
    ]

    private func load(_ index: [UInt8], _ data: [UInt8]?) throws -> Checkpoint {
        try Data(index).write(to: scratch.file("snapshot.ckpt.index"))
        let url = scratch.file("snapshot.ckpt.data-00000-of-00001")
        try? FileManager.default.removeItem(at: url)
        if let data { try Data(data).write(to: url) }
        return try Checkpoint.load(contentsOf: scratch.file("snapshot.ckpt.index"))
    }

    // MARK: Tests

    @Test("the checksum is CRC-32C")
    func checksum() { #expect(Self.crc(Array("123456789".utf8)) == 0xE306_9283) }

    @Test("variables come with their names, shapes and numbers")
    func reads() throws {
        let (index, data) = files(variables)
        let checkpoint = try load(index, data)
        #expect(checkpoint.names == variables.map(\.name).sorted())
        #expect(checkpoint.tensors["resnet_v1_50/conv1/weights"]?.shape == [1, 2, 2])
        #expect(checkpoint.tensors["resnet_v1_50/conv1/weights"]?.floats == [1.5, -2, 3, 0.25])
        #expect(checkpoint.tensors["resnet_v1_50/conv1/BatchNorm/beta"]?.floats == [-1, 0, 1])
        #expect(checkpoint.tensors["resnet_v1_50/conv1/BatchNorm/gamma"]?.floats == [7, 8, 9])
        #expect(checkpoint.tensors["global_step"]?.integers == [350])
    }

    @Test("missing data, a cut and a changed byte are each named")
    func damage() throws {
        let (index, data) = files(variables)
        func refusal(_ index: [UInt8], _ data: [UInt8]?) -> Failure? {
            do { _ = try load(index, data) } catch { return error as? Failure }
            return nil
        }
        #expect(refusal(index, nil)?.kind == .noInput)
        #expect(refusal(index, data.dropLast())?.description.contains("ends in the middle") == true)
        var changed = data
        changed[3] ^= 1
        #expect(refusal(index, changed)?.description.contains("checksum") == true)
        var wrong = index
        wrong[2] ^= 1
        #expect(refusal(wrong, data)?.kind == .data)
    }

    @Test("no damage to the index makes the reader stumble")
    func fuzz() throws {
        let (index, data) = files(variables)
        let words = FormulaStream.words("tensorflow.fuzz", 600)
        for (round, word) in words.enumerated() {
            var damaged = index
            if round % 3 == 0 {
                let end = index.count - 48, start = Int(word >> 16) % end
                damaged.removeSubrange(start..<end)
            } else {
                for step in 0...round % 4 {
                    let place = Int((word >> UInt64(8 * step)) & 0xFFFF) % index.count
                    damaged[place] = UInt8((word >> 40) & 0xFF)
                }
            }
            do { _ = try load(damaged, data) } catch { #expect(error is Failure) }
        }
    }
}
