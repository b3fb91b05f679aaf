import CKernels

// Layers that compute on blocked maps.
extension LayoutBuilder {
    /// Lays the layer out over blocked maps; false: nothing was done, compute it plainly.
    mutating func layBlocked(_ node: Node) throws -> Bool {
        guard let input = node.inputs.first ?? nil, let output = node.outputs.first, info(input)?.elementType == .float32 else { return false }
        switch node.op {
        case let op as Convolution: return try layConvolution(node, op, input)
        case let op as ConvolutionTranspose: return try layTransposed(node, op, input)
        default: break
        }
        if try layChannels(node) { return true }
        guard node.outputs.count == 1, BlockedMap.fits(shape(output)) else { return false }
        switch node.op {
        case let op as Activate: return layActivation(node, op.function, input)
        case let op as Arithmetic:
            guard let function = op.kernel, node.inputs.count == 2, let second = node.inputs[1] else { return false }
            return layPair(node, function, input, second)
        case let op as VariadicArithmetic:
            guard op.function != .mean, node.inputs.count == 2, let second = node.inputs[1] else { return false }
            return layPair(node, op.kernel, input, second)
        case let op as Pool: return try layPool(node, op, input)
        case let op as GlobalPool: return layGlobalPool(node, op.function == .average ? PS_POOL_MEAN : PS_POOL_MAX, input)
        case let op as Reduce:
            guard op.function == .mean, op.keepsDimensions, isBlocked(input), shape(input).count == 4,
                let axes = try? op.integers(op.axes, orConstant: op.optional(node.inputs.map { $0.flatMap { info($0) } }, 1), "axes"),
                (try? op.reducedAxes(axes, rank: 4)) == [2, 3]
            else { return false }
            return layGlobalPool(node, PS_POOL_MEAN, input)
        case let op as Resize: return try layResize(node, op, input)
        default: return false
        }
    }

    // MARK: - Convolution

    private mutating func layConvolution(_ node: Node, _ op: Convolution, _ input: ValueID) throws -> Bool {
        guard BlockedMap.fits(shape(input)), BlockedMap.fits(shape(node.outputs[0])), node.inputs.count >= 2,
            let weights = constant(node.inputs[1]), weights.elementType == .float32, weights.count > 0
        else { return false }
        let biasValue = node.inputs.count > 2 ? node.inputs[2] : nil, bias = constant(biasValue)
        guard biasValue == nil || bias != nil else { return false }
        let resolved = try op.resolve(node.inputs.map { $0.flatMap { info($0) } })
        let window = resolved.window.plane, channels = shape(input)[1], outputs = weights.shape[0]
        guard window.stride_x == window.stride_y, window.dilation_x == window.dilation_y, window.kernel_h <= 31, window.kernel_w <= 31,
            window.dilation_x <= 32
        else { return false }
        let (stride, dilation) = (Int(window.stride_x), Int(window.dilation_x))
        func beyond(_ output: Int, _ kernel: Int, _ pad: Int, _ input: Int) -> Int {
            (output - 1) * stride + (kernel - 1) * dilation - pad - (input - 1)
        }
        let halo = max(
            0, Int(window.pad_top), Int(window.pad_left), beyond(window.out_h, window.kernel_h, window.pad_top, window.in_h),
            beyond(window.out_w, window.kernel_w, window.pad_left, window.in_w))
        guard halo <= 64 else { return false }
        var work = ConvolutionWork(
            kind: .dense, kernelHeight: Int(window.kernel_h), kernelWidth: Int(window.kernel_w), stride: stride, dilation: dilation,
            padTop: Int(window.pad_top), padLeft: Int(window.pad_left), halo: halo, weights: weights, bias: bias)
        if op.groups == channels, outputs == channels, channels > 1 {
            work.kind = .depthwise
            work.isPaired = kernels.precision == .bfloat16 && kernels.instructions?.paired != nil
        } else {
            guard op.groups == 1, stride <= 2 else { return false }
            if channels == 3, dilation == 1, !isBlocked(input) {
                work.kind = .stem
                try needPlain(input)
            } else {
                choose(&work, node, input)
                if laySmall(node, work, input, op.activation) { return true }
            }
        }
        waitConvolution(node, work, input, op.activation)
        return true
    }

