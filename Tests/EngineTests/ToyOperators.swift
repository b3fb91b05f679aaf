import Diagnostics
import Engine

/// Element-wise sum of two equal shapes: the simplest layer, to test plans apart from real operators.
struct ToySum: Operator {
    func infer(_ inputs: [ValueInfo?]) throws -> [ValueInfo] {
        let a = try required(inputs, 0), b = try required(inputs, 1)
        guard a.shape == b.shape else { throw misfit("\(a.shape) and \(b.shape) differ") }
        return [ValueInfo(.float32, a.shape)]
    }

    func compute(_ inputs: [TensorView?], into outputs: [TensorView], scratch: UnsafeMutableRawBufferPointer) throws {
        guard let a = inputs[0]?.floats, let b = inputs[1]?.floats else { return }
        for i in 0..<a.count { outputs[0].floats[i] = a[i] + b[i] }
    }
}

/// Another shape for the same elements; -1 takes the rest.
struct ToyReshape: ViewOperator {
    var shape: [Int]
    func infer(_ inputs: [ValueInfo?]) throws -> [ValueInfo] {
        let input = try required(inputs, 0)
        guard Shape.count(shape) == input.count else { throw misfit("\(input.shape) to \(shape)") }
        return [ValueInfo(input.elementType, shape)]
    }
}

/// A tensor of a size that no machine has.
struct ToyHuge: Operator {
    var shape: [Int]
    func infer(_ inputs: [ValueInfo?]) throws -> [ValueInfo] { [ValueInfo(.float32, shape)] }
    func compute(_ inputs: [TensorView?], into outputs: [TensorView], scratch: UnsafeMutableRawBufferPointer) throws {}
}

/// The positive elements.
struct ToyPositives: DataDependentOperator {
    func infer(_ inputs: [ValueInfo?]) throws -> [ValueInfo] { [ValueInfo(.float32, [0])] }
    func computeAny(_ inputs: [TensorView?]) throws -> [Tensor] {
        let kept = (inputs[0]?.floats ?? .init(start: nil, count: 0)).filter { $0 > 0 }
        return [Tensor(kept, shape: [kept.count])]
    }
}

/// Repeats a value as often as its second input says.
struct ToyRepeat: Operator {
    func infer(_ inputs: [ValueInfo?]) throws -> [ValueInfo] {
        guard let count = try required(inputs, 1).constant else { throw DependsOnContent() }
        return [ValueInfo(.float32, [Int(count.integers[0])])]
    }
    func compute(_ inputs: [TensorView?], into outputs: [TensorView], scratch: UnsafeMutableRawBufferPointer) throws {
        outputs[0].floats.update(repeating: inputs[0]?.floats[0] ?? 0)
    }
}
