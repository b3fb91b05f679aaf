import CKernels
import Diagnostics
import Foundation

/// Arithmetic of two tensors, broadcast as numpy does. Inputs have one type; for `pow` the exponent may have another.
///
/// Integers wrap, and divide toward zero.
public struct Arithmetic: Operator {
    public enum Function: String, Sendable, CaseIterable {
        case add = "Add", subtract = "Sub", multiply = "Mul", divide = "Div", power = "Pow"
        /// Remainder with the sign of the divisor (Python's %).
        case modulo = "Mod"
        /// Remainder with the sign of the dividend (C's fmod).
        case remainder = "Mod (fmod)"
    }

    public var function: Function
    public init(_ function: Function) { self.function = function }
    public var name: String { function == .remainder ? "Mod" : function.rawValue }

    public func infer(_ inputs: [ValueInfo?]) throws -> [ValueInfo] {
        let (a, b) = (try required(inputs, 0), try required(inputs, 1))
        try requireType(a, among: ElementType.numbers)
        try requireType(b, among: ElementType.numbers)
        guard a.elementType == b.elementType || function == .power else {
            throw misfit("types \(a.elementType.rawValue) and \(b.elementType.rawValue) differ")
        }
        if function == .modulo, a.elementType == .float32 || a.elementType == .float64 {
            throw misfit("the remainder of floats needs fmod = 1")
        }
        return [ValueInfo(a.elementType, try broadcastShape([a.shape, b.shape]))]
    }

    public func compute(_ inputs: [TensorView?], into outputs: [TensorView], scratch: UnsafeMutableRawBufferPointer) throws {
        let (a, b, result) = (try required(inputs, 0), try required(inputs, 1), outputs[0])
        let broadcast = Broadcast(output: result.shape, inputs: [a.shape, b.shape])
        switch a.elementType {
        case .float32:
            if let kernel {
                runKernel(kernel, a.floats, b.floats, into: result.floats, broadcast)
            } else if function == .power {
                power(a.floats, b, into: result.floats, broadcast) { Float(Foundation.pow(Double($0), $1)) }
            } else {
                broadcast.map(a.floats, b.floats, into: result.floats) { fmodf($0, $1) }
            }
        case .float64: floating(a.elements(Double.self), b, into: result.elements(Double.self), broadcast)
        case .int32: try integral(a.elements(Int32.self), b, into: result.elements(Int32.self), broadcast)
        case .int64: try integral(a.elements(Int64.self), b, into: result.elements(Int64.self), broadcast)
        default: throw misfit("type \(a.elementType.rawValue)")
        }
    }

    var kernel: ps_arithmetic? {
        switch function {
        case .add: PS_ADD
        case .subtract: PS_SUB
        case .multiply: PS_MUL
        case .divide: PS_DIV
        case .power, .modulo, .remainder: nil
        }
    }

    private func floating(
        _ a: UnsafeMutableBufferPointer<Double>, _ b: TensorView, into result: UnsafeMutableBufferPointer<Double>, _ broadcast: Broadcast
    ) {
        if function == .power { return power(a, b, into: result, broadcast) { Foundation.pow($0, $1) } }
        let b = b.elements(Double.self)
        switch function {
        case .add: broadcast.map(a, b, into: result) { $0 + $1 }
        case .subtract: broadcast.map(a, b, into: result) { $0 - $1 }
        case .multiply: broadcast.map(a, b, into: result) { $0 * $1 }
        case .divide: broadcast.map(a, b, into: result) { $0 / $1 }
        case .power, .modulo, .remainder: broadcast.map(a, b, into: result) { fmod($0, $1) }
        }
    }

    private func integral<T: FixedWidthInteger & BitwiseCopyable>(
        _ a: UnsafeMutableBufferPointer<T>, _ b: TensorView, into result: UnsafeMutableBufferPointer<T>, _ broadcast: Broadcast
    ) throws {
        if function == .power {
            return power(a, b, into: result, broadcast) { T(saturating: Foundation.pow(Double($0), Double($1))) }
        }
        let b = b.elements(T.self)
        switch function {
        case .add: broadcast.map(a, b, into: result) { $0 &+ $1 }
        case .subtract: broadcast.map(a, b, into: result) { $0 &- $1 }
        case .multiply: broadcast.map(a, b, into: result) { $0 &* $1 }
        case .divide, .modulo, .remainder, .power:
            guard !b.contains(0) else { throw misfit("division of integers by zero") }
            switch function {
            case .divide: broadcast.map(a, b, into: result) { $0.dividedReportingOverflow(by: $1).partialValue }
            case .remainder: broadcast.map(a, b, into: result) { $0.remainderReportingOverflow(dividingBy: $1).partialValue }
            default:
                broadcast.map(a, b, into: result) { x, y in
                    let rest = x.remainderReportingOverflow(dividingBy: y).partialValue
                    return rest != 0 && (rest < 0) != (y < 0) ? rest &+ y : rest
                }
            }
        }
    }

