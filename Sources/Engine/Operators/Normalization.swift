import CKernels
import Diagnostics

/// Batch normalisation with stored statistics: (x - mean) / sqrt(variance + epsilon) scale + bias, one of each a channel.
///
/// Inputs: x [N, C, ...], scale [C], bias [C], mean [C], variance [C].
public struct BatchNormalization: Operator {
    public var epsilon: Float

    public init(epsilon: Float = 1e-5) { self.epsilon = epsilon }

    public func infer(_ inputs: [ValueInfo?]) throws -> [ValueInfo] {
        let x = try floats(inputs, 0)
        guard x.shape.count >= 2 else { throw misfit("an input \(Shape.text(x.shape)) has no channels") }
        for (index, what) in ["scale", "bias", "mean", "variance"].enumerated() {
            _ = try perChannel(inputs, index + 1, channels: x.shape[1], what)
        }
        return [ValueInfo(.float32, x.shape)]
    }

    public func scratchBytes(_ inputs: [ValueInfo?]) -> Int { (inputs.first??.shape[1] ?? 0) * 2 * MemoryLayout<Float>.stride }

    public func compute(_ inputs: [TensorView?], into outputs: [TensorView], scratch: UnsafeMutableRawBufferPointer) throws {
        let x = try required(inputs, 0)
        let (scale, bias) = (try required(inputs, 1).floats, try required(inputs, 2).floats)
        let (mean, variance) = (try required(inputs, 3).floats, try required(inputs, 4).floats)
        let factors = scratch.bindMemory(to: Float.self)
        let channels = x.shape[1], pixels = x.shape[2...].reduce(1, *)
        guard x.count > 0, let factor = factors.baseAddress else { return }
        for channel in 0..<channels {
            let (a, b) = Self.line(
                scale: scale[channel], bias: bias[channel], mean: mean[channel], variance: variance[channel], epsilon: epsilon)
            factors[channel] = Float(a)
            factors[channels + channel] = Float(b)
        }
        let result = outputs[0].pointer
        result.update(from: x.pointer, count: x.count)
        for image in 0..<x.shape[0] {
            ps_scale_shift_activate(
                result + image * channels * pixels, channels, pixels, factor, factor + channels, Activation.identity.kernel)
        }
    }

    /// The normalisation of a channel as a x + b.
    static func line(scale: Float, bias: Float, mean: Float, variance: Float, epsilon: Float) -> (a: Double, b: Double) {
        let a = Double(scale) / (Double(variance) + Double(epsilon)).squareRoot()
        return (a, Double(bias) - Double(mean) * a)
    }
}

/// Each plane of each picture brought to mean 0 and variance 1, then scaled: x [N, C, ...], scale [C], bias [C].
public struct InstanceNormalization: Operator {
    public var epsilon: Float

    public init(epsilon: Float = 1e-5) { self.epsilon = epsilon }

    public func infer(_ inputs: [ValueInfo?]) throws -> [ValueInfo] {
        let x = try floats(inputs, 0)
        guard x.shape.count >= 3 else { throw misfit("an input \(Shape.text(x.shape)) has no planes") }
        _ = try perChannel(inputs, 1, channels: x.shape[1], "scale")
        _ = try perChannel(inputs, 2, channels: x.shape[1], "bias")
        return [ValueInfo(.float32, x.shape)]
    }

    public func compute(_ inputs: [TensorView?], into outputs: [TensorView], scratch: UnsafeMutableRawBufferPointer) throws {
        let x = try required(inputs, 0), scale = try required(inputs, 1), bias = try required(inputs, 2)
        guard x.count > 0 else { return }
        let channels = x.shape[1], pixels = x.shape[2...].reduce(1, *)
        let result = outputs[0].pointer
        ps_normalize_rows(result, x.pointer, x.shape[0] * channels, pixels, epsilon)
        for image in 0..<x.shape[0] {
            ps_scale_shift_activate(
                result + image * channels * pixels, channels, pixels, scale.pointer, bias.pointer, Activation.identity.kernel)
        }
    }
}

/// Everything from `axis` on brought to mean 0 and variance 1, then scaled: x, scale and optional bias of the shape of what
/// is normalised.
public struct LayerNormalization: Operator {
    public var axis: Int
    public var epsilon: Float

    public init(axis: Int = -1, epsilon: Float = 1e-5) {
        self.axis = axis
        self.epsilon = epsilon
    }

    public func infer(_ inputs: [ValueInfo?]) throws -> [ValueInfo] {
        let x = try floats(inputs, 0)
        let first = try checkedAxis(axis, rank: x.shape.count)
        let size = x.shape[first...].reduce(1, *)
        guard try floats(inputs, 1).count == size, try optionalFloats(inputs, 2).map({ $0.count == size }) ?? true else {
            throw misfit("scale or bias do not have the \(size) values of \(Shape.text(Array(x.shape[first...])))")
        }
        return [ValueInfo(.float32, x.shape)]
    }

    public func compute(_ inputs: [TensorView?], into outputs: [TensorView], scratch: UnsafeMutableRawBufferPointer) throws {
        let x = try required(inputs, 0), scale = try required(inputs, 1).floats
        let bias = optionalView(inputs, 2)?.floats
        guard x.count > 0 else { return }
        let size = x.shape[try checkedAxis(axis, rank: x.shape.count)...].reduce(1, *)
        let result = outputs[0].floats
        ps_normalize_rows(outputs[0].pointer, x.pointer, x.count / size, size, epsilon)
        for row in stride(from: 0, to: x.count, by: size) {
            for i in 0..<size { result[row + i] = result[row + i] * scale[i] + (bias?[i] ?? 0) }
        }
    }
}