    private mutating func layTransposed(_ node: Node, _ op: ConvolutionTranspose, _ input: ValueID) throws -> Bool {
        guard BlockedMap.fits(shape(input)), BlockedMap.fits(shape(node.outputs[0])), node.inputs.count >= 2,
            let weights = constant(node.inputs[1]), weights.elementType == .float32, weights.count > 0
        else { return false }
        let biasValue = node.inputs.count > 2 ? node.inputs[2] : nil, bias = constant(biasValue)
        guard biasValue == nil || bias != nil else { return false }
        let (kernel, output) = try op.resolve(node.inputs.map { $0.flatMap { info($0) } })
        let window = kernel.window
        guard window.kernel_h == 4, window.kernel_w == 4, window.stride_x == 2, window.stride_y == 2, window.dilation_x == 1,
            window.dilation_y == 1, window.pad_top == 1, window.pad_left == 1, output == shape(input)[2...].map({ $0 * 2 })
        else { return false }
        let isDepthwise = op.groups == kernel.inputs && kernel.outputs == kernel.inputs && kernel.inputs > 1
        guard op.groups == 1 || isDepthwise else { return false }
        var work = ConvolutionWork(
            kind: isDepthwise ? .depthwiseTransposed : .transposed, kernelHeight: 4, kernelWidth: 4, stride: 2, dilation: 1, padTop: 1,
            padLeft: 1, halo: 1, weights: weights, bias: bias)
        if !isDepthwise { choose(&work, node, input) }
        waitConvolution(node, work, input, op.activation)
        return true
    }

    /// Precision and algorithm. The last layer stays in f32: nothing behind it evens its rounding out; and so does what has too few
    /// products for each input to pay for rounding it.
    private func choose(_ work: inout ConvolutionWork, _ node: Node, _ input: ValueID) {
        let output = node.outputs[0]
        let productsPerInput = work.kind == .transposed
            ? 16 * shape(output)[1] : work.kernelHeight * work.kernelWidth * shape(output)[1] / (work.stride * work.stride)
        work.isPaired = kernels.precision == .bfloat16 && kernels.instructions?.paired != nil && !isOutput(output)
            && shape(input)[1] >= BlockedMap.lanes && productsPerInput >= 24
        let (algorithm, choice) = ConvolutionChoice.algorithm(
            for: work, input: shape(input), output: shape(output), instructions: kernels.instructions, measured: kernels.measured)
        work.algorithm = algorithm
        work.choice = choice
    }

    func isOutput(_ value: ValueID) -> Bool { inference.graph.outputs.contains { $0.value == value } }

    private mutating func waitConvolution(_ node: Node, _ wanted: ConvolutionWork, _ input: ValueID, _ activation: Activation) {
        var work = wanted
        let source: Int
        if work.kind == .stem {
            if let colours = states[input.index].colours {
                source = colours
            } else {
                source = newMap(shape(input), isInterleaved: true)
                wait("", "Interleave", .blocked(InterleavingWork()), inputs: [input.index], outputs: [source])
                states[input.index].colours = source
            }
        } else {
            let map = needMap(input)
            if work.kind == .depthwise {
                // It widens a plane at a time, so a plane must stay in the second-level cache.
                work.readsWords = work.isPaired && shape(input)[2] * shape(input)[3] <= 1 << 12 && isPairedForNothing(map)
                source = work.readsWords ? needPaired(map) : map
            } else {
                source = work.isPaired && work.algorithm == PS_CONV_DIRECT ? needPaired(map) : map
            }
        }
        wait(node, work, inputs: [source])
        waiting[waiting.count - 1].activation = activation
    }

    // MARK: - Between convolutions

    private mutating func layActivation(_ node: Node, _ function: Activation, _ input: ValueID) -> Bool {
        guard isBlocked(input) else { return false }
        let map = needMap(input)
        if fuse(function, into: map, of: input) {
            states[node.outputs[0].index].map = map
            madeFor[map] = node.outputs[0]
        } else {
            wait(node, CombinationWork(), inputs: [map])
            waiting[waiting.count - 1].activation = function
        }
        return true
    }

