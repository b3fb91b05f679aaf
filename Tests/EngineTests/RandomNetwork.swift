import Engine

/// A random network of the kinds of layers that stand side by side in real ones: convolutions of all sorts with odd channels,
/// sums, concatenations, splits, shuffles, pooling, resizing, activations in all places.
struct RandomNetwork {
    var graph = Graph()
    private var maps: [(value: ValueID, shape: [Int])] = []
    private var random: SeededGenerator

    init(seed: UInt64, layers: Int, batch: Int) {
        random = SeededGenerator(seed: seed)
        let shape = [batch, [3, 3, 1, 17][pick(4)], 8 + 2 * pick(9), 8 + 2 * pick(12)]
        maps = [(graph.addInput("x", shape: shape), shape)]
        for _ in 0..<layers { addLayer() }
        for index in Set([maps.count - 1, pick(maps.count), pick(maps.count)]).sorted() {
            let map = maps[index]
            graph.addOutput("y\(index)", map.value)
            if pick(2) == 0 {
                let flat = graph.add(Reshape(to: [0, 0, -1]), map.value)
                graph.addOutput("pixels\(index)", graph.add(Transpose(order: [0, 2, 1]), flat))
            }
        }
    }

    private mutating func pick(_ count: Int) -> Int { Int.random(in: 0..<count, using: &random) }

    private mutating func add(_ value: ValueID, _ shape: [Int]) { maps.append((value, shape)) }

    private mutating func activation() -> Activation {
        [.identity, .relu, .relu6, .silu, .hardSwish, .leakyRelu(slope: 0.1), .sigmoid, .tanh, .mish][pick(9)]
    }

    private mutating func tensor(_ shape: [Int], _ fanIn: Int) -> Tensor {
        let scale = 1.5 / Float(fanIn).squareRoot()
        return Tensor(random.floats(shape.reduce(1, *)).map { $0 * scale }, shape: shape)
    }

    private mutating func addLayer() {
        let (x, shape) = maps[max(0, maps.count - 1 - pick(4))]
        let (batch, channels, height, width) = (shape[0], shape[1], shape[2], shape[3])
        switch pick(14) {
        case 0, 1, 2, 3:
            let outputs = 1 + pick(50), kernel = [1, 1, 3, 3, 5, 7][pick(6)], stride = pick(4) == 0 ? 2 : 1
            let dilation = kernel == 3 && stride == 1 && pick(3) == 0 ? 2 : 1, padding = (kernel - 1) / 2 * dilation
            let y = graph.convolution(
                x, weights: tensor([outputs, channels, kernel, kernel], channels * kernel * kernel),
                bias: pick(2) == 0 ? nil : tensor([outputs], 4), stride: stride, padding: padding, dilation: dilation)
            add(activated(y), [batch, outputs, (height - 1) / stride + 1, (width - 1) / stride + 1])
        case 4, 5:
            let kernel = [3, 5][pick(2)], stride = 1 + pick(2)
            let y = graph.convolution(
                x, weights: tensor([channels, 1, kernel, kernel], kernel * kernel), bias: tensor([channels], 4), stride: stride,
                padding: kernel / 2, groups: channels)
            add(activated(y), [batch, channels, (height - 1) / stride + 1, (width - 1) / stride + 1])
        case 6 where height * width <= 400:
            let isDepthwise = pick(2) == 0, outputs = isDepthwise ? channels : 1 + pick(40)
            let y = graph.transposedConvolution(
                x, weights: tensor([channels, isDepthwise ? 1 : outputs, 4, 4], isDepthwise ? 4 : channels * 4), stride: 2, padding: 1,
                groups: isDepthwise ? channels : 1)
            add(activated(y), [batch, outputs, height * 2, width * 2])
        case 7:
            if pick(2) == 0 {
                let kernel = [3, 5, 9][pick(3)]
                add(graph.maxPool(x, kernel: kernel, stride: 1, padding: kernel / 2), shape)
            } else if height > 2, width > 2 {
                let y = pick(2) == 0 ? graph.maxPool(x, kernel: 3, stride: 2, padding: 1) : graph.averagePool(x, kernel: 3, stride: 2, padding: 1, countsPadding: pick(2) == 0)
                add(y, [batch, channels, (height - 1) / 2 + 1, (width - 1) / 2 + 1])
            }
        case 8 where height * width <= 400:
            let y = graph.resize(x, scale: 2, [.nearest(.floor), .linear][pick(2)], [.asymmetric, .alignCorners, .halfPixel][pick(3)])
            if let other = partner(of: [batch, channels, height * 2, width * 2]), pick(2) == 0 {
                add(activated(graph.sum(y, other)), [batch, channels, height * 2, width * 2])
            } else {
                add(y, [batch, channels, height * 2, width * 2])
            }
        case 9, 10:
            if let other = partner(of: shape) {
                let op: Arithmetic.Function = [.add, .add, .add, .multiply, .subtract][pick(5)]
                add(activated(graph.add(Arithmetic(op), x, other)), shape)
            } else {
                let constant = graph.addConstant(tensor([1, channels, 1, 1], 4))
                add(activated(graph.add(Arithmetic([.multiply, .add, .subtract][pick(3)]), constant, x)), shape)
            }
        case 11:
            let other = maps.last { $0.shape[2...] == shape[2...] && $0.shape[1] + channels <= 160 } ?? (x, shape)
            add(graph.concatenation([x, other.value]), [batch, channels + other.shape[1], height, width])
        case 12 where channels >= 2:
            let first = pick(2) == 0 && channels > 16 ? 16 : 1 + pick(channels - 1)
            let parts = graph.addNode(Split(axis: 1, sizes: [first, channels - first], numberOfParts: 2), inputs: [x], outputCount: 2)
            add(parts[0], [batch, first, height, width])
            add(parts[1], [batch, channels - first, height, width])
        case 13 where channels % 2 == 0:
            var y = graph.add(Reshape(to: [batch, 2, channels / 2, height, width]), x)
            y = graph.add(Transpose(order: [0, 2, 1, 3, 4]), y)
            add(graph.add(Reshape(to: shape), y), shape)
        default:
            let gate = graph.activation(graph.convolution(graph.globalAveragePool(x), weights: tensor([channels, channels, 1, 1], channels)), .sigmoid)
            add(graph.product(x, gate), shape)
        }
    }

    private mutating func activated(_ x: ValueID) -> ValueID {
        let function = activation()
        return function == .identity ? x : graph.activation(x, function)
    }

    private mutating func partner(of shape: [Int]) -> ValueID? {
        let fitting = maps.filter { $0.shape == shape }
        return fitting.isEmpty ? nil : fitting[pick(fitting.count)].value
    }
}
