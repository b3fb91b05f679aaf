import Engine

/// What a user says about the numbers that networks multiply in.
public enum NetworkPrecision: String, Sendable, CaseIterable {
    /// The fastest that keeps every promise; today that is f32 for every network. The small detectors and pose networks were
    /// checked with their own weights and lose at most 0.0035 AP in bf16 (docs/benchmarks.md), but a job whose parts run on
    /// machines with and without AVX512-BF16 must give the same lines, so bf16 has to be asked for.
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
