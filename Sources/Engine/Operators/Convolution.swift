import CKernels
import Diagnostics

/// Convolution of [N, C, H, W] (or [N, C, W]) with weights [O, C / groups, kh, kw] and an optional bias [O].
///
/// Inputs: picture, weights, bias. Out of the picture it reads zeros.
public struct Convolution: Operator {
    /// As the file states it; nil takes the weights' word.
    public var kernel: [Int]?
    public var window: SlidingWindow
    public var groups: Int
    /// Applied to each sum before it is stored.
    public var activation: Activation

    public init(kernel: [Int]? = nil, window: SlidingWindow = SlidingWindow(), groups: Int = 1, activation: Activation = .identity) {
        self.kernel = kernel
        self.window = window
        self.groups = groups
        self.activation = activation
    }

    public init(
        kernel: [Int]? = nil, strides: [Int] = [], padding: [Int] = [], dilations: [Int] = [], groups: Int = 1,
        autoPad: AutoPad = .explicit, activation: Activation = .identity
    ) {
        self.init(
            kernel: kernel, window: SlidingWindow(strides: strides, padding: padding, dilations: dilations, autoPad: autoPad),
            groups: groups, activation: activation)
    }

    public var name: String { "Conv" }

    public func infer(_ inputs: [ValueInfo?]) throws -> [ValueInfo] {
        let (x, weights, window) = try resolve(inputs)
        return [ValueInfo(.float32, [x.shape[0], weights.shape[0]] + window.output)]
    }

    func resolve(_ inputs: [ValueInfo?]) throws -> (x: ValueInfo, weights: ValueInfo, window: ResolvedWindow) {
        let x = try floats(inputs, 0), weights = try floats(inputs, 1)
        guard x.shape.count >= 3, weights.shape.count == x.shape.count else {
            throw misfit("weights \(Shape.text(weights.shape)) for an input \(Shape.text(x.shape))")
        }
        guard groups >= 1, weights.shape[0] % groups == 0, x.shape[1] % groups == 0, x.shape[1] / groups == weights.shape[1] else {
            throw misfit("\(x.shape[1]) channels in \(groups) groups, weights \(Shape.text(weights.shape))")
        }
        let size = Array(weights.shape.dropFirst(2))
        if let kernel, kernel != size { throw misfit("kernel \(kernel) is stated, the weights have \(size)") }
        if optional(inputs, 2) != nil { _ = try perChannel(inputs, 2, channels: weights.shape[0], "bias") }
        return (x, weights, try window.resolve(input: Array(x.shape.dropFirst(2)), kernel: size, for: self))
    }

    public func scratchBytes(_ inputs: [ValueInfo?]) -> Int { (try? kernel(inputs).scratchBytes) ?? 0 }

    public func compute(_ inputs: [TensorView?], into outputs: [TensorView], scratch: UnsafeMutableRawBufferPointer) throws {
        let infos = inputs.map { $0.map { ValueInfo($0.elementType, $0.shape) } }
        try kernel(infos).run(inputs, into: outputs, scratch: scratch)
    }

    public func prepare(_ inputs: [ValueInfo?], _ outputs: [ValueInfo]) throws -> any Kernel { try kernel(inputs) }

    private func kernel(_ inputs: [ValueInfo?]) throws -> ConvolutionKernel {
        let (x, weights, window) = try resolve(inputs)
        return ConvolutionKernel(
            batch: x.shape[0], inputs: x.shape[1], outputs: weights.shape[0], groups: groups, window: window.plane,
            isPadded: window.plane.pad_top + window.plane.pad_left + window.padBottom + window.padRight > 0,
            activation: activation.kernel)
    }
}

/// Convolution as a matrix product over columns of pixels (im2col), or plane by plane where each group has one channel.
struct ConvolutionKernel: Kernel {
    private enum Algorithm {
        /// No pixel comes out.
        case nothing
        /// 1x1: the picture is the matrix already.
        case pointwise
        case depthwise
        /// The window's pixels are laid out as columns, so many at a time that they stay in the cache.
        case columns(block: Int)
    }

    private let batch, inputs, outputs, groups: Int
    private let window: ps_window
    private let activation: ps_activation
    private let algorithm: Algorithm
    let scratchBytes: Int

