import Diagnostics
import Foundation

/// A function of each element of a float32 or float64 tensor; `Abs`, `Neg` and `Sign` take integers too.
///
/// Activations of networks (Relu, Sigmoid, …) are not here.
public struct UnaryMath: Operator {
    public enum Function: String, Sendable, CaseIterable {
        case abs = "Abs", negate = "Neg", sign = "Sign"
        case exp = "Exp", log = "Log", sqrt = "Sqrt", reciprocal = "Reciprocal"
        case floor = "Floor", ceil = "Ceil"
        /// Halves go to the even neighbour.
        case round = "Round"
        case sin = "Sin", cos = "Cos", tan = "Tan", asin = "Asin", acos = "Acos", atan = "Atan"
        case sinh = "Sinh", cosh = "Cosh", asinh = "Asinh", acosh = "Acosh", atanh = "Atanh"
    }

    public var function: Function
    public init(_ function: Function) { self.function = function }
    public var name: String { function.rawValue }

    public func infer(_ inputs: [ValueInfo?]) throws -> [ValueInfo] {
        let input = try required(inputs, 0)
        switch function {
        case .abs, .negate, .sign: try requireType(input, among: ElementType.numbers)
        default: try requireType(input, among: [.float32, .float64])
        }
        return [ValueInfo(input.elementType, input.shape)]
    }

    public func compute(_ inputs: [TensorView?], into outputs: [TensorView], scratch: UnsafeMutableRawBufferPointer) throws {
        let input = try required(inputs, 0)
        switch input.elementType {
        case .float32: floats(input.floats, into: outputs[0].floats)
        case .float64: doubles(input.elements(Double.self), into: outputs[0].elements(Double.self))
        case .int32: integers(input.elements(Int32.self), into: outputs[0].elements(Int32.self))
        case .int64: integers(input.elements(Int64.self), into: outputs[0].elements(Int64.self))
        default: throw misfit("type \(input.elementType.rawValue)")
        }
    }

    @inline(__always)
    private func map<T>(
        _ x: UnsafeMutableBufferPointer<T>, _ y: UnsafeMutableBufferPointer<T>, _ function: (T) -> T
    ) {
        for i in x.indices { y[i] = function(x[i]) }
    }

    private func floats(_ x: UnsafeMutableBufferPointer<Float>, into y: UnsafeMutableBufferPointer<Float>) {
        switch function {
        case .abs: map(x, y) { $0.magnitude }
        case .negate: map(x, y) { -$0 }
        case .sign: map(x, y) { $0 > 0 ? 1 : $0 < 0 ? -1 : $0 }
        case .exp: map(x, y) { expf($0) }
        case .log: map(x, y) { logf($0) }
        case .sqrt: map(x, y) { $0.squareRoot() }
        case .reciprocal: map(x, y) { 1 / $0 }
        case .floor: map(x, y) { $0.rounded(.down) }
        case .ceil: map(x, y) { $0.rounded(.up) }
        case .round: map(x, y) { $0.rounded(.toNearestOrEven) }
        case .sin: map(x, y) { sinf($0) }
        case .cos: map(x, y) { cosf($0) }
        case .tan: map(x, y) { tanf($0) }
        case .asin: map(x, y) { asinf($0) }
        case .acos: map(x, y) { acosf($0) }
        case .atan: map(x, y) { atanf($0) }
        case .sinh: map(x, y) { sinhf($0) }
        case .cosh: map(x, y) { coshf($0) }
        case .asinh: map(x, y) { asinhf($0) }
        case .acosh: map(x, y) { acoshf($0) }
        case .atanh: map(x, y) { atanhf($0) }
        }
    }

    private func doubles(_ x: UnsafeMutableBufferPointer<Double>, into y: UnsafeMutableBufferPointer<Double>) {
        switch function {
        case .abs: map(x, y) { $0.magnitude }
        case .negate: map(x, y) { -$0 }
        case .sign: map(x, y) { $0 > 0 ? 1 : $0 < 0 ? -1 : $0 }
        case .exp: map(x, y) { Foundation.exp($0) }
        case .log: map(x, y) { Foundation.log($0) }
        case .sqrt: map(x, y) { $0.squareRoot() }
        case .reciprocal: map(x, y) { 1 / $0 }
        case .floor: map(x, y) { $0.rounded(.down) }
        case .ceil: map(x, y) { $0.rounded(.up) }
        case .round: map(x, y) { $0.rounded(.toNearestOrEven) }
        case .sin: map(x, y) { Foundation.sin($0) }
        case .cos: map(x, y) { Foundation.cos($0) }
        case .tan: map(x, y) { Foundation.tan($0) }
        case .asin: map(x, y) { Foundation.asin($0) }
        case .acos: map(x, y) { Foundation.acos($0) }
        case .atan: map(x, y) { Foundation.atan($0) }
        case .sinh: map(x, y) { Foundation.sinh($0) }
        case .cosh: map(x, y) { Foundation.cosh($0) }
        case .asinh: map(x, y) { Foundation.asinh($0) }
        case .acosh: map(x, y) { Foundation.acosh($0) }
        case .atanh: map(x, y) { Foundation.atanh($0) }
        }
    }

    private func integers<T: FixedWidthInteger & SignedInteger>(
        _ x: UnsafeMutableBufferPointer<T>, into y: UnsafeMutableBufferPointer<T>
    ) {
        switch function {
        case .abs: map(x, y) { $0 < 0 ? 0 &- $0 : $0 }
        case .sign: map(x, y) { $0.signum() }
        default: map(x, y) { 0 &- $0 }
        }
    }
}
