import CKernels
import Diagnostics

/// Transposed convolution of [N, C, H, W] (or [N, C, W]) with weights [C, O / groups, kh, kw] and an optional bias [O]: each
/// input pixel adds its kernel to the output, `stride` pixels apart; `padding` is cut off.
///
/// Output size along an axis: (in - 1) stride - padding + dilation (kernel - 1) + outputPadding + 1.
public struct ConvolutionTranspose: Operator {
    /// As the file states it; nil takes the weights' word.
    public var kernel: [Int]?
    public var window: SlidingWindow
    public var groups: Int
    /// Pixels added at the end of each axis; empty: none.
    public var outputPadding: [Int]
    /// The size that is wanted, from which the padding follows; empty: not given.
    public var outputShape: [Int]
    public var activation: Activation

    public init(
        kernel: [Int]? = nil, window: SlidingWindow = SlidingWindow(), groups: Int = 1, outputPadding: [Int] = [],
        outputShape: [Int] = [], activation: Activation = .identity
    ) {
        self.kernel = kernel
        self.window = window
        self.groups = groups
        self.outputPadding = outputPadding
        self.outputShape = outputShape
        self.activation = activation
    }

    public init(
        kernel: [Int]? = nil, strides: [Int] = [], padding: [Int] = [], dilations: [Int] = [], groups: Int = 1,
        autoPad: AutoPad = .explicit, outputPadding: [Int] = [], outputShape: [Int] = [], activation: Activation = .identity
    ) {
        self.init(
            kernel: kernel, window: SlidingWindow(strides: strides, padding: padding, dilations: dilations, autoPad: autoPad),
            groups: groups, outputPadding: outputPadding, outputShape: outputShape, activation: activation)
    }

    public var name: String { "ConvTranspose" }

    public func infer(_ inputs: [ValueInfo?]) throws -> [ValueInfo] {
        let (kernel, output) = try resolve(inputs)
        return [ValueInfo(.float32, [kernel.batch, kernel.outputs] + output)]
    }

    func resolve(_ inputs: [ValueInfo?]) throws -> (ConvolutionTransposeKernel, output: [Int]) {
        let x = try floats(inputs, 0), weights = try floats(inputs, 1)
        guard x.shape.count >= 3, weights.shape.count == x.shape.count else {
            throw misfit("weights \(Shape.text(weights.shape)) for an input \(Shape.text(x.shape))")
        }
        guard groups >= 1, x.shape[1] % groups == 0, x.shape[1] == weights.shape[0] else {
            throw misfit("\(x.shape[1]) channels in \(groups) groups, weights \(Shape.text(weights.shape))")
        }
        let outputs = saturatingProduct(weights.shape[1], groups)
        let size = Array(weights.shape.dropFirst(2))
        if let kernel, kernel != size { throw misfit("kernel \(kernel) is stated, the weights have \(size)") }
        if optional(inputs, 2) != nil { _ = try perChannel(inputs, 2, channels: outputs, "bias") }
        let (window, output) = try window.resolveTransposed(
            input: Array(x.shape.dropFirst(2)), kernel: size, outputPadding: outputPadding, outputShape: outputShape, for: self)
        let kernel = ConvolutionTransposeKernel(
            batch: x.shape[0], inputs: x.shape[1], outputs: outputs, groups: groups, window: window.plane,
            activation: activation.kernel)
        return (kernel, output)
    }

    public func scratchBytes(_ inputs: [ValueInfo?]) -> Int { (try? resolve(inputs).0.scratchBytes) ?? 0 }

    public func compute(_ inputs: [TensorView?], into outputs: [TensorView], scratch: UnsafeMutableRawBufferPointer) throws {
        let infos = inputs.map { $0.map { ValueInfo($0.elementType, $0.shape) } }
        try resolve(infos).0.run(inputs, into: outputs, scratch: scratch)
    }

    public func prepare(_ inputs: [ValueInfo?], _ outputs: [ValueInfo]) throws -> any Kernel { try resolve(inputs).0 }
}

/// The matrix product of the weights with the input's pixels, whose columns are added into the output.
struct ConvolutionTransposeKernel: Kernel {
    let batch, inputs, outputs, groups: Int
    /// From the large output to the small input.
    let window: ps_window
    private let activation: ps_activation
    private let block: Int
    let scratchBytes: Int

    init(batch: Int, inputs: Int, outputs: Int, groups: Int, window: ps_window, activation: ps_activation) {
        self.batch = batch
        self.inputs = inputs
        self.outputs = outputs
        self.groups = groups
        self.window = window
        self.activation = activation
        let depth = saturatingProduct(outputs / groups, window.kernel_h * window.kernel_w)
        block = min(window.out_h * window.out_w, columnsAtATime(depth: depth))
        scratchBytes = saturatingProduct(depth, block, 4)
    }

    func run(_ views: [TensorView?], into results: [TensorView], scratch: UnsafeMutableRawBufferPointer) throws {
        guard let x = views[0]?.pointer, let weights = views[1]?.pointer,
            let columns = scratch.baseAddress?.assumingMemoryBound(to: Float.self)
        else { return }
        let bias = views.count > 2 ? views[2]?.pointer : nil
        let large = window.in_h * window.in_w, small = window.out_h * window.out_w
        let channels = inputs / groups, planes = outputs / groups
        let depth = planes * window.kernel_h * window.kernel_w
        for image in 0..<batch {
            let target = results[0].pointer + image * outputs * large
            target.update(repeating: 0, count: outputs * large)
            for group in 0..<groups {
                let source = x + (image * inputs + group * channels) * small
                withUnsafePointer(to: window) { window in
                    for first in stride(from: 0, to: small, by: block) {
                        let count = min(block, small - first)
                        MatrixMultiply.run(
                            m: depth, n: count, k: channels, a: weights + group * channels * depth, aStep: depth, isATransposed: true,
                            b: source + first, bStep: small, c: columns, cStep: count)
                        ps_col2im_add(target + group * planes * large, columns, planes, window, first, count)
                    }
                }
            }
            ps_scale_shift_activate(target, outputs, large, nil, bias, activation)
        }
    }
}