    init(batch: Int, inputs: Int, outputs: Int, groups: Int, window: ps_window, isPadded: Bool, activation: ps_activation) {
        self.batch = batch
        self.inputs = inputs
        self.outputs = outputs
        self.groups = groups
        self.window = window
        self.activation = activation
        let taps = window.kernel_h * window.kernel_w
        let depth = saturatingProduct(inputs / groups, taps)
        if window.out_h == 0 || window.out_w == 0 {
            algorithm = .nothing
            scratchBytes = 0
        } else if taps == 1, window.stride_x == 1, window.stride_y == 1, !isPadded {
            algorithm = .pointwise
            scratchBytes = 0
        } else if inputs == groups {
            algorithm = .depthwise
            let height = (window.out_h - 1) * window.stride_y + (window.kernel_h - 1) * window.dilation_y + 1
            let width = (window.out_w - 1) * window.stride_x + (window.kernel_w - 1) * window.dilation_x + 1
            scratchBytes = saturatingProduct(height, width, 4)
        } else {
            let block = min(window.out_h * window.out_w, columnsAtATime(depth: depth))
            algorithm = .columns(block: block)
            scratchBytes = saturatingProduct(depth, block, 4)
        }
    }

    func run(_ views: [TensorView?], into results: [TensorView], scratch: UnsafeMutableRawBufferPointer) throws {
        guard let x = views[0]?.pointer, let weights = views[1]?.pointer else { return }
        if case .nothing = algorithm { return }
        let bias = views.count > 2 ? views[2]?.pointer : nil
        let output = results[0].pointer
        let inPixels = window.in_h * window.in_w, outPixels = window.out_h * window.out_w
        for image in 0..<batch {
            let source = x + image * inputs * inPixels, target = output + image * outputs * outPixels
            if case .depthwise = algorithm {
                depthwise(source, weights, bias, target, scratch)
            } else {
                for group in 0..<groups { multiply(group, source, weights, target, scratch) }
                ps_scale_shift_activate(target, outputs, outPixels, nil, bias, activation)
            }
        }
    }

    private func depthwise(
        _ source: UnsafePointer<Float>, _ weights: UnsafePointer<Float>, _ bias: UnsafePointer<Float>?,
        _ target: UnsafeMutablePointer<Float>, _ scratch: UnsafeMutableRawBufferPointer
    ) {
        guard let padded = scratch.baseAddress?.assumingMemoryBound(to: Float.self) else { return }
        let multiplier = outputs / inputs, taps = window.kernel_h * window.kernel_w
        withUnsafePointer(to: window) { window in
            for channel in 0..<outputs {
                ps_depthwise(
                    target + channel * Int(window.pointee.out_h * window.pointee.out_w),
                    source + channel / multiplier * Int(window.pointee.in_h * window.pointee.in_w), weights + channel * taps,
                    bias?[channel] ?? 0, window, activation, padded)
            }
        }
    }

    private func multiply(
        _ group: Int, _ source: UnsafePointer<Float>, _ weights: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>,
        _ scratch: UnsafeMutableRawBufferPointer
    ) {
        let channels = inputs / groups, rows = outputs / groups
        let depth = channels * window.kernel_h * window.kernel_w
        let inPixels = window.in_h * window.in_w, outPixels = window.out_h * window.out_w
        let planes = source + group * channels * inPixels
        let a = weights + group * rows * depth, c = target + group * rows * outPixels
        switch algorithm {
        case .pointwise:
            MatrixMultiply.run(m: rows, n: outPixels, k: depth, a: a, aStep: depth, b: planes, bStep: outPixels, c: c, cStep: outPixels)
        case .columns(let block):
            guard let columns = scratch.baseAddress?.assumingMemoryBound(to: Float.self) else { return }
            withUnsafePointer(to: window) { window in
                for first in stride(from: 0, to: outPixels, by: block) {
                    let count = min(block, outPixels - first)
                    ps_im2col(columns, planes, channels, window, first, count)
                    MatrixMultiply.run(
                        m: rows, n: count, k: depth, a: a, aStep: depth, b: columns, bStep: count, c: c + first, cStep: outPixels)
                }
            }
        case .depthwise, .nothing:
            break
        }
    }
}

/// How many columns of this depth are made at a time: about half a megabyte, but enough that weights are not read too often.
func columnsAtATime(depth: Int) -> Int { max(256, 131_072 / max(depth, 1) / 16 * 16) }
