import CKernels
import Diagnostics

/// A function of one number, applied to every element; also what a convolution can end with.
public enum Activation: Sendable, Equatable {
    case identity
    case relu
    /// min(max(x, min), max); relu6 is `clip(0, 6)`.
    case clip(min: Float, max: Float)
    case leakyRelu(slope: Float)
    case elu(alpha: Float)
    case selu(alpha: Float, gamma: Float)
    case sigmoid
    /// clip(alpha x + beta, 0, 1)
    case hardSigmoid(alpha: Float, beta: Float)
    case hardSwish
    case tanh, softplus, softsign, mish
    /// x sigmoid(alpha x); also called swish.
    case silu(alpha: Float)
    /// With the error function, or with its approximation by tanh.
    case gelu(approximate: Bool)
    case erf

    public static let relu6 = Activation.clip(min: 0, max: 6)
    public static let silu = Activation.silu(alpha: 1)
    /// With the constants of the paper and of ONNX.
    public static let selu = Activation.selu(alpha: 1.673_263_2, gamma: 1.050_701)

    var name: String {
        switch self {
        case .identity: "Identity"
        case .relu: "Relu"
        case .clip: "Clip"
        case .leakyRelu: "LeakyRelu"
        case .elu: "Elu"
        case .selu: "Selu"
        case .sigmoid: "Sigmoid"
        case .hardSigmoid: "HardSigmoid"
        case .hardSwish: "HardSwish"
        case .tanh: "Tanh"
        case .softplus: "Softplus"
        case .softsign: "Softsign"
        case .mish: "Mish"
        case .silu: "Swish"
        case .gelu: "Gelu"
        case .erf: "Erf"
        }
    }

    var kernel: ps_activation {
        switch self {
        case .identity: ps_activation(kind: PS_ACT_IDENTITY, a: 0, b: 0)
        case .relu: ps_activation(kind: PS_ACT_RELU, a: 0, b: 0)
        case .clip(let min, let max): ps_activation(kind: PS_ACT_CLIP, a: min, b: max)
        case .leakyRelu(let slope): ps_activation(kind: PS_ACT_LEAKY_RELU, a: slope, b: 0)
        case .elu(let alpha): ps_activation(kind: PS_ACT_ELU, a: alpha, b: 0)
        case .selu(let alpha, let gamma): ps_activation(kind: PS_ACT_SELU, a: alpha, b: gamma)
        case .sigmoid: ps_activation(kind: PS_ACT_SIGMOID, a: 0, b: 0)
        case .hardSigmoid(let alpha, let beta): ps_activation(kind: PS_ACT_HARD_SIGMOID, a: alpha, b: beta)
        case .hardSwish: ps_activation(kind: PS_ACT_HARD_SWISH, a: 0, b: 0)
        case .tanh: ps_activation(kind: PS_ACT_TANH, a: 0, b: 0)
        case .softplus: ps_activation(kind: PS_ACT_SOFTPLUS, a: 0, b: 0)
        case .softsign: ps_activation(kind: PS_ACT_SOFTSIGN, a: 0, b: 0)
        case .mish: ps_activation(kind: PS_ACT_MISH, a: 0, b: 0)
        case .silu(let alpha): ps_activation(kind: PS_ACT_SILU, a: alpha, b: 0)
        case .gelu(let approximate): ps_activation(kind: approximate ? PS_ACT_GELU_TANH : PS_ACT_GELU_ERF, a: 0, b: 0)
        case .erf: ps_activation(kind: PS_ACT_ERF, a: 0, b: 0)
        }
    }
}

/// An activation as a layer of its own: any shape, float32.
public struct Activate: Operator {
    public var function: Activation

    public init(_ function: Activation) { self.function = function }

    public var name: String { function.name }

    public func infer(_ inputs: [ValueInfo?]) throws -> [ValueInfo] {
        let x = try floats(inputs, 0)
        return [ValueInfo(.float32, x.shape)]
    }

    public func compute(_ inputs: [TensorView?], into outputs: [TensorView], scratch: UnsafeMutableRawBufferPointer) throws {
        let x = try required(inputs, 0)
        ps_activate(outputs[0].pointer, x.pointer, x.count, function.kernel)
    }
}

