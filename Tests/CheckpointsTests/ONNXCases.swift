import Engine
import Foundation
import TestSupport

/// A model of one or a few operators with inputs and the outputs that ONNX Runtime or ONNX's reference evaluator gave.
struct ONNXCase: Decodable, Sendable, CustomStringConvertible {
    struct Value: Decodable, Sendable {
        /// A number, or "nan", "inf", "-inf".
        struct Number: Decodable, Sendable {
            let value: Double

            init(from decoder: any Decoder) throws {
                let container = try decoder.singleValueContainer()
                if let text = try? container.decode(String.self) {
                    value = Double(text) ?? .nan
                } else {
                    value = try container.decode(Double.self)
                }
            }
        }

        var type: String
        var shape: [Int]
        var value: [Number]

        var elementType: ElementType? {
            ["f32": .float32, "f64": .float64, "f16": .float16, "i64": .int64, "i32": .int32, "bool": .bool, "u8": .uint8][type]
        }

        var numbers: [Double] { value.map(\.value) }

        var tensor: Tensor {
            let tensor = Tensor(shape: shape, elementType: elementType ?? .float32)
            let bytes = tensor.storage.bytes
            for (i, number) in numbers.enumerated() {
                switch tensor.elementType {
                case .float32: bytes.storeBytes(of: Float(number), toByteOffset: 4 * i, as: Float.self)
                case .float64: bytes.storeBytes(of: number, toByteOffset: 8 * i, as: Double.self)
                case .float16: bytes.storeBytes(of: Float16(number), toByteOffset: 2 * i, as: Float16.self)
                case .int64: bytes.storeBytes(of: Int64(number), toByteOffset: 8 * i, as: Int64.self)
                case .int32: bytes.storeBytes(of: Int32(number), toByteOffset: 4 * i, as: Int32.self)
                case .int8, .uint8, .bool: bytes.storeBytes(of: UInt8(number), toByteOffset: i, as: UInt8.self)
                }
            }
            return tensor
        }
    }

    private struct File: Decodable { var cases: [ONNXCase] }

    var name: String
    var file: String
    var tolerance: Double
    var inputs: [String: Value]
    var outputs: [String: Value]

    var description: String { name }

    /// All cases of a folder that holds `cases.json`; none when it cannot be read, which a test counts.
    static func all(in folder: URL) -> [ONNXCase] {
        guard let data = try? Data(contentsOf: folder.appendingPathComponent("cases.json")) else { return [] }
        return (try? JSONDecoder().decode(File.self, from: data))?.cases ?? []
    }
}

extension Tensor {
    var numbers: [Double] {
        switch elementType {
        case .float32: withElements(as: Float.self) { $0.map { Double($0) } }
        case .float64: withElements(as: Double.self) { Array($0) }
        case .float16: withElements(as: Float16.self) { $0.map { Double($0) } }
        case .int64: withElements(as: Int64.self) { $0.map { Double($0) } }
        case .int32: withElements(as: Int32.self) { $0.map { Double($0) } }
        case .int8: withElements(as: Int8.self) { $0.map { Double($0) } }
        case .uint8, .bool: withElements(as: UInt8.self) { $0.map { Double($0) } }
        }
    }
}

/// SplitMix64: the same numbers in every run.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }
}
