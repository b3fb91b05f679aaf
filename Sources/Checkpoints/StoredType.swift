import Engine

/// The element types that weight files store and we read.
enum StoredType {
    case float64, float32, float16, bfloat16, int64, int32, int16, int8, uint8, bool

    var byteCount: Int {
        switch self {
        case .float64, .int64: 8
        case .float32, .int32: 4
        case .float16, .bfloat16, .int16: 2
        case .int8, .uint8, .bool: 1
        }
    }

    /// What the elements become: the two types that the engine does not know are widened.
    var elementType: ElementType {
        switch self {
        case .float64: .float64
        case .float32, .bfloat16: .float32
        case .float16: .float16
        case .int64: .int64
        case .int32, .int16: .int32
        case .int8: .int8
        case .uint8: .uint8
        case .bool: .bool
        }
    }

    var isWidened: Bool { elementType.byteCount != byteCount }

    init?(safetensors name: String) {
        switch name {
        case "F64": self = .float64
        case "F32": self = .float32
        case "F16": self = .float16
        case "BF16": self = .bfloat16
        case "I64": self = .int64
        case "I32": self = .int32
        case "I16": self = .int16
        case "I8": self = .int8
        case "U8": self = .uint8
        case "BOOL": self = .bool
        default: return nil
        }
    }

    /// `name` is what stands before "Storage" in a class of torch: "Float", "BFloat16".
    init?(torchStorage name: some StringProtocol) {
        switch name {
        case "Double": self = .float64
        case "Float": self = .float32
        case "Half": self = .float16
        case "BFloat16": self = .bfloat16
        case "Long": self = .int64
        case "Int": self = .int32
        case "Short": self = .int16
        case "Char": self = .int8
        case "Byte": self = .uint8
        case "Bool": self = .bool
        default: return nil
        }
    }

    /// `name` is a dtype of torch without its module: "float32".
    init?(torchDtype name: some StringProtocol) {
        switch name {
        case "float64", "double": self = .float64
        case "float32", "float": self = .float32
        case "float16", "half": self = .float16
        case "bfloat16": self = .bfloat16
        case "int64", "long": self = .int64
        case "int32", "int": self = .int32
        case "int16", "short": self = .int16
        case "int8": self = .int8
        case "uint8": self = .uint8
        case "bool": self = .bool
        default: return nil
        }
    }
}
