import Diagnostics
import Engine
import Foundation
import Testing

struct PoolingTests {
    @Test("pooling equals its definition on random windows, with and without ceil mode and counted padding")
    func matchesDefinition() throws {
        var random = SeededGenerator(seed: 4)
        for _ in 0..<400 {
            let axes = Int.random(in: 1...2, using: &random)
            func pick(_ range: ClosedRange<Int>) -> [Int] { (0..<axes).map { _ in Int.random(in: range, using: &random) } }
            let kernel = pick(1...5), strides = pick(1...3), dilations = pick(1...2)
            let begin = kernel.map { Int.random(in: 0..<$0, using: &random) }, end = kernel.map { Int.random(in: 0..<$0, using: &random) }
            let size = zip(pick(1...12), zip(kernel, dilations)).map { max($0, ($1.0 - 1) * $1.1 + 1) }
            let ceil = Bool.random(using: &random)
            let function: Pool.Function = [.max, .average(countsPadding: true), .average(countsPadding: false)].randomElement(using: &random)!
            let x = Tensor.random([2, 3] + size, &random)
            let op = Pool(function, kernel: kernel, strides: strides, padding: begin + end, dilations: dilations, ceilMode: ceil)
            let got = try runGuarded(op, [x])[0]
            let rows = reachable(size, kernel, strides, dilations, begin, end, ceil)
            let out = rows.map(\.count)
            #expect(got.shape == [2, 3] + out)
            let plane = size.reduce(1, *)
            var want: [Double] = []
            for p in 0..<6 {
                for index in 0..<out.reduce(1, *) {
                    let y = axes == 2 ? rows[0][index / out[1]] : [0], columns = axes == 2 ? rows[1][index % out[1]] : rows[0][index]
                    let height = axes == 2 ? size[0] : 1, width = size[axes - 1]
                    var values: [Double] = []
                    for r in y where r >= 0 && r < height {
                        for c in columns where c >= 0 && c < width { values.append(Double(x.floats[p * plane + r * width + c])) }
                    }
                    switch function {
                    case .max: want.append(values.max() ?? -.infinity)
                    case .average(let counts):
                        func padded(_ places: [Int], _ axis: Int) -> Int {
                            places.count { $0 < size[axis] + end[axis] }
                        }
                        let all = padded(columns, axes - 1) * (axes == 2 ? padded(y, 0) : 1)
                        let count = counts ? all : values.count
                        want.append(count == 0 ? 0 : values.reduce(0, +) / Double(count))
                    }
                }
            }
            let isFinite = want.map { $0.isFinite }
            #expect(zip(got.floats, isFinite).allSatisfy { $0.isFinite == $1 })
            #expect(worstError(got.floats.map { $0.isFinite ? $0 : 0 }, want.map { $0.isFinite ? $0 : 0 }) < 1e-6)
        }
    }

    /// For each output position along each axis the input positions of its taps, padding included.
    private func reachable(
        _ size: [Int], _ kernel: [Int], _ strides: [Int], _ dilations: [Int], _ begin: [Int], _ end: [Int], _ ceil: Bool
    ) -> [[[Int]]] {
        size.indices.map { a in
            let span = size[a] + begin[a] + end[a] - (kernel[a] - 1) * dilations[a] - 1
            var count = span / strides[a] + 1
            if ceil {
                count = (span + strides[a] - 1) / strides[a] + 1
                if (count - 1) * strides[a] >= size[a] + begin[a] { count -= 1 }
            }
            return (0..<count).map { o in (0..<kernel[a]).map { o * strides[a] - begin[a] + $0 * dilations[a] } }
        }
    }

    @Test("global pooling takes the mean and the largest of each plane")
    func globalPooling() throws {
        let x = Tensor([1, 2, 3, 6, -1, -2, -3, -6] as [Float], shape: [1, 2, 2, 2])
        #expect(try runGuarded(GlobalPool(.average), [x])[0].floats == [3, -3])
        #expect(try runGuarded(GlobalPool(.max), [x])[0].floats == [6, -1])
        #expect(try runGuarded(GlobalPool(.max), [x])[0].shape == [1, 2, 1, 1])
    }

