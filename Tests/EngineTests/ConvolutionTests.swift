import Diagnostics
import Engine
import Testing

struct ConvolutionTests {
    /// A random layer and its input.
    private struct Case {
        var batch, groups, inputs, outputs: Int          // channels a group
        var size, kernel, strides, dilations: [Int]
        var padding: [Int]
        var hasBias: Bool

        init(_ random: inout SeededGenerator, depthwise: Bool = false) {
            batch = Int.random(in: 1...3, using: &random)
            groups = depthwise ? Int.random(in: 1...20, using: &random) : Int.random(in: 1...3, using: &random)
            inputs = depthwise ? 1 : Int.random(in: 1...9, using: &random)
            outputs = depthwise ? Int.random(in: 1...2, using: &random) : Int.random(in: 1...9, using: &random)
            let axes = depthwise || Int.random(in: 0..<4, using: &random) > 0 ? 2 : 1
            func pick(_ range: ClosedRange<Int>) -> [Int] { (0..<axes).map { _ in Int.random(in: range, using: &random) } }
            kernel = depthwise && Bool.random(using: &random) ? [[3, 3], [5, 5]][Int.random(in: 0...1, using: &random)] : pick(1...5)
            strides = depthwise ? Array(repeating: Int.random(in: 1...2, using: &random), count: 2) : pick(1...3)
            dilations = Bool.random(using: &random) ? Array(repeating: 1, count: axes) : pick(1...3)
            padding = (0..<2 * axes).map { _ in Int.random(in: 0...4, using: &random) }
            size = pick(1...19)
            for axis in 0..<axes {
                let reach = (kernel[axis] - 1) * dilations[axis] + 1
                size[axis] = max(size[axis], reach - padding[axis] - padding[axes + axis])
            }
            hasBias = Bool.random(using: &random)
        }

        /// One axis seen as a picture of one row.
        var rows: Axis { size.count == 2 ? axis(0) : Axis(size: 1, kernel: 1, stride: 1, dilation: 1, begin: 0, end: 0) }
        var columns: Axis { axis(size.count - 1) }
        private func axis(_ a: Int) -> Axis {
            Axis(
                size: size[a], kernel: kernel[a], stride: strides[a], dilation: dilations[a], begin: padding[a],
                end: padding[size.count + a])
        }
    }

    private struct Axis {
        var size, kernel, stride, dilation, begin, end: Int
        var output: Int { (size + begin + end - (kernel - 1) * dilation - 1) / stride + 1 }
        /// Pixel of the large picture under a tap; nil outside 0 ..< limit.
        func pixel(_ position: Int, _ tap: Int, limit: Int) -> Int? {
            let pixel = position * stride + tap * dilation - begin
            return pixel >= 0 && pixel < limit ? pixel : nil
        }
    }

    @Test("a convolution equals the sum in the definition, on random shapes, groups, strides, dilations and paddings")
    func matchesDefinition() throws {
        var random = SeededGenerator(seed: 1)
        for round in 0..<400 {
            let c = Case(&random, depthwise: round % 3 == 0)
            let x = Tensor.random([c.batch, c.groups * c.inputs] + c.size, &random)
            let weights = Tensor.random([c.groups * c.outputs, c.inputs] + c.kernel, &random)
            let bias = c.hasBias ? Tensor.random([c.groups * c.outputs], &random) : nil
            let op = Convolution(
                kernel: c.kernel, strides: c.strides, padding: c.padding, dilations: c.dilations, groups: c.groups,
                activation: round % 5 == 0 ? .relu : .identity)
            let got = try runGuarded(op, [x, weights, bias])[0]
            var want = reference(c, x.floats, weights.floats, bias?.floats, got.shape)
            if round % 5 == 0 { want = want.map { max($0, 0) } }
            #expect(worstError(got.floats, want) < 2e-6, "\(c)")
        }
    }

    /// The definition, in double, one output at a time.
    private func reference(_ c: Case, _ x: [Float], _ weights: [Float], _ bias: [Float]?, _ shape: [Int]) -> [Double] {
        let (rows, columns) = (c.rows, c.columns)
        let channels = c.groups * c.inputs, filters = c.groups * c.outputs
        #expect(shape == [c.batch, filters] + (c.size.count == 1 ? [columns.output] : [rows.output, columns.output]))
        var result: [Double] = []
        for n in 0..<c.batch {
            for o in 0..<filters {
                for y in 0..<rows.output {
                    for px in 0..<columns.output {
                        var sum: Double = bias.map { Double($0[o]) } ?? 0
                        for i in 0..<c.inputs {
                            let plane: Int = n * channels + o / c.outputs * c.inputs + i
                            let filter: Int = (o * c.inputs + i) * rows.kernel
                            for ky in 0..<rows.kernel {
                                guard let row = rows.pixel(y, ky, limit: rows.size) else { continue }
                                for kx in 0..<columns.kernel {
                                    guard let column = columns.pixel(px, kx, limit: columns.size) else { continue }
                                    let value = Double(x[(plane * rows.size + row) * columns.size + column])
                                    sum += value * Double(weights[(filter + ky) * columns.kernel + kx])
                                }
                            }
                        }
                        result.append(sum)
                    }
                }
            }
        }
        return result
    }

