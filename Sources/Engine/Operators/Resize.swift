import CKernels
import Diagnostics

/// Changes the size of pictures by sampling: x, region (unused), scales, sizes.
///
/// The output's size is given by the operator, or by constant inputs 2 (one scale an axis) or 3 (one size an axis); it is
/// floor(size * scale). Conventions: ONNX Resize, operator sets 10 to 19.
public struct Resize: Operator {
    public enum Mode: Sendable, Equatable {
        case nearest(Rounding)
        case linear
        /// Four taps; `coefficient` is a of the cubic convolution: -0.75 as OpenCV and PyTorch, -0.5 as TensorFlow.
        case cubic(coefficient: Float)
    }

    /// Which neighbour is nearest; the first two differ where two are equally near.
    public enum Rounding: Sendable, Equatable {
        case preferFloor, preferCeil, floor, ceil
    }

    /// Where output pixel x lies in the input, with s = output size / input size.
    public enum Coordinates: Sendable, Equatable {
        /// (x + 1/2) / s - 1/2: pixels are squares.
        case halfPixel
        /// The same, but 0 where the output has one pixel.
        case pytorchHalfPixel
        /// The same, but centred when the size is not size times scale.
        case halfPixelSymmetric
        /// x (in - 1) / (out - 1): corners stay corners.
        case alignCorners
        /// x / s
        case asymmetric
        /// (x + 1/2) / s
        case tfHalfPixelForNearest
    }

    public enum Target: Sendable, Equatable {
        /// Inputs 2 or 3 say.
        case inputs
        /// One an axis of `axes`.
        case scales([Float])
        case sizes([Int])
    }

    /// How sizes are used that do not keep the picture's shape.
    public enum AspectRatio: Sendable, Equatable {
        case stretch, notLarger, notSmaller
    }

    /// Beyond this, float32 coordinates are no longer whole pixels.
    private static let longest = 1 << 24

    public var mode: Mode
    public var coordinates: Coordinates
    public var target: Target
    /// Axes that scales and sizes are about; nil: all.
    public var axes: [Int]?
    public var aspectRatio: AspectRatio
    /// Taps outside the picture do not count; else the border is repeated.
    public var excludesOutside: Bool

    public init(
        _ mode: Mode, _ coordinates: Coordinates = .halfPixel, target: Target = .inputs, axes: [Int]? = nil,
        aspectRatio: AspectRatio = .stretch, excludesOutside: Bool = false
    ) {
        self.mode = mode
        self.coordinates = coordinates
        self.target = target
        self.axes = axes
        self.aspectRatio = aspectRatio
        self.excludesOutside = excludesOutside
    }

    /// [N, C, H, W] to the height and width given.
    public static func to(height: Int, width: Int, _ mode: Mode, _ coordinates: Coordinates = .halfPixel) -> Resize {
        Resize(mode, coordinates, target: .sizes([height, width]), axes: [2, 3])
    }

    public func infer(_ inputs: [ValueInfo?]) throws -> [ValueInfo] {
        let x = try required(inputs, 0)
        switch mode {
        case .nearest: break
        case .linear, .cubic: _ = try floats(inputs, 0)
        }
        return [ValueInfo(x.elementType, try resizedAxes(inputs).map(\.output))]
    }

    public func prepare(_ inputs: [ValueInfo?], _ outputs: [ValueInfo]) throws -> any Kernel {
        let x = try required(inputs, 0)
        return try ResizeKernel(try resizedAxes(inputs), self, elementType: x.elementType)
    }

    public func scratchBytes(_ inputs: [ValueInfo?]) -> Int { (try? prepare(inputs, []).scratchBytes) ?? 0 }

    public func compute(_ inputs: [TensorView?], into outputs: [TensorView], scratch: UnsafeMutableRawBufferPointer) throws {
        let infos = inputs.map { view in
            view.map { view in
                let content = Tensor(shape: view.shape, elementType: view.elementType)
                TensorView(content).bytes.copyMemory(from: view.bytes, byteCount: content.byteCount)
                return ValueInfo(content)
            }
        }
        let kernel = try prepare(infos, [])
        try kernel.run(inputs, into: outputs, scratch: scratch)
    }

    /// Size and scale of each axis of the input.
    func resizedAxes(_ inputs: [ValueInfo?]) throws -> [ResizeAxis] {
        let x = try required(inputs, 0)
        guard x.count > 0 else { throw misfit("an empty input") }
        let chosen = try (axes ?? Array(x.shape.indices)).map { try checkedAxis($0, rank: x.shape.count) }
        guard Set(chosen).count == chosen.count else { throw misfit("axes \(chosen) repeat") }
        var result = x.shape.map { ResizeAxis(input: $0, output: $0, scale: 1) }
        switch try wanted(inputs) {
        case .inputs: throw misfit("neither scales nor sizes are given")
        case .scales(let scales):
            guard scales.count == chosen.count else { throw misfit("\(scales.count) scales for \(chosen.count) axes") }
            for (axis, scale) in zip(chosen, scales) {
                guard scale.isFinite, scale > 0 else { throw misfit("scale \(scale)") }
                let size = (Float(result[axis].input) * scale).rounded(.down)
                guard size >= 1, size <= Float(Self.longest) else { throw misfit("scale \(scale) of \(result[axis].input) pixels") }
                result[axis].output = Int(size)
                result[axis].scale = Double(scale)
            }
        case .sizes(let sizes):
            guard sizes.count == chosen.count else { throw misfit("\(sizes.count) sizes for \(chosen.count) axes") }
            guard sizes.allSatisfy({ $0 >= 1 && $0 <= Self.longest }) else { throw misfit("sizes \(sizes)") }
            for (axis, size) in zip(chosen, sizes) {
                result[axis].output = size
                result[axis].scale = Double(size) / Double(result[axis].input)
            }
            let scales = chosen.map { result[$0].scale }
            if aspectRatio != .stretch, let scale = aspectRatio == .notLarger ? scales.min() : scales.max() {
                for axis in chosen {
                    let size = (scale * Double(result[axis].input)).rounded(.toNearestOrAwayFromZero)
                    guard size >= 1, size <= Double(Self.longest) else { throw misfit("sizes \(sizes)") }
                    result[axis].output = Int(size)
                    result[axis].scale = scale
                }
            }
        }
        return result
    }

    /// Scales or sizes, wherever they are given.
    private func wanted(_ inputs: [ValueInfo?]) throws -> Target {
        guard target == .inputs else { return target }
        if let sizes = optional(inputs, 3), sizes.count > 0 {
            guard sizes.elementType == .int64 else { throw misfit("sizes are \(sizes.elementType)") }
            guard let content = sizes.constant else { throw DependsOnContent() }
            return .sizes(content.integers.map { Int($0) })
        }
        if let scales = optional(inputs, 2), scales.count > 0 {
            guard scales.elementType == .float32 else { throw misfit("scales are \(scales.elementType)") }
            guard let content = scales.constant else { throw DependsOnContent() }
            return .scales(content.floats)
        }
        throw misfit("neither scales nor sizes are given")
    }
}