    @Test("the largest value of a window with NaN is NaN")
    func nanIsKept() throws {
        let x = Tensor([1, .nan, 3, 4] as [Float], shape: [1, 1, 4])
        let got = try runGuarded(Pool(.max, kernel: [2]), [x])[0].floats
        #expect(got[0].isNaN && got[1].isNaN && got[2] == 4)
    }
}

struct ActivationTests {
    private static let functions: [(Activation, @Sendable (Double) -> Double)] = [
        (.identity, { $0 }),
        (.relu, { max($0, 0) }),
        (.clip(min: -0.5, max: 2), { min(max($0, -0.5), 2) }),
        (.leakyRelu(slope: 0.1), { $0 < 0 ? Double(Float(0.1)) * $0 : $0 }),
        (.elu(alpha: 0.5), { $0 < 0 ? 0.5 * expm1($0) : $0 }),
        (.selu, { 1.050701 * ($0 < 0 ? 1.6732632 * expm1($0) : $0) }),
        (.sigmoid, { 1 / (1 + exp(-$0)) }),
        (.hardSigmoid(alpha: 0.2, beta: 0.5), { min(max(Double(Float(0.2)) * $0 + 0.5, 0), 1) }),
        (.hardSwish, { $0 * min(max($0 / 6 + 0.5, 0), 1) }),
        (.tanh, { Foundation.tanh($0) }),
        (.softplus, { $0 > 30 ? $0 : log1p(exp($0)) }),
        (.softsign, { $0 / (1 + abs($0)) }),
        (.mish, { $0 * Foundation.tanh($0 > 30 ? $0 : log1p(exp($0))) }),
        (.silu, { $0 / (1 + exp(-$0)) }),
        (.silu(alpha: 1.7), { $0 / (1 + exp(-Double(Float(1.7)) * $0)) }),
        (.gelu(approximate: false), { 0.5 * $0 * (1 + Foundation.erf($0 / 2.0.squareRoot())) }),
        (.gelu(approximate: true), { x in
            let inner: Double = (2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)
            return 0.5 * x * (1 + Foundation.tanh(inner))
        }),
        (.erf, { Foundation.erf($0) }),
    ]

    @Test("each activation equals its formula over small, large and tiny numbers", arguments: functions.indices)
    func matchesFormula(index: Int) throws {
        let (function, formula) = Self.functions[index]
        var random = SeededGenerator(seed: 5)
        var values = random.floats(1003, in: -10...10) + random.floats(501, in: -1e-3...1e-3)
        values += random.floats(201, in: -120...120) + [0, -0.0, 88, -88, 1e-30, -1e-30, 1e5, -1e5]
        let got = try runGuarded(Activate(function), [Tensor(values, shape: [values.count])])[0].floats
        for (x, y) in zip(values, got) {
            let want = formula(Double(x))
            // Relative where the formula has no cancellation of its own, else absolute.
            let tolerance: Double = 1e-6 * abs(want) + 4e-7 * min(1, abs(Double(x))) + 1e-37
            #expect(abs(Double(y) - want) <= tolerance, "\(function) of \(x) is \(y), not \(want)")
        }
    }

