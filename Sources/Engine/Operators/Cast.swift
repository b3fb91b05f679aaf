import Diagnostics

/// Changes the element type. Floats go to integers toward zero (what does not fit becomes the nearest end, NaN becomes 0),
/// anything but 0 is true; float64 and float32 round to the nearest.
public struct Cast: Operator {
    public var target: ElementType
    public init(to target: ElementType) { self.target = target }

    public func infer(_ inputs: [ValueInfo?]) throws -> [ValueInfo] {
        [ValueInfo(target, try required(inputs, 0).shape)]
    }

    public func compute(_ inputs: [TensorView?], into outputs: [TensorView], scratch: UnsafeMutableRawBufferPointer) throws {
        let (input, output) = (try required(inputs, 0), outputs[0])
        if input.elementType == target {
            output.bytes.copyMemory(from: input.bytes, byteCount: input.count * target.byteCount)
            return
        }
        switch input.elementType {
        case .float32: fromFloat(input.floats, into: output)
        case .float64: fromFloat(input.elements(Double.self), into: output)
        case .float16: fromFloat(input.elements(Float16.self), into: output)
        case .int64: fromInteger(input.elements(Int64.self), into: output)
        case .int32: fromInteger(input.elements(Int32.self), into: output)
        case .int8: fromInteger(input.elements(Int8.self), into: output)
        case .uint8, .bool: fromInteger(input.elements(UInt8.self), into: output)
        }
    }

    @inline(__always)
    private func map<S, T>(_ x: UnsafeMutableBufferPointer<S>, _ y: UnsafeMutableBufferPointer<T>, _ function: (S) -> T) {
        for i in x.indices { y[i] = function(x[i]) }
    }

    private func fromFloat<S: BinaryFloatingPoint & BitwiseCopyable>(_ x: UnsafeMutableBufferPointer<S>, into output: TensorView) {
        switch target {
        case .float32: map(x, output.floats) { Float($0) }
        case .float64: map(x, output.elements(Double.self)) { Double($0) }
        case .float16: map(x, output.elements(Float16.self)) { Float16($0) }
        case .int64: map(x, output.elements(Int64.self)) { Int64(saturating: Double($0)) }
        case .int32: map(x, output.elements(Int32.self)) { Int32(saturating: Double($0)) }
        case .int8: map(x, output.elements(Int8.self)) { Int8(saturating: Double($0)) }
        case .uint8: map(x, output.elements(UInt8.self)) { UInt8(saturating: Double($0)) }
        case .bool: map(x, output.elements(UInt8.self)) { $0 != 0 ? 1 : 0 }
        }
    }

    private func fromInteger<S: FixedWidthInteger & BitwiseCopyable>(_ x: UnsafeMutableBufferPointer<S>, into output: TensorView) {
        switch target {
        case .float32: map(x, output.floats) { Float($0) }
        case .float64: map(x, output.elements(Double.self)) { Double($0) }
        case .float16: map(x, output.elements(Float16.self)) { Float16($0) }
        case .int64: map(x, output.elements(Int64.self)) { Int64($0) }
        case .int32: map(x, output.elements(Int32.self)) { Int32(truncatingIfNeeded: $0) }
        case .int8: map(x, output.elements(Int8.self)) { Int8(truncatingIfNeeded: $0) }
        case .uint8: map(x, output.elements(UInt8.self)) { UInt8(truncatingIfNeeded: $0) }
        case .bool: map(x, output.elements(UInt8.self)) { $0 != 0 ? 1 : 0 }
        }
    }
}