    private mutating func layPair(_ node: Node, _ function: ps_arithmetic, _ a: ValueID, _ b: ValueID) -> Bool {
        let output = shape(node.outputs[0])
        guard isBlocked(a) || isBlocked(b), info(a)?.elementType == .float32, info(b)?.elementType == .float32 else { return false }
        for (first, second, isSwapped) in [(a, b, false), (b, a, true)] where isBlocked(first) && shape(first) == output {
            if let tensor = constant(second) {
                guard let perChannel = perChannel(tensor, output) else { continue }
                wait(node, CombinationWork(operation: function, isSwapped: isSwapped, perChannel: perChannel), inputs: [needMap(first)])
                return true
            }
            let other = shape(second)
            guard other == output || other == [output[0], output[1], 1, 1], isBlocked(second) || BlockedMap.fits(other) else { continue }
            let (left, right) = (needMap(first), needMap(second))
            if function == PS_ADD, other == output, left != right {
                // The later of the two adds the earlier.
                for (map, value, residual) in [(left, first, right), (right, second, left)] where fuse(residual: residual, into: map, of: value) {
                    states[node.outputs[0].index].map = map
                    madeFor[map] = node.outputs[0]
                    return true
                }
            }
            wait(node, CombinationWork(operation: function, isSwapped: isSwapped), inputs: [left, right])
            return true
        }
        return false
    }

    /// One value a channel, when the constant is that or a single number.
    private func perChannel(_ tensor: Tensor, _ output: [Int]) -> [Float]? {
        guard tensor.elementType == .float32 else { return nil }
        if tensor.count == 1 { return Array(repeating: tensor.floats[0], count: output[1]) }
        let shape = Array(repeating: 1, count: max(0, 4 - tensor.shape.count)) + tensor.shape
        return shape == [1, output[1], 1, 1] ? tensor.floats : nil
    }

    private mutating func layPool(_ node: Node, _ op: Pool, _ input: ValueID) throws -> Bool {
        guard isBlocked(input), shape(input).count == 4 else { return false }
        let window = try op.resolve(shape(input)), plane = window.plane
        guard plane.dilation_x == 1, plane.dilation_y == 1, plane.pad_top < plane.kernel_h, plane.pad_left < plane.kernel_w,
            max(plane.kernel_h, plane.kernel_w, plane.stride_x, plane.stride_y) <= 1 << 14, max(window.padBottom, window.padRight) <= 1 << 14
        else { return false }
        var shape = ps_pooling()
        shape.function = switch op.function {
        case .max: PS_POOL_MAX
        case .average(let countsPadding): countsPadding ? PS_POOL_MEAN_PADDED : PS_POOL_MEAN
        }
        (shape.kernel_h, shape.kernel_w) = (Int32(plane.kernel_h), Int32(plane.kernel_w))
        (shape.stride_y, shape.stride_x) = (Int32(plane.stride_y), Int32(plane.stride_x))
        (shape.pad_top, shape.pad_left) = (Int32(plane.pad_top), Int32(plane.pad_left))
        (shape.pad_bottom, shape.pad_right) = (Int32(window.padBottom), Int32(window.padRight))
        wait(node, PoolingWork(shape: shape), inputs: [needMap(input)])
        return true
    }

    private mutating func layGlobalPool(_ node: Node, _ function: ps_pool_function, _ input: ValueID) -> Bool {
        let size = shape(input)
        guard isBlocked(input), size.count == 4 else { return false }
        var shape = ps_pooling()
        shape.function = function
        (shape.kernel_h, shape.kernel_w, shape.stride_y, shape.stride_x) = (Int32(size[2]), Int32(size[3]), 1, 1)
        wait(node, PoolingWork(shape: shape), inputs: [needMap(input)])
        return true
    }

    private mutating func layResize(_ node: Node, _ op: Resize, _ input: ValueID) throws -> Bool {
        guard isBlocked(input), shape(input).count == 4 else { return false }
        let axes = try op.resizedAxes(node.inputs.map { $0.flatMap { info($0) } })
        guard axes[..<2].allSatisfy({ $0.input == $0.output && $0.scale == 1 }) else { return false }
        switch op.mode {
        case .cubic: return false
        case .nearest(let rounding):
            let work = ResizingWork(
                taps: 1, rows: nearestIndices(axes[2], op.coordinates, rounding), columns: nearestIndices(axes[3], op.coordinates, rounding),
                rowWeights: [], columnWeights: [])
            wait(node, work, inputs: [needMap(input)])
        case .linear:
            let (rows, columns) = (linearTable(axes[2], op.coordinates), linearTable(axes[3], op.coordinates))
            let work = ResizingWork(
                taps: 2, rows: rows.indices, columns: columns.indices, rowWeights: rows.weights, columnWeights: columns.weights)
            wait(node, work, inputs: [needMap(input)])
        }
        return true
    }
}