    @Test("NaN stays NaN, infinities go where the formula takes them", arguments: functions.indices)
    func specialValues(index: Int) throws {
        let function = Self.functions[index].0
        let got = try runGuarded(Activate(function), [Tensor([.nan, .infinity, 1] as [Float], shape: [3])])[0].floats
        #expect(got[0].isNaN, "\(function)")
        if function != .softsign { #expect(!got[1].isNaN, "\(function) of infinity") }
    }

    @Test("clip takes its bounds from inputs, in each type")
    func clipTypes() throws {
        let x = Tensor([-5, 0, 3, 9] as [Int64], shape: [4])
        let low = Tensor([-1] as [Int64], shape: []), high = Tensor([4] as [Int64], shape: [])
        #expect(try runGuarded(Clip(), [x, low, high])[0].integers == [-1, 0, 3, 4])
        #expect(try runGuarded(Clip(), [x, nil, high])[0].integers == [-5, 0, 3, 4])
        let f = Tensor([-5, 0.5, 9] as [Float], shape: [3])
        #expect(try runGuarded(Clip(), [f, Tensor([0] as [Float], shape: [])])[0].floats == [0, 0.5, 9])
        #expect(throws: Failure.self) { try Clip().infer([ValueInfo(f), ValueInfo(low)]) }
    }

    @Test("a slope of PRelu is stretched over batch, rows and columns")
    func preluSlopes() throws {
        var random = SeededGenerator(seed: 6)
        for slopeShape in [[], [1], [3, 1, 1], [1, 3, 1, 1], [5], [4, 1], [3, 4, 5], [2, 1, 1, 5]] {
            let x = Tensor.random([2, 3, 4, 5], &random), slope = Tensor.random(slopeShape, &random)
            let got = try runGuarded(PRelu(), [x, slope])[0].floats
            let padded = Array(repeating: 1, count: 4 - slopeShape.count) + slopeShape
            for (i, value) in x.floats.enumerated() {
                let position = [i / 60, i / 20 % 3, i / 5 % 4, i % 5]
                var at = 0
                for axis in 0..<4 { at = at * padded[axis] + (padded[axis] == 1 ? 0 : position[axis]) }
                #expect(got[i] == (value < 0 ? slope.floats[at] * value : value))
            }
        }
        #expect(throws: Failure.self) { try PRelu().infer([ValueInfo(.float32, [1, 3, 2]), ValueInfo(.float32, [3])]) }
    }
}

struct NormalizationTests {
    @Test("normalisations equal their formulas")
    func matchFormulas() throws {
        var random = SeededGenerator(seed: 7)
        let shifted = Tensor(random.floats(120, in: -2...4), shape: [2, 3, 4, 5])
        let a = Tensor.random([3], &random), b = Tensor.random([3], &random), mean = Tensor.random([3], &random)
        let variance = Tensor(random.floats(3, in: 0.1...2), shape: [3])
        let values = shifted.floats.map { Double($0) }
        func c(_ i: Int) -> Int { i / 20 % 3 }

        let batch = try runGuarded(BatchNormalization(epsilon: 1e-3), [shifted, a, b, mean, variance])[0]
        var want = values
        for i in want.indices {
            let deviation = (Double(variance.floats[c(i)]) + 1e-3).squareRoot()
            want[i] = (values[i] - Double(mean.floats[c(i)])) / deviation * Double(a.floats[c(i)]) + Double(b.floats[c(i)])
        }
        #expect(worstError(batch.floats, want) < 1e-6)

        func normalised(_ size: Int, _ epsilon: Double) -> [Double] {
            stride(from: 0, to: values.count, by: size).flatMap { start -> [Double] in
                let part = values[start..<start + size]
                let mean = part.reduce(0, +) / Double(size)
                let variance = part.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(size)
                return part.map { ($0 - mean) / (variance + epsilon).squareRoot() }
            }
        }
        let instance = try runGuarded(InstanceNormalization(epsilon: 1e-5), [shifted, a, b])[0]
        want = normalised(20, 1e-5)
        for i in want.indices { want[i] = want[i] * Double(a.floats[c(i)]) + Double(b.floats[c(i)]) }
        #expect(worstError(instance.floats, want) < 1e-6)

        for (axis, shape) in [(-1, [5]), (2, [4, 5]), (1, [3, 4, 5])] {
            let scale = Tensor.random(shape, &random), bias = Tensor.random(shape, &random)
            let layer = try runGuarded(LayerNormalization(axis: axis, epsilon: 1e-2), [shifted, scale, bias])[0]
            want = normalised(scale.count, 1e-2)
            for i in want.indices {
                want[i] = want[i] * Double(scale.floats[i % scale.count]) + Double(bias.floats[i % scale.count])
            }
            #expect(worstError(layer.floats, want) < 1e-6)
        }
    }