/// min(max(x, low), high) with bounds from inputs 1 and 2, which may be absent: float32, float64 and integers.
///
/// With constant bounds on float32 a pass makes it `Activate(.clip)`.
public struct Clip: Operator {
    public init() {}

    public func infer(_ inputs: [ValueInfo?]) throws -> [ValueInfo] {
        let x = try required(inputs, 0)
        guard x.elementType != .float16, x.elementType != .bool else { throw misfit("type \(x.elementType) is not supported") }
        for index in 1...2 {
            guard let bound = optional(inputs, index) else { continue }
            guard bound.elementType == x.elementType, bound.count == 1 else {
                throw misfit("a bound is \(Shape.text(bound.shape)) \(bound.elementType), not one \(x.elementType)")
            }
        }
        return [ValueInfo(x.elementType, x.shape)]
    }

    public func compute(_ inputs: [TensorView?], into outputs: [TensorView], scratch: UnsafeMutableRawBufferPointer) throws {
        let x = try required(inputs, 0)
        let low = optionalView(inputs, 1), high = optionalView(inputs, 2)
        func clip<Value: Comparable & BitwiseCopyable>(_ type: Value.Type) {
            let source = x.elements(type), target = outputs[0].elements(type)
            let low = low?.elements(type)[0], high = high?.elements(type)[0]
            for i in 0..<source.count {
                var value = source[i]
                if let low, value < low { value = low }
                if let high, value > high { value = high }
                target[i] = value
            }
        }
        switch x.elementType {
        case .float32:
            let clip = ps_activation(
                kind: PS_ACT_CLIP, a: low?.floats[0] ?? -.infinity, b: high?.floats[0] ?? .infinity)
            ps_activate(outputs[0].pointer, x.pointer, x.count, clip)
        case .float64: clip(Double.self)
        case .int64: clip(Int64.self)
        case .int32: clip(Int32.self)
        case .int8: clip(Int8.self)
        case .uint8: clip(UInt8.self)
        case .float16, .bool: throw misfit("type \(x.elementType) is not supported")
        }
    }
}

/// x where x >= 0, slope x elsewhere. The slope is stretched to x's shape; usually one a channel: [C, 1, 1].
public struct PRelu: Operator {
    public init() {}

    public func infer(_ inputs: [ValueInfo?]) throws -> [ValueInfo] {
        let x = try floats(inputs, 0), slope = try floats(inputs, 1)
        guard steps(x.shape, slope.shape) != nil else {
            throw misfit("a slope of \(Shape.text(slope.shape)) cannot be stretched to \(Shape.text(x.shape))")
        }
        return [ValueInfo(.float32, x.shape)]
    }

    /// The slope's step along each axis of x, 0 where it is stretched.
    private func steps(_ x: [Int], _ slope: [Int]) -> [Int]? {
        guard slope.count <= x.count else { return nil }
        var steps = [Int](repeating: 0, count: x.count)
        var step = 1
        for (axis, size) in zip(x.indices.reversed(), slope.reversed()) {
            guard size == 1 || size == x[axis] else { return nil }
            if size != 1 { steps[axis] = step }
            step *= size
        }
        return steps
    }

    public func compute(_ inputs: [TensorView?], into outputs: [TensorView], scratch: UnsafeMutableRawBufferPointer) throws {
        let x = try required(inputs, 0), slope = try required(inputs, 1)
        guard let steps = steps(x.shape, slope.shape), x.count > 0 else { return }
        // The longest tail of axes along which the slope does not change is one run.
        let split = (steps.lastIndex { $0 != 0 } ?? -1) + 1
        let run = x.shape[split...].reduce(1, *)
        let slopes = slope.floats
        for start in stride(from: 0, to: x.count, by: run) {
            var rest = start / run, at = 0
            for axis in (0..<split).reversed() {
                at += rest % x.shape[axis] * steps[axis]
                rest /= x.shape[axis]
            }
            ps_leaky_relu(outputs[0].pointer + start, x.pointer + start, run, slopes[at])
        }
    }
}
