import Engine

extension Tensor {
    /// The elements as float32: itself when they are, nil when they are integers.
    func asFloat32() -> Tensor? {
        switch elementType {
        case .float32: self
        case .float16: converted { (bits: UInt16) in float(fromHalf: bits) }
        case .float64: converted { (value: Double) in Float(value) }
        case .int64, .int32, .int8, .uint8, .bool: nil
        }
    }

    private func converted<Stored: BitwiseCopyable>(_ convert: (Stored) -> Float) -> Tensor {
        Tensor(withElements(as: Stored.self) { $0.map(convert) }, shape: shape)
    }
}

/// IEEE half precision widened; exact. (Swift's Float16 is missing on some systems.)
private func float(fromHalf bits: UInt16) -> Float {
    let sign = UInt32(bits & 0x8000) << 16
    let exponent = UInt32(bits >> 10 & 0x1F), fraction = UInt32(bits & 0x3FF)
    switch exponent {
    case 0:
        let value = Float(fraction) * 0x1p-24
        return sign == 0 ? value : -value
    case 31: return Float(bitPattern: sign | 0x7F80_0000 | fraction << 13)
    default: return Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
    }
}
