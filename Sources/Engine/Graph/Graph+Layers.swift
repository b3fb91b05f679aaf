/// Layers as network definitions write them: one call a layer, weights as tensors.
///
///     var graph = Graph()
///     var x = graph.addInput("image", shape: [nil, 3, 256, 192])
///     x = graph.convolution(x, weights: w, stride: 2, padding: 3, named: "conv1")
///     x = graph.batchNormalization(x, scale: s, bias: b, mean: m, variance: v, named: "bn1")
///     x = graph.activation(x, .relu)
///     x = graph.maxPool(x, kernel: 3, stride: 2, padding: 1)
///     graph.addOutput("features", x)
extension Graph {
    /// Convolution of [N, C, H, W] with weights [O, C / groups, kh, kw].
    public mutating func convolution(
        _ x: ValueID, weights: Tensor, bias: Tensor? = nil, stride: Int = 1, padding: Int = 0, dilation: Int = 1, groups: Int = 1,
        activation: Activation = .identity, named name: String = ""
    ) -> ValueID {
        let op = Convolution(
            window: SlidingWindow(stride: stride, padding: padding, dilation: dilation), groups: groups, activation: activation)
        return add(op, named: name, x, addConstant(weights), bias.map { addConstant($0) })
    }

    /// Transposed convolution of [N, C, H, W] with weights [C, O / groups, kh, kw].
    public mutating func transposedConvolution(
        _ x: ValueID, weights: Tensor, bias: Tensor? = nil, stride: Int = 1, padding: Int = 0, outputPadding: Int = 0,
        groups: Int = 1, activation: Activation = .identity, named name: String = ""
    ) -> ValueID {
        let op = ConvolutionTranspose(
            window: SlidingWindow(stride: stride, padding: padding), groups: groups, outputPadding: [outputPadding, outputPadding],
            activation: activation)
        return add(op, named: name, x, addConstant(weights), bias.map { addConstant($0) })
    }

    /// Batch normalisation with stored statistics, one value a channel each.
    public mutating func batchNormalization(
        _ x: ValueID, scale: Tensor, bias: Tensor, mean: Tensor, variance: Tensor, epsilon: Float = 1e-5, named name: String = ""
    ) -> ValueID {
        add(
            BatchNormalization(epsilon: epsilon), named: name, x, addConstant(scale), addConstant(bias), addConstant(mean),
            addConstant(variance))
    }

    public mutating func activation(_ x: ValueID, _ function: Activation, named name: String = "") -> ValueID {
        add(Activate(function), named: name, x)
    }

    /// The largest value of a window; nothing lies outside the picture.
    public mutating func maxPool(
        _ x: ValueID, kernel: Int, stride: Int, padding: Int = 0, ceilMode: Bool = false, named name: String = ""
    ) -> ValueID {
        var window = SlidingWindow(stride: stride, padding: padding)
        window.ceilMode = ceilMode
        return add(Pool(.max, kernel: [kernel, kernel], window: window), named: name, x)
    }

    /// The mean of a window.
    public mutating func averagePool(
        _ x: ValueID, kernel: Int, stride: Int, padding: Int = 0, ceilMode: Bool = false, countsPadding: Bool = true,
        named name: String = ""
    ) -> ValueID {
        var window = SlidingWindow(stride: stride, padding: padding)
        window.ceilMode = ceilMode
        return add(Pool(.average(countsPadding: countsPadding), kernel: [kernel, kernel], window: window), named: name, x)
    }

    /// [N, C, H, W] to [N, C, 1, 1].
    public mutating func globalAveragePool(_ x: ValueID, named name: String = "") -> ValueID {
        add(GlobalPool(.average), named: name, x)
    }

    /// Height and width times `scale`.
    public mutating func resize(
        _ x: ValueID, scale: Int, _ mode: Resize.Mode, _ coordinates: Resize.Coordinates = .halfPixel, named name: String = ""
    ) -> ValueID {
        add(Resize(mode, coordinates, target: .scales([Float(scale), Float(scale)]), axes: [2, 3]), named: name, x)
    }

    /// To this height and width.
    public mutating func resize(
        _ x: ValueID, height: Int, width: Int, _ mode: Resize.Mode, _ coordinates: Resize.Coordinates = .halfPixel,
        named name: String = ""
    ) -> ValueID {
        add(Resize.to(height: height, width: width, mode, coordinates), named: name, x)
    }

    /// x [N, I] with weights [O, I] and bias [O].
    public mutating func linear(_ x: ValueID, weights: Tensor, bias: Tensor? = nil, named name: String = "") -> ValueID {
        add(Gemm.linear, named: name, x, addConstant(weights), bias.map { addConstant($0) })
    }

    public mutating func sum(_ a: ValueID, _ b: ValueID, named name: String = "") -> ValueID {
        add(Arithmetic(.add), named: name, a, b)
    }

    public mutating func product(_ a: ValueID, _ b: ValueID, named name: String = "") -> ValueID {
        add(Arithmetic(.multiply), named: name, a, b)
    }

    /// Joins along an axis, by default the channels.
    public mutating func concatenation(_ parts: [ValueID], axis: Int = 1, named name: String = "") -> ValueID {
        addNode(Concat(axis: axis), named: name, inputs: parts)[0]
    }
}
