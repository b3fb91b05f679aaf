import CKernels
import Diagnostics

/// e^x / sum(e^x) along an axis, or its logarithm.
public struct Softmax: Operator {
    public var axis: Int
    /// Up to opset 12 of ONNX: over all axes from `axis` on together.
    public var flattens: Bool
    public var logarithm: Bool

    public init(axis: Int = -1, flattens: Bool = false, logarithm: Bool = false) {
        self.axis = axis
        self.flattens = flattens
        self.logarithm = logarithm
    }

    public var name: String { logarithm ? "LogSoftmax" : "Softmax" }

    public func infer(_ inputs: [ValueInfo?]) throws -> [ValueInfo] {
        let x = try floats(inputs, 0)
        _ = try checkedAxis(axis, rank: x.shape.count)
        return [ValueInfo(.float32, x.shape)]
    }

    public func compute(_ inputs: [TensorView?], into outputs: [TensorView], scratch: UnsafeMutableRawBufferPointer) throws {
        let x = try required(inputs, 0)
        let axis = try checkedAxis(axis, rank: x.shape.count)
        guard x.count > 0 else { return }
        let outer = x.shape[..<axis].reduce(1, *)
        let size = flattens ? x.count / outer : x.shape[axis]
        ps_softmax(outputs[0].pointer, x.pointer, outer, size, x.count / outer / size, logarithm ? 1 : 0)
    }
}