    @Test("a convolution over many columns, made in several blocks, equals one made in a single block")
    func blocksAgree() throws {
        var random = SeededGenerator(seed: 2)
        // 33 x 41 outputs of depth 60 * 9 make six blocks; the same rows one picture at a time make one.
        let x = Tensor.random([1, 60, 33, 41], &random), weights = Tensor.random([5, 60, 3, 3], &random)
        let pixels = x.floats
        let whole = try runGuarded(Convolution(padding: [1, 1, 1, 1]), [x, weights])[0].floats
        for row in [0, 1, 15, 31] {
            let first = max(row - 1, 0), last = min(row + 1, 32)
            var strip: [Float] = []
            for c in 0..<60 {
                let plane = c * 33
                strip += pixels[(plane + first) * 41..<(plane + last + 1) * 41]
            }
            let part = Tensor(strip, shape: [1, 60, last - first + 1, 41])
            let got = try runGuarded(
                Convolution(padding: [row == 0 ? 1 : 0, 1, row == 32 ? 1 : 0, 1]), [part, weights])[0]
            for o in 0..<5 {
                let start = (o * 33 + row) * 41
                let want = whole[start..<start + 41].map { Double($0) }
                #expect(worstError(Array(got.floats[o * 41..<(o + 1) * 41]), want) < 1e-5)
            }
        }
    }

    @Test("a transposed convolution equals the definition: each input pixel adds its kernel")
    func transposedMatchesDefinition() throws {
        var random = SeededGenerator(seed: 3)
        var done = 0
        while done < 300 {
            var c = Case(&random, depthwise: done % 4 == 0)
            let axes = c.size.count
            let extra = c.strides.map { Int.random(in: 0..<$0, using: &random) }
            let out = (0..<axes).map { (a: Int) -> Int in
                let full: Int = (c.size[a] - 1) * c.strides[a] + (c.kernel[a] - 1) * c.dilations[a] + 1 + extra[a]
                return full - c.padding[a] - c.padding[axes + a]
            }
            guard out.allSatisfy({ $0 >= 1 }) else { continue }
            if done % 4 == 0 { c.outputs = 1 }
            let x = Tensor.random([c.batch, c.groups * c.inputs] + c.size, &random)
            let weights = Tensor.random([c.groups * c.inputs, c.outputs] + c.kernel, &random)
            let bias = c.hasBias ? Tensor.random([c.groups * c.outputs], &random) : nil
            let op = ConvolutionTranspose(
                strides: c.strides, padding: c.padding, dilations: c.dilations, groups: c.groups, outputPadding: extra)
            let got = try runGuarded(op, [x, weights, bias])[0]
            #expect(got.shape == [c.batch, c.groups * c.outputs] + out)
            #expect(worstError(got.floats, scattered(c, x.floats, weights.floats, bias?.floats, out)) < 2e-6, "\(c)")
            done += 1
        }
    }

    private func scattered(_ c: Case, _ x: [Float], _ weights: [Float], _ bias: [Float]?, _ out: [Int]) -> [Double] {
        let (rows, columns) = (c.rows, c.columns)
        let height: Int = out.count == 2 ? out[0] : 1, width: Int = out[out.count - 1]
        let channels = c.groups * c.inputs, outputs = c.groups * c.outputs
        var result = [Double](repeating: 0, count: c.batch * outputs * height * width)
        if let bias {
            for i in result.indices { result[i] = Double(bias[i / (height * width) % outputs]) }
        }
        for n in 0..<c.batch {
            for i in 0..<channels {
                for y in 0..<rows.size {
                    for px in 0..<columns.size {
                        let value = Double(x[((n * channels + i) * rows.size + y) * columns.size + px])
                        for o in 0..<c.outputs {
                            let plane: Int = n * outputs + i / c.inputs * c.outputs + o
                            let filter: Int = (i * c.outputs + o) * rows.kernel
                            for ky in 0..<rows.kernel {
                                guard let row = rows.pixel(y, ky, limit: height) else { continue }
                                for kx in 0..<columns.kernel {
                                    guard let column = columns.pixel(px, kx, limit: width) else { continue }
                                    let weight = Double(weights[(filter + ky) * columns.kernel + kx])
                                    result[(plane * height + row) * width + column] += value * weight
                                }
                            }
                        }
                    }
                }
            }
        }
        return result
    }

