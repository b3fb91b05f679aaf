import Diagnostics
import Engine
import Testing

/// Runs an operator with guard bytes around every output and around the scratch memory, and with outputs and scratch full
/// of NaN beforehand, so that a write beside them and a read of what was never written show.
func runGuarded(_ op: any Operator, _ inputs: [Tensor?], location: SourceLocation = #_sourceLocation) throws -> [Tensor] {
    let infos = inputs.map { $0.map { ValueInfo($0) } }
    let outputs = try op.infer(infos)
    let kernel = try op.prepare(infos, outputs)
    let results = outputs.map { GuardedMemory(byteCount: $0.count * $0.elementType.byteCount) }
    let scratch = GuardedMemory(byteCount: kernel.scratchBytes)
    try kernel.run(
        inputs.map { $0.map(view) },
        into: zip(outputs, results).map { TensorView(shape: $0.shape, elementType: $0.elementType, bytes: $1.bytes.baseAddress!) },
        scratch: scratch.bytes)
    withExtendedLifetime(inputs) {}
    for memory in results + [scratch] { #expect(memory.isIntact, "written beside the memory", sourceLocation: location) }
    return zip(outputs, results).map { info, memory in
        let tensor = Tensor(shape: info.shape, elementType: info.elementType)
        tensor.storage.bytes.copyMemory(from: UnsafeRawBufferPointer(memory.bytes))
        return tensor
    }
}

private func view(_ tensor: Tensor) -> TensorView {
    TensorView(
        shape: tensor.shape, elementType: tensor.elementType, bytes: tensor.storage.bytes.baseAddress! + tensor.byteOffset)
}

/// Memory with a pattern before and behind it that must survive; the memory itself begins as float NaN.
final class GuardedMemory {
    private static let guardBytes = 256
    private let all: UnsafeMutableRawBufferPointer
    let bytes: UnsafeMutableRawBufferPointer

    init(byteCount: Int) {
        all = .allocate(byteCount: byteCount + 2 * Self.guardBytes, alignment: 64)
        bytes = UnsafeMutableRawBufferPointer(rebasing: all[Self.guardBytes..<Self.guardBytes + byteCount])
        all.initializeMemory(as: UInt8.self, repeating: 0xA5)
        bytes.initializeMemory(as: UInt8.self, repeating: 0xFF)
    }

    deinit { all.deallocate() }

    var isIntact: Bool {
        all.prefix(Self.guardBytes).allSatisfy { $0 == 0xA5 } && all.suffix(Self.guardBytes).allSatisfy { $0 == 0xA5 }
    }
}

extension Tensor {
    /// Random float32 in -1...1.
    static func random(_ shape: [Int], _ generator: inout SeededGenerator) -> Tensor {
        Tensor(generator.floats(shape.reduce(1, *)), shape: shape)
    }
}

/// The largest difference, relative to the largest expected value (or to 1, if that is larger).
func worstError(_ got: [Float], _ want: [Double]) -> Double {
    guard got.count == want.count else { return .infinity }
    let scale = max(1, want.reduce(0) { max($0, abs($1)) })
    return zip(got, want).reduce(0) { worst, pair in
        let error = abs(Double(pair.0) - pair.1) / scale
        return error.isNaN ? .infinity : max(worst, error)
    }
}
