import Engine
import Foundation
import TestSupport

/// What `fixtures/checkpoints/expected.json` says of a file (written by a script of PyTorch and safetensors).
struct ExpectedFile: Decodable {
    struct ExpectedTensor: Decodable {
        var dtype: String
        var shape: [Int]
        var values: [ExpectedValue]

        /// The engine's type for it: two are widened.
        var elementType: ElementType? {
            [
                "f32": .float32, "f64": .float64, "f16": .float16, "bf16": .float32, "i64": .int64, "i32": .int32, "i16": .int32,
                "i8": .int8, "u8": .uint8, "bool": .bool,
            ][dtype]
        }
    }

    var result: String
    var note: String
    var tensors: [String: ExpectedTensor]

    static func all() throws -> [String: ExpectedFile] {
        try JSONDecoder().decode([String: ExpectedFile].self, from: Data(contentsOf: Shared.fixture("checkpoints/expected.json")))
    }
}

/// A number of expected.json; integers beyond 2^53 must survive.
enum ExpectedValue: Decodable, Equatable {
    case integer(Int64)
    case real(Double)

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let value = try? container.decode(Bool.self) {
            self = .integer(value ? 1 : 0)
        } else if let value = try? container.decode(Int64.self) {
            self = .integer(value)
        } else if let value = try? container.decode(Double.self) {
            self = .real(value)
        } else {
            self = .real(["inf": .infinity, "-inf": -.infinity][try container.decode(String.self)] ?? .nan)
        }
    }

    var asDouble: Double {
        switch self {
        case .integer(let value): Double(value)
        case .real(let value): value
        }
    }
}

extension Tensor {
    /// The elements as expected.json writes them.
    var expectedValues: [ExpectedValue] {
        func integers<Value: FixedWidthInteger & BitwiseCopyable>(_ type: Value.Type) -> [ExpectedValue] {
            withElements(as: type) { $0.map { .integer(Int64($0)) } }
        }
        return switch elementType {
        case .float32: withElements(as: Float.self) { $0.map { .real(Double($0)) } }
        case .float64: withElements(as: Double.self) { $0.map { .real($0) } }
        case .float16: withElements(as: UInt16.self) { $0.map { .real(halfToDouble($0)) } }
        case .int64: integers(Int64.self)
        case .int32: integers(Int32.self)
        case .int8: integers(Int8.self)
        case .uint8, .bool: integers(UInt8.self)
        }
    }
}

/// IEEE half precision by its definition.
private func halfToDouble(_ bits: UInt16) -> Double {
    let sign = bits >> 15 == 0 ? 1.0 : -1.0
    let (exponent, fraction) = (Int(bits >> 10 & 31), Double(bits & 1023))
    switch exponent {
    case 0: return sign * fraction * 0x1p-24
    case 31: return fraction == 0 ? sign * .infinity : .nan
    default: return sign * (1 + fraction / 1024) * Double(sign: .plus, exponent: exponent - 15, significand: 1)
    }
}
