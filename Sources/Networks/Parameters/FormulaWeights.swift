import Engine

/// Weights from a formula instead of a training: the same numbers everywhere, to compare networks and to measure speed
/// where no weights are at hand. The pictures that come out mean nothing.
///
/// SplitMix64, seeded with the FNV-1a hash of the parameter's name, so each parameter is independent of all others.
public struct FormulaWeights: WeightSource {
    /// How numbers in [0, 1) become weights.
    public enum Scale: Sendable {
        /// 24 random bits; weights within ±sqrt(2.5 / fan-in), biases and means within ±0.1.
        case topDown
        /// 53 random bits; weights within ±sqrt(6 / fan-in) times the gain of the first suffix that the name ends with;
        /// biases within ±0.05, a batch norm's summands and means within ±0.1.
        case bottomUp(gains: [(suffix: String, gain: Double)])
    }

    public let scale: Scale
    public let place = "deterministic weights"
    public let storedNames: [String] = []

    public init(_ scale: Scale = .topDown) { self.scale = scale }

    public func storedName(of name: String) -> String { name }

    public func tensor(_ name: String, shape: [Int], role: ParameterRole) throws -> Tensor? {
        let storage = TensorStorage(byteCount: Shape.byteCount(shape, .float32) ?? 0)
        let target = storage.bytes.assumingMemoryBound(to: Float.self)
        let count = Shape.count(shape) ?? 0
        let seed = RandomStream.seed(name)
        switch scale {
        case .topDown:
            // Names of TensorFlow have slashes; there the last dimension counts the outputs.
            let outputs = (name.contains("/") ? shape.last : shape.first) ?? 1
            let bound = Double(Float((2.5 / Double(count / max(outputs, 1))).squareRoot()))
            switch role {
            case .weight: RandomStream.fill(target, count, seed) { Float(bound * (2 * unit24($0) - 1)) }
            case .normScale, .variance: RandomStream.fill(target, count, seed) { Float(0.5 + unit24($0)) }
            case .bias, .normShift, .mean:
                let bound = Double(Float(0.1))
                RandomStream.fill(target, count, seed) { Float(bound * (2 * unit24($0) - 1)) }
            }
        case .bottomUp(let gains):
            let gain = gains.first { name.hasSuffix($0.suffix) }?.gain ?? 1
            let bound = (6 / Double(count / max(shape.first ?? 1, 1))).squareRoot()
            switch role {
            case .weight: RandomStream.fill(target, count, seed) { Float((2 * unit53($0) - 1) * bound * gain) }
            case .normScale, .variance: RandomStream.fill(target, count, seed) { Float(0.5 + unit53($0)) }
            case .bias: RandomStream.fill(target, count, seed) { Float((2 * unit53($0) - 1) * 0.05) }
            case .normShift, .mean: RandomStream.fill(target, count, seed) { Float((2 * unit53($0) - 1) * 0.1) }
            }
        }
        return Tensor(shape: shape, elementType: .float32, storage: storage)
    }
}

/// Numbers in [0, 1) of 24 and of 53 random bits, exact.
@inline(__always) private func unit24(_ bits: UInt64) -> Double { Double(bits >> 40) * 0x1p-24 }
@inline(__always) private func unit53(_ bits: UInt64) -> Double { Double(bits >> 11) * 0x1p-53 }

/// Random numbers by position: the i-th of a stream needs no others before it.
package enum RandomStream {
    /// FNV-1a, 64 bits.
    package static func seed(_ name: String) -> UInt64 {
        name.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }

    /// Number `index` (from 0) of SplitMix64 with this seed.
    @inline(__always) package static func value(_ seed: UInt64, _ index: Int) -> UInt64 {
        var z = seed &+ (UInt64(truncatingIfNeeded: index) &+ 1) &* 0x9E37_79B9_7F4A_7C15
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    @inline(__always) fileprivate static func fill(
        _ target: UnsafeMutableBufferPointer<Float>, _ count: Int, _ seed: UInt64, _ number: (UInt64) -> Float
    ) {
        for i in 0..<count { target[i] = number(value(seed, i)) }
    }
}