    @Test("softmax over any axis sums to one and equals its formula; the old rule takes all axes from there on")
    func softmax() throws {
        var random = SeededGenerator(seed: 8)
        let x = Tensor(random.floats(120, in: -30...30), shape: [2, 3, 4, 5])
        for axis in -4..<4 {
            for flattens in [false, true] {
                let at = axis < 0 ? axis + 4 : axis
                let n = flattens ? x.shape[at...].reduce(1, *) : x.shape[at]
                let inner = flattens ? 1 : x.shape[(at + 1)...].reduce(1, *)
                let values = x.floats.map { Double($0) }
                var logarithms = values
                for i in values.indices {
                    let start: Int = i / (n * inner) * n * inner + i % inner
                    var sum = 0.0
                    for k in 0..<n { sum += exp(values[start + k * inner]) }
                    logarithms[i] -= log(sum)
                }
                let got = try runGuarded(Softmax(axis: axis, flattens: flattens), [x])[0].floats
                #expect(worstError(got, logarithms.map { exp($0) }) < 1e-6)
                let logarithm = try runGuarded(Softmax(axis: axis, flattens: flattens, logarithm: true), [x])[0].floats
                #expect(worstError(logarithm, logarithms) < 1e-6)
            }
        }
        let large = try runGuarded(Softmax(), [Tensor([1000, 999] as [Float], shape: [2])])[0].floats
        #expect(abs(large[0] - 0.7310586) < 1e-6)
        #expect(throws: Failure.self) { try Softmax(axis: 4).infer([ValueInfo(x)]) }
    }
}

struct MatrixProductTests {
    @Test("Gemm equals its formula with every transposition and every stretched term")
    func gemm() throws {
        var random = SeededGenerator(seed: 9)
        for round in 0..<60 {
            let m = Int.random(in: 1...7, using: &random), k = Int.random(in: 1...9, using: &random), n = Int.random(in: 1...8, using: &random)
            let transA = round & 1 == 1, transB = round & 2 == 2
            let a = Tensor.random(transA ? [k, m] : [m, k], &random), b = Tensor.random(transB ? [n, k] : [k, n], &random)
            let termShapes: [[Int]?] = [nil, [n], [m, n], [m, 1], [1, n], [], [1]]
            let termShape = termShapes[round % 7]
            let c = termShape.map { Tensor.random($0, &random) }
            let op = Gemm(alpha: 0.5, beta: 2, isATransposed: transA, isBTransposed: transB)
            let got = try runGuarded(op, [a, b, c])[0]
            var want: [Double] = []
            for i in 0..<m {
                for j in 0..<n {
                    var sum = 0.0
                    for l in 0..<k {
                        let left = a.floats[transA ? l * m + i : i * k + l], right = b.floats[transB ? j * k + l : l * n + j]
                        sum += Double(left) * Double(right)
                    }
                    var term = 0.0
                    if let c, let shape = termShape {
                        let columns = shape.last ?? 1, rows = shape.count > 1 ? shape[0] : 1
                        let row = rows == 1 ? 0 : i, column = columns == 1 ? 0 : j
                        term = Double(c.floats[row * columns + column])
                    }
                    want.append(0.5 * sum + 2 * term)
                }
            }
            #expect(worstError(got.floats, want) < 1e-6)
        }
        #expect(throws: Failure.self) { try Gemm().infer([ValueInfo(.float32, [2, 3]), ValueInfo(.float32, [4, 5])]) }
    }