    /// Powers; the exponent is brought to the type of the base, or to Double where the base is an integer.
    private func power<T: BitwiseCopyable>(
        _ a: UnsafeMutableBufferPointer<T>, _ b: TensorView, into result: UnsafeMutableBufferPointer<T>, _ broadcast: Broadcast,
        _ function: (T, Double) -> T
    ) {
        switch b.elementType {
        case .float32: broadcast.map(a, b.floats, into: result) { function($0, Double($1)) }
        case .float64: broadcast.map(a, b.elements(Double.self), into: result) { function($0, $1) }
        case .int32: broadcast.map(a, b.elements(Int32.self), into: result) { function($0, Double($1)) }
        default: broadcast.map(a, b.elements(Int64.self), into: result) { function($0, Double($1)) }
        }
    }
}

/// One result of any number of tensors, broadcast as numpy does.
public struct VariadicArithmetic: Operator {
    public enum Function: String, Sendable, CaseIterable {
        case sum = "Sum", mean = "Mean", minimum = "Min", maximum = "Max"
    }

    public var function: Function
    public init(_ function: Function) { self.function = function }
    public var name: String { function.rawValue }

    public func infer(_ inputs: [ValueInfo?]) throws -> [ValueInfo] {
        let first = try required(inputs, 0)
        try requireType(first, among: ElementType.numbers)
        let shapes = try inputs.indices.map { index in
            let info = try required(inputs, index)
            guard info.elementType == first.elementType else {
                throw misfit("types \(first.elementType.rawValue) and \(info.elementType.rawValue) differ")
            }
            return info.shape
        }
        if function == .mean { try requireType(first, among: [.float32, .float64]) }
        return [ValueInfo(first.elementType, try broadcastShape(shapes))]
    }

    public func compute(_ inputs: [TensorView?], into outputs: [TensorView], scratch: UnsafeMutableRawBufferPointer) throws {
        let views = try inputs.indices.map { try required(inputs, $0) }
        switch outputs[0].elementType {
        case .float32: fold(views, into: outputs[0], Float.self) { runKernel(kernel, $0, $1, into: $2, $3) }
        case .float64: fold(views, into: outputs[0], Double.self) { combine($0, $1, into: $2, $3) { $0 + $1 } }
        case .int32: fold(views, into: outputs[0], Int32.self) { combine($0, $1, into: $2, $3) { $0 &+ $1 } }
        case .int64: fold(views, into: outputs[0], Int64.self) { combine($0, $1, into: $2, $3) { $0 &+ $1 } }
        default: throw misfit("type \(outputs[0].elementType.rawValue)")
        }
        guard function == .mean else { return }
        if outputs[0].elementType == .float32 {
            let result = outputs[0].floats
            for i in result.indices { result[i] /= Float(views.count) }
        } else {
            let result = outputs[0].elements(Double.self)
            for i in result.indices { result[i] /= Double(views.count) }
        }
    }

    var kernel: ps_arithmetic {
        switch function {
        case .sum, .mean: PS_ADD
        case .minimum: PS_MIN
        case .maximum: PS_MAX
        }
    }

    private typealias Pointer<T> = UnsafeMutableBufferPointer<T>

    /// Stretches the first input over the output, then works each further one in.
    private func fold<T: BitwiseCopyable>(
        _ views: [TensorView], into output: TensorView, _ type: T.Type, _ step: (Pointer<T>, Pointer<T>, Pointer<T>, Broadcast) -> Void
    ) {
        let result = output.elements(T.self)
        let first = views[0].elements(T.self)
        let stretch = Broadcast(output: output.shape, inputs: [views[0].shape])
        let (length, along) = (stretch.runLength, stretch.runSteps[0])
        stretch.forEachRun { to, from in
            for i in 0..<length { result[to + i] = first[from[0] + i * along] }
        }
        for view in views.dropFirst() {
            step(result, view.elements(T.self), result, Broadcast(output: output.shape, inputs: [output.shape, view.shape]))
        }
    }

    private func combine<T: BitwiseCopyable & Comparable>(
        _ a: Pointer<T>, _ b: Pointer<T>, into result: Pointer<T>, _ broadcast: Broadcast, _ sum: (T, T) -> T
    ) {
        switch function {
        case .sum, .mean: broadcast.map(a, b, into: result, sum)
        case .minimum: broadcast.map(a, b, into: result) { $0 < $1 || $0 != $0 ? $0 : $1 }
        case .maximum: broadcast.map(a, b, into: result) { $0 > $1 || $0 != $0 ? $0 : $1 }
        }
    }
}

private func runKernel(
    _ kernel: ps_arithmetic, _ a: UnsafeMutableBufferPointer<Float>, _ b: UnsafeMutableBufferPointer<Float>,
    into result: UnsafeMutableBufferPointer<Float>, _ broadcast: Broadcast
) {
    guard let to = result.baseAddress, let left = a.baseAddress, let right = b.baseAddress else { return }
    let (stepA, stepB, length) = (broadcast.runSteps[0], broadcast.runSteps[1], broadcast.runLength)
    broadcast.forEachRun { output, offsets in
        ps_arithmetic_f32(kernel, to + output, left + offsets[0], stepA, right + offsets[1], stepB, length)
    }
}

extension FixedWidthInteger {
    /// Toward zero; what does not fit becomes the nearest end, NaN becomes 0.
    init(saturating value: Double) {
        if value.isNaN {
            self = 0
        } else if value >= Double(Self.max) {
            self = .max
        } else if value <= Double(Self.min) {
            self = .min
        } else {
            self = Self(value)
        }
    }
}
