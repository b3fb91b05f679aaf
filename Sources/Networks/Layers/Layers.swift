import Engine

/// Convolution; weights [O, I / groups, k, k], bias [O].
struct Conv2d {
    let name: String
    let weight: Tensor
    let bias: Tensor?
    let op: Convolution

    /// `padding` nil keeps the size at stride 1: dilation (k - 1) / 2.
    init(
        _ weights: ParameterScope, _ inputs: Int, _ outputs: Int, _ kernel: Int, stride: Int = 1, padding: Int? = nil,
        dilation: Int = 1, groups: Int = 1, bias hasBias: Bool = false
    ) {
        name = weights.path
        weight = weights.parameter("weight", [outputs, inputs / groups, kernel, kernel], .weight)
        bias = hasBias ? weights.parameter("bias", [outputs], .bias) : nil
        let padding = padding ?? dilation * (kernel - 1) / 2
        op = Convolution(
            kernel: [kernel, kernel], strides: [stride, stride], padding: [padding, padding, padding, padding],
            dilations: [dilation, dilation], groups: groups)
    }

    init(name: String, weight: Tensor, bias: Tensor?, op: Convolution) {
        self.name = name
        self.weight = weight
        self.bias = bias
        self.op = op
    }

    func callAsFunction(_ x: Value) throws -> Value {
        try x.layout.add(op, named: name, operands(x, name, weight, bias)) { output in
            output.reduce(1, *) * weight.shape.dropFirst().reduce(1, *)
        }
    }
}

/// Transposed convolution that doubles the size; weights [I, O, k, k], bias [O].
///
/// Tap (ky, kx) of input pixel (y, x) adds to output pixel (2y - padding + ky, 2x - padding + kx).
struct ConvTranspose2d {
    let name: String
    let weight: Tensor
    let bias: Tensor?
    let op: ConvolutionTranspose

    /// The kernel is 4, 3 or 2; its padding follows from it.
    init(_ weights: ParameterScope, _ inputs: Int, _ outputs: Int, _ kernel: Int, bias hasBias: Bool) {
        name = weights.path
        weight = weights.parameter("weight", [inputs, outputs, kernel, kernel], .weight)
        bias = hasBias ? weights.parameter("bias", [outputs], .bias) : nil
        let padding = kernel == 2 ? 0 : 1, outputPadding = kernel == 3 ? 1 : 0
        op = ConvolutionTranspose(
            kernel: [kernel, kernel], strides: [2, 2], padding: [padding, padding, padding, padding],
            outputPadding: [outputPadding, outputPadding])
    }

    func callAsFunction(_ x: Value) throws -> Value {
        try x.layout.add(op, named: name, operands(x, name, weight, bias)) { _ in
            x.shape.reduce(1, *) * weight.shape.dropFirst().reduce(1, *)
        }
    }
}

/// Batch norm with the statistics of the training: (x - mean) / sqrt(variance + epsilon) scale + shift, channel by channel.
struct BatchNorm2d {
    let name: String
    let scale, shift, mean, variance: Tensor
    let epsilon: Float

    init(_ weights: ParameterScope, _ channels: Int, epsilon: Float = 1e-5) {
        name = weights.path
        scale = weights.parameter("weight", [channels], .normScale)
        shift = weights.parameter("bias", [channels], .normShift)
        mean = weights.parameter("running_mean", [channels], .mean)
        variance = weights.parameter("running_var", [channels], .variance)
        self.epsilon = epsilon
    }

    init(name: String, scale: Tensor, shift: Tensor, mean: Tensor, variance: Tensor, epsilon: Float) {
        self.name = name
        self.scale = scale
        self.shift = shift
        self.mean = mean
        self.variance = variance
        self.epsilon = epsilon
    }

    func callAsFunction(_ x: Value) throws -> Value {
        try x.layout.add(
            BatchNormalization(epsilon: epsilon), named: name,
            [
                .value(x), .constant(name + ".scale", scale), .constant(name + ".shift", shift), .constant(name + ".mean", mean),
                .constant(name + ".variance", variance),
            ])
    }
}

/// A convolution without bias (index 0 of a sequence) and its batch norm (index 1).
struct ConvNorm {
    let conv: Conv2d
    let norm: BatchNorm2d

    init(
        _ weights: ParameterScope, _ inputs: Int, _ outputs: Int, _ kernel: Int, stride: Int = 1, dilation: Int = 1, bias: Bool = false
    ) {
        conv = Conv2d(weights[0], inputs, outputs, kernel, stride: stride, dilation: dilation, bias: bias)
        norm = BatchNorm2d(weights[1], outputs)
    }

    func callAsFunction(_ x: Value) throws -> Value { try norm(conv(x)) }
}

/// Fully connected: [N, I] to [N, O]; weights [O, I], bias [O].
struct Linear {
    let name: String
    let weight: Tensor
    let bias: Tensor

    init(_ weights: ParameterScope, _ inputs: Int, _ outputs: Int) {
        name = weights.path
        weight = weights.parameter("weight", [outputs, inputs], .weight)
        bias = weights.parameter("bias", [outputs], .bias)
    }

    func callAsFunction(_ x: Value) throws -> Value {
        try x.layout.add(Gemm(isBTransposed: true), named: name, operands(x, name, weight, bias)) { _ in
            x.shape[0] * weight.shape.reduce(1, *)
        }
    }
}

private func operands(_ x: Value, _ name: String, _ weight: Tensor, _ bias: Tensor?) -> [NetworkLayout.Operand] {
    [.value(x), .constant(name + ".weight", weight)] + (bias.map { [.constant(name + ".bias", $0)] } ?? [])
}
