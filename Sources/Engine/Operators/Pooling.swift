import CKernels
import Diagnostics

/// The largest (or mean) value of a window that slides over [N, C, H, W] or [N, C, W].
public struct Pool: Operator {
    public enum Function: Sendable, Equatable {
        /// Out of the picture lies nothing (minus infinity).
        case max
        /// Divides by the number of pixels inside the picture or, with `countsPadding`, inside the padded picture.
        case average(countsPadding: Bool)
    }

    public var function: Function
    public var kernel: [Int]
    public var window: SlidingWindow

    public init(_ function: Function, kernel: [Int], window: SlidingWindow = SlidingWindow()) {
        self.function = function
        self.kernel = kernel
        self.window = window
    }

    public init(
        _ function: Function, kernel: [Int], strides: [Int] = [], padding: [Int] = [], dilations: [Int] = [],
        autoPad: AutoPad = .explicit, ceilMode: Bool = false
    ) {
        self.init(
            function, kernel: kernel,
            window: SlidingWindow(strides: strides, padding: padding, dilations: dilations, autoPad: autoPad, ceilMode: ceilMode))
    }

    public var name: String { function == .max ? "MaxPool" : "AveragePool" }

    public func infer(_ inputs: [ValueInfo?]) throws -> [ValueInfo] {
        let x = try floats(inputs, 0)
        return [ValueInfo(.float32, x.shape.prefix(2) + (try resolve(x.shape).output))]
    }

    func resolve(_ shape: [Int]) throws -> ResolvedWindow {
        guard shape.count >= 3 else { throw misfit("an input \(Shape.text(shape)) has no picture") }
        return try window.resolve(input: Array(shape.dropFirst(2)), kernel: kernel, for: self)
    }

    public func compute(_ inputs: [TensorView?], into outputs: [TensorView], scratch: UnsafeMutableRawBufferPointer) throws {
        let x = try required(inputs, 0)
        try kernel(x.shape).run(inputs, into: outputs, scratch: scratch)
    }

    public func prepare(_ inputs: [ValueInfo?], _ outputs: [ValueInfo]) throws -> any Kernel {
        try kernel(try floats(inputs, 0).shape)
    }

    private func kernel(_ shape: [Int]) throws -> PoolKernel {
        PoolKernel(function: function, planes: shape[0] * shape[1], window: try resolve(shape))
    }
}

struct PoolKernel: Kernel {
    let function: Pool.Function
    let planes: Int
    let window: ResolvedWindow
    var scratchBytes: Int { 0 }

    func run(_ inputs: [TensorView?], into outputs: [TensorView], scratch: UnsafeMutableRawBufferPointer) throws {
        guard let x = inputs[0]?.pointer, outputs[0].count > 0 else { return }
        withUnsafePointer(to: window.plane) { plane in
            switch function {
            case .max: ps_max_pool(outputs[0].pointer, x, planes, plane)
            case .average(let countsPadding):
                ps_average_pool(
                    outputs[0].pointer, x, planes, plane, countsPadding ? 1 : 0, window.padBottom, window.padRight)
            }
        }
    }
}

/// The largest (or mean) value of each plane: [N, C, ...] to [N, C, 1, ...].
public struct GlobalPool: Operator {
    public enum Function: Sendable { case max, average }

    public var function: Function

    public init(_ function: Function) { self.function = function }

    public var name: String { function == .max ? "GlobalMaxPool" : "GlobalAveragePool" }

    public func infer(_ inputs: [ValueInfo?]) throws -> [ValueInfo] {
        let x = try floats(inputs, 0)
        guard x.shape.count >= 2, x.count > 0 else { throw misfit("an input \(Shape.text(x.shape)) has no planes") }
        return [ValueInfo(.float32, x.shape.prefix(2) + Array(repeating: 1, count: x.shape.count - 2))]
    }

    public func compute(_ inputs: [TensorView?], into outputs: [TensorView], scratch: UnsafeMutableRawBufferPointer) throws {
        let x = try required(inputs, 0).floats, results = outputs[0].floats
        guard results.count > 0 else { return }
        let pixels = x.count / results.count
        for plane in 0..<results.count {
            let values = x[plane * pixels..<(plane + 1) * pixels]
            switch function {
            case .average: results[plane] = Float(values.reduce(0.0) { $0 + Double($1) } / Double(pixels))
            case .max:
                var best = -Float.infinity
                for value in values where !(value <= best) { best = value }
                results[plane] = best
            }
        }
    }
}