    @Test("automatic padding gives ceil(size / stride) pixels, the odd one where it belongs")
    func automaticPadding() throws {
        let x = Tensor([1, 2, 3, 4] as [Float], shape: [1, 1, 4]), weights = Tensor([1, 10] as [Float], shape: [1, 1, 2])
        #expect(try runGuarded(Convolution(autoPad: .sameUpper), [x, weights])[0].floats == [21, 32, 43, 4])
        #expect(try runGuarded(Convolution(autoPad: .sameLower), [x, weights])[0].floats == [10, 21, 32, 43])
        #expect(try runGuarded(Convolution(autoPad: .valid), [x, weights])[0].floats == [21, 32, 43])
        #expect(try runGuarded(Convolution(strides: [3], autoPad: .sameUpper), [x, weights])[0].floats == [21, 4])
    }

    @Test("a transposed convolution reaches the output shape that is asked for")
    func outputShape() throws {
        let x = Tensor([1, 2, 3] as [Float], shape: [1, 1, 3]), weights = Tensor([1, 1, 1] as [Float], shape: [1, 1, 3])
        // Full length 7: 1 1 (1+2) 2 (2+3) 3 3
        #expect(try runGuarded(ConvolutionTranspose(strides: [2]), [x, weights])[0].floats == [1, 1, 3, 2, 5, 3, 3])
        #expect(try runGuarded(ConvolutionTranspose(strides: [2], outputShape: [6]), [x, weights])[0].floats == [1, 3, 2, 5, 3, 3])
        #expect(
            try runGuarded(ConvolutionTranspose(strides: [2], autoPad: .sameUpper), [x, weights])[0].floats == [1, 1, 3, 2, 5, 3])
    }

    @Test("sizes and attributes that do not fit are refused, however large")
    func misfits() throws {
        func refuses(_ op: any Operator, _ x: [Int], _ weights: [Int], bias: [Int]? = nil, _ comment: Comment? = nil) {
            let inputs = [ValueInfo(.float32, x), ValueInfo(.float32, weights), bias.map { ValueInfo(.float32, $0) }]
            let failure = #expect(throws: Failure.self, comment) { try op.infer(inputs) }
            #expect(failure?.kind == .data)
        }
        let x = [1, 4, 8, 8], w = [6, 4, 3, 3]
        refuses(Convolution(), [1, 5, 8, 8], w, "channels")
        refuses(Convolution(groups: 3), x, [6, 1, 3, 3], "groups")
        refuses(Convolution(groups: 0), x, w, "no groups")
        refuses(Convolution(kernel: [5, 5]), x, w, "kernel")
        refuses(Convolution(strides: [0, 1]), x, w, "stride 0")
        refuses(Convolution(strides: [1]), x, w, "one stride")
        refuses(Convolution(padding: [-9, -9, -9, -9]), x, w, "negative padding")
        refuses(Convolution(padding: [1 << 40, 0, 0, 0]), x, w, "huge padding")
        refuses(Convolution(padding: [Int.max, 0, Int.max, 0]), x, w, "overflowing padding")
        refuses(Convolution(dilations: [Int.max, 1]), x, w, "overflowing dilation")
        refuses(Convolution(), [1, 4, 2, 2], w, "kernel larger than picture")
        refuses(Convolution(), [1, 4, 2, 2], [6, 4, 0, 3], "empty kernel")
        refuses(Convolution(), x, w, bias: [5], "bias")
        refuses(Convolution(), [1, 4, 8, 8, 8], [6, 4, 3, 3, 3], "3-D")
        refuses(Convolution(), [4], [4], "vector")
        refuses(ConvolutionTranspose(), x, [5, 4, 3, 3], "channels")
        refuses(ConvolutionTranspose(padding: [9, 9, 9, 9]), x, [4, 4, 3, 3], "nothing left")
        refuses(ConvolutionTranspose(outputShape: [0, 8]), x, [4, 4, 3, 3], "no output")
        refuses(ConvolutionTranspose(outputPadding: [-1, 0]), x, [4, 4, 3, 3], "negative output padding")
        var graph = Graph()
        let input = graph.addInput("x", shape: x)
        let weights = graph.addConstant(Tensor(shape: w))
        graph.addOutput("y", graph.add(Convolution(padding: [1 << 30, 1 << 30, 0, 0]), input, weights))
        #expect(throws: Failure.self, "an output too large for memory") { try Plan(graph) }
    }

    @Test("integers do not go into a convolution")
    func wrongType() {
        #expect(throws: Failure.self) {
            try Convolution().infer([ValueInfo(.int64, [1, 1, 4, 4]), ValueInfo(.float32, [1, 1, 3, 3])])
        }
    }
}