    @Test("MatMul stretches the axes before the matrices and takes vectors on either side")
    func matmul() throws {
        var random = SeededGenerator(seed: 10)
        let cases: [([Int], [Int], [Int])] = [
            ([2, 3], [3, 4], [2, 4]), ([3], [3, 4], [4]), ([2, 3], [3], [2]), ([3], [3], []), ([5, 2, 3], [3, 4], [5, 2, 4]),
            ([2, 3], [5, 3, 4], [5, 2, 4]), ([5, 1, 2, 3], [6, 3, 4], [5, 6, 2, 4]), ([5, 6, 2, 3], [5, 6, 3, 1], [5, 6, 2, 1]),
            ([4, 2, 3], [3], [4, 2]), ([3], [4, 3, 2], [4, 2]),
        ]
        for (aShape, bShape, outShape) in cases {
            let a = Tensor.random(aShape, &random), b = Tensor.random(bShape, &random)
            let got = try runGuarded(MatMul(), [a, b])[0]
            #expect(got.shape == outShape)
            let left = aShape.count == 1 ? [1] + aShape : aShape, right = bShape.count == 1 ? bShape + [1] : bShape
            let (m, k, n) = (left[left.count - 2], left[left.count - 1], right[right.count - 1])
            let rank = max(left.count, right.count) - 2
            let aBatch = Array(repeating: 1, count: rank - (left.count - 2)) + left.dropLast(2)
            let bBatch = Array(repeating: 1, count: rank - (right.count - 2)) + right.dropLast(2)
            let batch = zip(aBatch, bBatch).map { max($0, $1) }
            var want: [Double] = []
            for index in 0..<batch.reduce(1, *) {
                var position: [Int] = [], rest = index
                for size in batch.reversed() { position.insert(rest % size, at: 0); rest /= size }
                func matrix(_ sizes: [Int]) -> Int {
                    var index = 0
                    for (at, size) in zip(position, sizes) { index = index * size + (size == 1 ? 0 : at) }
                    return index
                }
                let aRow = matrix(aBatch) * m, bRow = matrix(bBatch) * k
                for i in 0..<m {
                    for j in 0..<n {
                        var sum = 0.0
                        for l in 0..<k { sum += Double(a.floats[(aRow + i) * k + l]) * Double(b.floats[(bRow + l) * n + j]) }
                        want.append(sum)
                    }
                }
            }
            #expect(worstError(got.floats, want) < 1e-6)
        }
        #expect(throws: Failure.self) { try MatMul().infer([ValueInfo(.float32, [2, 3]), ValueInfo(.float32, [2, 3])]) }
        #expect(throws: Failure.self) { try MatMul().infer([ValueInfo(.float32, []), ValueInfo(.float32, [2, 3])]) }
    }
}

struct EmptyTests {
    @Test("every layer takes an empty batch, no channels or no pixels, and writes nothing beside its output")
    func emptyInputs() throws {
        let none = Tensor([] as [Float], shape: [0])
        let layers: [(any Operator, [Tensor])] = [
            (Activate(.silu), []), (Clip(), []), (Softmax(), []), (Softmax(axis: 1, flattens: true), []),
            (Pool(.max, kernel: [3, 3], padding: [1, 1, 1, 1]), []),
            (Pool(.average(countsPadding: true), kernel: [3, 3], strides: [2, 2], autoPad: .sameUpper), []),
            (Pool(.average(countsPadding: false), kernel: [2, 2], padding: [1, 1, 1, 1]), []),
        ]
        for shape in [[0, 3, 5, 5], [2, 0, 5, 5], [2, 3, 0, 5], [2, 3, 5, 0], [0, 0, 0, 0]] {
            let x = Tensor([] as [Float], shape: shape)
            for (op, more) in layers {
                // A window that does not fit may be refused.
                guard (try? op.infer([ValueInfo(x)] + more.map { ValueInfo($0) })) != nil else { continue }
                _ = try runGuarded(op, [x] + more)
            }
            let channels = shape[1]
            for op in [Convolution(padding: [2, 2, 2, 2]), Convolution(strides: [2, 2], autoPad: .sameUpper)] {
                let got = try runGuarded(op, [x, Tensor(shape: [4, channels, 3, 3]), Tensor([1, 2, 3, 4] as [Float], shape: [4])])[0]
                // What only sees padding is the bias.
                let plane = got.shape[2] * got.shape[3]
                #expect(got.floats.enumerated().allSatisfy { $1 == Float($0 / plane % 4 + 1) })
            }
            let perChannel = channels == 0 ? none : Tensor([1, 1, 1] as [Float], shape: [3])
            _ = try runGuarded(BatchNormalization(), [x, perChannel, perChannel, perChannel, perChannel])
            _ = try runGuarded(InstanceNormalization(), [x, perChannel, perChannel])
            if channels > 0 {
                _ = try runGuarded(Convolution(padding: [2, 2, 2, 2], groups: 3), [x, Tensor(shape: [3, 1, 3, 3])])
                _ = try? runGuarded(ConvolutionTranspose(), [x, Tensor(shape: [3, 2, 3, 3])])
            }
        }
        #expect(try runGuarded(Gemm(), [Tensor(shape: [2, 0]), Tensor(shape: [0, 3]), Tensor([1, 2, 3] as [Float], shape: [3])])[0]
            .floats == [1, 2, 3, 1, 2, 3])
        #expect(try runGuarded(MatMul(), [Tensor(shape: [2, 0]), Tensor(shape: [0, 3])])[0].floats == [0, 0, 0, 0, 0, 0])
        #expect(try runGuarded(MatMul(), [Tensor(shape: [0, 2]), Tensor(shape: [2, 3])])[0].floats == [])
    }
}
