/// In what numbers a network's convolutions multiply. Sums, biases, activations and everything between convolutions are f32.
public enum Precision: String, Sendable, CaseIterable {
    /// Within 1e-4 of the reference, relative to the largest output.
    case float32 = "f32"
    /// Weights and pictures rounded to 8 bits before each product: about twice as fast on a processor with AVX512-BF16, elsewhere
    /// the same as `float32`. Costs up to 1 % of the largest output, on small networks more: check its accuracy first.
    case bfloat16 = "bf16"
}
