import Engine

/// What a user says about the numbers that networks multiply in.
public enum NetworkPrecision: String, Sendable, CaseIterable {
    /// The fastest whose accuracy was checked with the very weights; today that is f32 for every network.
    case automatic = "auto"
    case float32 = "f32"
    /// Twice as fast on processors with AVX512-BF16, elsewhere f32.
    case bfloat16 = "bf16"

    var resolved: Precision {
        switch self {
        case .automatic, .float32: .float32
        case .bfloat16: .bfloat16
        }
    }
}
