import CKernels
import Diagnostics

/// How a layer finds its padding.
public enum AutoPad: Sendable, Equatable {
    /// As given.
    case explicit
    /// So that the output has ceil(input / stride) pixels; the odd one at the end (upper) or at the beginning (lower).
    case sameUpper, sameLower
    /// None.
    case valid
}

/// How a kernel slides over one or two axes, in ONNX's terms. Empty lists mean: stride 1, no padding, dilation 1.
public struct SlidingWindow: Sendable, Equatable {
    public var strides: [Int]
    /// Pixels at the beginning of each axis, then at the end of each: [top, left, bottom, right].
    public var padding: [Int]
    public var dilations: [Int]
    public var autoPad: AutoPad
    /// Rounds the output size up instead of down (pooling).
    public var ceilMode: Bool

    public init(
        strides: [Int] = [], padding: [Int] = [], dilations: [Int] = [], autoPad: AutoPad = .explicit, ceilMode: Bool = false
    ) {
        self.strides = strides
        self.padding = padding
        self.dilations = dilations
        self.autoPad = autoPad
        self.ceilMode = ceilMode
    }

    /// The same on both axes.
    public init(stride: Int, padding: Int = 0, dilation: Int = 1) {
        self.init(strides: [stride, stride], padding: [padding, padding, padding, padding], dilations: [dilation, dilation])
    }
}

/// A window with everything known; one axis is seen as a picture of one row.
struct ResolvedWindow: Sendable {
    var plane: ps_window
    var padBottom: Int
    var padRight: Int
    /// Output size along each axis.
    var output: [Int]
}

// Sizes come from files; within these bounds no sum or product below overflows.
private let largest = Int(Int32.max)

extension SlidingWindow {
    private struct Axis {
        var input, output, kernel, stride, dilation, begin, end: Int
    }

    /// The attributes for each of `count` axes, checked to be sensible.
    private func axes(_ input: [Int], _ kernel: [Int], _ op: any Operator) throws -> [Axis] {
        let count = input.count
        guard count == 1 || count == 2 else { throw op.misfit("\(count) spatial axes; 1 and 2 are supported") }
        guard kernel.count == count else { throw op.misfit("its kernel has \(kernel.count) axes, the input \(count)") }
        func check(_ values: [Int], _ name: String, count: Int, from least: Int, else missing: Int) throws -> [Int] {
            if values.isEmpty { return Array(repeating: missing, count: count) }
            guard values.count == count else { throw op.misfit("\(values.count) \(name) for \(count / (least == 0 ? 2 : 1)) axes") }
            guard values.allSatisfy({ $0 >= least && $0 <= largest }) else { throw op.misfit("\(name) \(values) are out of range") }
            return values
        }
        guard kernel.allSatisfy({ $0 >= 1 && $0 <= largest }) else { throw op.misfit("kernel \(kernel) is out of range") }
        let strides = try check(self.strides, "strides", count: count, from: 1, else: 1)
        let dilations = try check(self.dilations, "dilations", count: count, from: 1, else: 1)
        let explicit = autoPad == .explicit ? self.padding : []
        let padding = try check(explicit, "paddings", count: 2 * count, from: 0, else: 0)
        return (0..<count).map {
            Axis(
                input: input[$0], output: 0, kernel: kernel[$0], stride: strides[$0], dilation: dilations[$0],
                begin: padding[$0], end: padding[count + $0])
        }
    }

    private func resolved(_ axes: [Axis]) -> ResolvedWindow {
        let x = axes[axes.count - 1]
        let y = axes.count == 2 ? axes[0] : Axis(input: 1, output: 1, kernel: 1, stride: 1, dilation: 1, begin: 0, end: 0)
        return ResolvedWindow(
            plane: ps_window(
                in_h: y.input, in_w: x.input, out_h: y.output, out_w: x.output, kernel_h: y.kernel, kernel_w: x.kernel,
                stride_y: y.stride, stride_x: x.stride, dilation_y: y.dilation, dilation_x: x.dilation, pad_top: y.begin,
                pad_left: x.begin),
            padBottom: y.end, padRight: x.end, output: axes.map(\.output))
    }

    /// For convolution and pooling: the output's size and the padding.
    func resolve(input: [Int], kernel: [Int], for op: any Operator) throws -> ResolvedWindow {
        var axes = try axes(input, kernel, op)
        for i in axes.indices {
            let a = axes[i]
            let reach = (a.kernel - 1) * a.dilation + 1
            if autoPad == .sameUpper || autoPad == .sameLower {
                axes[i].output = (a.input + a.stride - 1) / a.stride
                let total = max(0, (axes[i].output - 1) * a.stride + reach - a.input)
                axes[i].begin = autoPad == .sameUpper ? total / 2 : total - total / 2
                axes[i].end = total - axes[i].begin
                continue
            }
            let span = a.input + a.begin + a.end - reach
            guard span >= 0 else {
                throw op.misfit("a kernel that spans \(reach) does not fit into \(a.input) pixels padded by \(a.begin) and \(a.end)")
            }
            axes[i].output = span / a.stride + 1
            // The last window must begin inside the picture or its leading padding.
            if ceilMode, span % a.stride != 0, axes[i].output * a.stride < a.input + a.begin { axes[i].output += 1 }
        }
        return resolved(axes)
    }

    /// For transposed convolution: a window from the large output (its "input" here) to the small input.
    func resolveTransposed(
        input: [Int], kernel: [Int], outputPadding: [Int], outputShape: [Int], for op: any Operator
    ) throws -> (window: ResolvedWindow, output: [Int]) {
        var axes = try axes(input, kernel, op)
        let extra = outputPadding.isEmpty ? Array(repeating: 0, count: axes.count) : outputPadding
        guard extra.count == axes.count, extra.allSatisfy({ $0 >= 0 && $0 <= largest }) else {
            throw op.misfit("output padding \(outputPadding) is out of range")
        }
        // Some files give the whole shape, with batch and channels.
        let wanted = outputShape.count == axes.count + 2 ? Array(outputShape.dropFirst(2)) : outputShape
        guard wanted.isEmpty || (wanted.count == axes.count && wanted.allSatisfy { $0 >= 1 && $0 <= largest }) else {
            throw op.misfit("output shape \(outputShape) is out of range")
        }
        for i in axes.indices {
            let a = axes[i]
            guard a.input >= 1 else { throw op.misfit("an empty picture") }
            let full = (a.input - 1) * a.stride + (a.kernel - 1) * a.dilation + 1 + extra[i]
            let isSame = autoPad == .sameUpper || autoPad == .sameLower
            var output = full - a.begin - a.end
            if !wanted.isEmpty || isSame {
                output = wanted.isEmpty ? a.input * a.stride : wanted[i]
                let total = max(0, full - output)
                axes[i].begin = autoPad == .sameUpper ? total / 2 : total - total / 2
                axes[i].end = total - axes[i].begin
            }
            guard output >= 1 else { throw op.misfit("padding leaves nothing of \(full) pixels") }
            axes[i].output = a.input
            axes[i].input = output
        }
        return (resolved(axes), axes.map(\.input))
    }
}
