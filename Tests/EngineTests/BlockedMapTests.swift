import CKernels
import Testing

/// What stands between convolutions, on every instruction set of this machine, over random shapes: against plain loops in double
/// precision, with guard bytes around each destination, NaN in all lanes and pixels that nobody may read.
@Suite("Blocked map kernels")
struct BlockedMapTests {
    static let instructionSets = BlockedConvolutionTests.instructionSets

    /// A map in memory of its own, NaN where it has no value.
    private final class Map {
        var shape: ps_map
        let memory: GuardedMemory
        var floats: UnsafeMutablePointer<Float> { memory.bytes.baseAddress!.assumingMemoryBound(to: Float.self) }
        var planes: Int32 { shape.batch * ps_map_blocks(&shape) }

        init(_ batch: Int, _ channels: Int, _ height: Int, _ width: Int, halo: Int) {
            shape = ps_map(batch: Int32(batch), channels: Int32(channels), height: Int32(height), width: Int32(width), halo: Int32(halo), image: 0)
            shape.image = Int(ps_map_blocks(&shape)) * ps_map_plane(&shape)
            memory = GuardedMemory(byteCount: shape.image * batch * 4)
        }

        convenience init(_ random: inout SeededGenerator, _ batch: Int, _ channels: Int, _ height: Int, _ width: Int, halo: Int) {
            self.init(batch, channels, height, width, halo: halo)
            ps_clear_halo(&shape, floats, 0, planes)
            forEach { n, c, y, x in self[n, c, y, x] = Float.random(in: -1...1, using: &random) }
        }

        private func place(_ n: Int, _ c: Int, _ y: Int, _ x: Int) -> Int {
            n * shape.image + c / 16 * ps_map_plane(&shape) + ps_map_origin(&shape) + y * ps_map_row(&shape) + x * 16 + c % 16
        }

        subscript(n: Int, c: Int, y: Int, x: Int) -> Float {
            get { floats[place(n, c, y, x)] }
            set { floats[place(n, c, y, x)] = newValue }
        }

        func forEach(_ body: (Int, Int, Int, Int) -> Void) {
            for n in 0..<Int(shape.batch) {
                for c in 0..<Int(shape.channels) {
                    for y in 0..<Int(shape.height) { for x in 0..<Int(shape.width) { body(n, c, y, x) } }
                }
            }
        }

        func inside(_ n: Int, _ c: Int, _ y: Int, _ x: Int) -> Double {
            y < 0 || x < 0 || y >= shape.height || x >= shape.width ? 0 : Double(self[n, c, y, x])
        }

        /// The largest difference to what `expected` says.
        func worst(_ expected: (Int, Int, Int, Int) -> Double) -> Double {
            var worst = 0.0
            forEach { n, c, y, x in
                let error = abs(Double(self[n, c, y, x]) - expected(n, c, y, x))
                worst = error.isNaN ? .infinity : max(worst, error)
            }
            return worst
        }
    }

    private func table(_ name: String) throws -> ps_blocked_kernels { try #require(ps_blocked_named(name)).pointee }
    private let relu = ps_activation(kind: PS_ACT_RELU, a: 0, b: 0), none = ps_activation(kind: PS_ACT_IDENTITY, a: 0, b: 0)

    /// Runs items in two parts, the second first, as two threads might.
    private func inParts(_ items: Int32, _ random: inout SeededGenerator, _ body: (Int32, Int32) -> Void) {
        let middle = Int32.random(in: 0...items, using: &random)
        body(middle, items)
        body(0, middle)
    }

    @Test("Stems of all sizes over interleaved colours", arguments: instructionSets)
    func stem(name: String) throws {
        let kernels = try table(name)
        var random = SeededGenerator(seed: 31)
        for _ in 0..<60 {
            let (batch, height, width) = (Int.random(in: 1...3, using: &random), Int.random(in: 7...25, using: &random), Int.random(in: 7...50, using: &random))
            let kernel = Int.random(in: 1...7, using: &random), stride = Int.random(in: 1...2, using: &random), pad = kernel / 2
            let out = Map(batch, Int.random(in: 1...50, using: &random), (height + 2 * pad - kernel) / stride + 1, (width + 2 * pad - kernel) / stride + 1, halo: 1)
            var c = ps_conv()
            c.in = ps_map(batch: Int32(batch), channels: 3, height: Int32(height), width: Int32(width), halo: Int32(pad), image: (height + 2 * pad) * (width + 2 * pad) * 3)
            (c.out, c.kernel_h, c.kernel_w, c.stride, c.dilation) = (out.shape, Int32(kernel), Int32(kernel), Int32(stride), 1)
            (c.pad_top, c.pad_left, c.activation) = (Int32(pad), Int32(pad), relu)
            let planes = random.floats(batch * 3 * height * width), outs = Int(c.out.channels)
            let weights = random.floats(outs * 3 * kernel * kernel)
            let colours = GuardedMemory(byteCount: c.in.image * batch * 4), packed = GuardedMemory(byteCount: kernels.packed_stem_bytes(&c))
            let bias = random.floats((outs + 15) / 16 * 16)
            func floats(_ memory: GuardedMemory) -> UnsafeMutablePointer<Float> { memory.bytes.baseAddress!.assumingMemoryBound(to: Float.self) }
            inParts(Int32(batch) * (c.in.height + 2 * c.in.halo), &random) { kernels.interleave(&c.in, planes, floats(colours), $0, $1) }
            kernels.pack_stem(&c, weights, floats(packed))
            let items = kernels.prepare_stem(&c, Int32.random(in: 1...3, using: &random))
            inParts(items, &random) { kernels.stem(&c, floats(colours), floats(packed), bias, out.floats, $0, $1) }
            #expect(colours.isIntact && packed.isIntact && out.memory.isIntact)
            let worst = out.worst { n, o, y, x in
                var sum = Double(bias[o])
                for colour in 0..<3 {
                    for ky in 0..<kernel {
                        for kx in 0..<kernel {
                            let (iy, ix) = (y * stride - pad + ky, x * stride - pad + kx)
                            guard iy >= 0, ix >= 0, iy < height, ix < width else { continue }
                            sum += Double(weights[((o * 3 + colour) * kernel + ky) * kernel + kx]) * Double(planes[((n * 3 + colour) * height + iy) * width + ix])
                        }
                    }
                }
                return max(sum, 0)
            }
            #expect(worst < 1e-4, "\(name) \(c)")
        }
    }

    @Test("Transposed depthwise convolution", arguments: instructionSets)
    func depthwiseTransposed(name: String) throws {
        let kernels = try table(name)
        var random = SeededGenerator(seed: 32)
        for _ in 0..<40 {
            let (batch, channels) = (Int.random(in: 1...3, using: &random), Int.random(in: 1...40, using: &random))
            let input = Map(&random, batch, channels, Int.random(in: 1...12, using: &random), Int.random(in: 1...20, using: &random), halo: 1)
            let out = Map(batch, channels, Int(input.shape.height) * 2, Int(input.shape.width) * 2, halo: Int.random(in: 0...2, using: &random))
            var c = ps_conv()
            (c.in, c.out, c.kernel_h, c.kernel_w, c.stride, c.dilation, c.activation) = (input.shape, out.shape, 4, 4, 2, 1, none)
            let weights = random.floats(channels * 16), bias = random.floats((channels + 15) / 16 * 16)
            var packed = [Float](repeating: 0, count: (channels + 15) / 16 * 256)
            kernels.pack_depthwise(Int32(channels), 16, weights, &packed)
            inParts(input.planes, &random) { kernels.depthwise_transposed(&c, input.floats, packed, bias, out.floats, $0, $1) }
            #expect(out.memory.isIntact)
            let worst = out.worst { n, channel, y, x in
                var sum = Double(bias[channel])
                for ky in 0..<4 {
                    for kx in 0..<4 where (y + 1 - ky) % 2 == 0 && (x + 1 - kx) % 2 == 0 {
                        sum += Double(weights[channel * 16 + ky * 4 + kx]) * input.inside(n, channel, (y + 1 - ky) / 2, (x + 1 - kx) / 2)
                    }
                }
                return sum
            }
            #expect(worst < 1e-5, "\(name) \(c)")
        }
    }

    @Test("Sums, products and the like, of two maps or with one pixel for all", arguments: instructionSets)
    func combination(name: String) throws {
        let kernels = try table(name)
        var random = SeededGenerator(seed: 33)
        for _ in 0..<80 {
            let size = (Int.random(in: 1...3, using: &random), Int.random(in: 1...40, using: &random), Int.random(in: 1...9, using: &random), Int.random(in: 1...20, using: &random))
            let isSingle = Bool.random(using: &random)
            let a = Map(&random, size.0, size.1, size.2, size.3, halo: 1)
            let b = Map(&random, size.0, size.1, isSingle ? 1 : size.2, isSingle ? 1 : size.3, halo: 2), out = Map(size.0, size.1, size.2, size.3, halo: 0)
            b.forEach { n, c, y, x in b[n, c, y, x] += b[n, c, y, x] < 0 ? -0.5 : 0.5 }
            let operations: [(ps_arithmetic, (Double, Double) -> Double)] = [
                (PS_ADD, { $0 + $1 }), (PS_SUB, { $0 - $1 }), (PS_MUL, { $0 * $1 }), (PS_MIN, { min($0, $1) }), (PS_MAX, { max($0, $1) }), (PS_DIV, { $0 / $1 }),
            ]
            let (operation, function) = operations[Int.random(in: 0..<6, using: &random)]
            let isSwapped = operation != PS_DIV && Bool.random(using: &random)
            var c = ps_combination()
            (c.out, c.a, c.b, c.operation, c.swapped, c.activation) = (out.shape, a.shape, b.shape, Int32(operation.rawValue), isSwapped ? 1 : 0, relu)
            inParts(out.planes, &random) { kernels.combine(&c, a.floats, b.floats, out.floats, $0, $1) }
            #expect(out.memory.isIntact)
            let worst = out.worst { n, channel, y, x in
                let p = Double(a[n, channel, y, x]), q = Double(isSingle ? b[n, channel, 0, 0] : b[n, channel, y, x])
                return max(0, isSwapped ? function(q, p) : function(p, q))
            }
            #expect(worst < 1e-5, "\(name) \(operation) \(c)")
        }
    }

    @Test("Pooling of all windows", arguments: instructionSets)
    func pooling(name: String) throws {
        let kernels = try table(name)
        var random = SeededGenerator(seed: 34)
        for _ in 0..<80 {
            let input = Map(&random, Int.random(in: 1...2, using: &random), Int.random(in: 1...40, using: &random), Int.random(in: 3...16, using: &random), Int.random(in: 3...20, using: &random), halo: 1)
            let kernel = Int.random(in: 1...13, using: &random), stride = Int.random(in: 1...3, using: &random), pad = kernel / 2
            let (height, width) = (Int(input.shape.height), Int(input.shape.width))
            let out = Map(Int(input.shape.batch), Int(input.shape.channels), (height + 2 * pad - kernel) / stride + 1, (width + 2 * pad - kernel) / stride + 1, halo: 2)
            var p = ps_pooling()
            (p.in, p.out, p.kernel_h, p.kernel_w, p.stride_y, p.stride_x) = (input.shape, out.shape, Int32(kernel), Int32(kernel), Int32(stride), Int32(stride))
            (p.pad_top, p.pad_left, p.pad_bottom, p.pad_right) = (Int32(pad), Int32(pad), Int32(pad), Int32(pad))
            p.function = [PS_POOL_MAX, PS_POOL_MEAN, PS_POOL_MEAN_PADDED][Int.random(in: 0..<3, using: &random)]
            let scratch = GuardedMemory(byteCount: ps_row_scratch(&p.in))
            inParts(out.planes, &random) { kernels.pool(&p, input.floats, out.floats, $0, $1, scratch.bytes.baseAddress) }
            #expect(out.memory.isIntact && scratch.isIntact)
            let worst = out.worst { n, c, y, x in
                var values: [Double] = []
                for iy in y * stride - pad..<y * stride - pad + kernel {
                    for ix in x * stride - pad..<x * stride - pad + kernel where iy >= 0 && ix >= 0 && iy < height && ix < width {
                        values.append(Double(input[n, c, iy, ix]))
                    }
                }
                if p.function == PS_POOL_MAX { return values.max() ?? 0 }
                return values.reduce(0, +) / Double(p.function == PS_POOL_MEAN ? values.count : kernel * kernel)
            }
            #expect(worst < 1e-5, "\(name) \(p)")
        }
    }

    @Test("Resizing by tables, with a sum behind it", arguments: instructionSets)
    func resizing(name: String) throws {
        let kernels = try table(name)
        var random = SeededGenerator(seed: 35)
        for _ in 0..<60 {
            let input = Map(&random, Int.random(in: 1...2, using: &random), Int.random(in: 1...40, using: &random), Int.random(in: 1...9, using: &random), Int.random(in: 1...12, using: &random), halo: 1)
            let (batch, channels) = (Int(input.shape.batch), Int(input.shape.channels))
            let (height, width) = (Int.random(in: 1...20, using: &random), Int.random(in: 1...25, using: &random))
            let out = Map(batch, channels, height, width, halo: 1), beside = Map(&random, batch, channels, height, width, halo: 1)
            let taps = Int.random(in: 1...2, using: &random)
            let rows = (0..<height * taps).map { _ in Int32.random(in: 0..<input.shape.height, using: &random) }
            let columns = (0..<width * taps).map { _ in Int32.random(in: 0..<input.shape.width, using: &random) }
            let rowWeights = random.floats(height * taps), columnWeights = random.floats(width * taps)
            let scratch = GuardedMemory(byteCount: ps_row_scratch(&input.shape))
            rows.withUnsafeBufferPointer { r in
                columns.withUnsafeBufferPointer { c in
                    rowWeights.withUnsafeBufferPointer { rw in
                        columnWeights.withUnsafeBufferPointer { cw in
                            var shape = ps_resizing()
                            (shape.in, shape.out, shape.taps, shape.activation) = (input.shape, out.shape, Int32(taps), none)
                            (shape.rows, shape.columns, shape.row_weights, shape.column_weights) = (r.baseAddress, c.baseAddress, rw.baseAddress, cw.baseAddress)
                            shape.residual_image = beside.shape.image
                            inParts(out.planes, &random) { kernels.resize(&shape, input.floats, beside.floats, out.floats, $0, $1, scratch.bytes.baseAddress) }
                        }
                    }
                }
            }
            #expect(out.memory.isIntact && scratch.isIntact)
            let worst = out.worst { n, c, y, x in
                var sum = Double(beside[n, c, y, x])
                for t in 0..<taps {
                    for u in 0..<taps {
                        let weight = taps == 1 ? 1 : Double(rowWeights[y * 2 + t]) * Double(columnWeights[x * 2 + u])
                        sum += weight * Double(input[n, c, Int(rows[y * taps + t]), Int(columns[x * taps + u])])
                    }
                }
                return sum
            }
            #expect(worst < 1e-5, "\(name) taps \(taps)")
        }
    }

    @Test("Channels in any order, from blocks to planes and pixels and back", arguments: instructionSets)
    func routing(name: String) throws {
        let kernels = try table(name)
        var random = SeededGenerator(seed: 36)
        for _ in 0..<60 {
            let size = (Int.random(in: 1...2, using: &random), Int.random(in: 1...6, using: &random), Int.random(in: 1...20, using: &random))
            let sources = (0..<3).map { _ in Map(&random, size.0, Int.random(in: 1...40, using: &random), size.1, size.2, halo: Int.random(in: 0...1, using: &random)) }
            let channels = Int.random(in: 1...50, using: &random)
            let from = (0..<channels).map { _ -> ps_channel in
                let source = Int.random(in: 0..<3, using: &random)
                return ps_channel(source: Int32(source), channel: Int32.random(in: 0..<sources[source].shape.channels, using: &random))
            }
            var moves: [ps_move] = [], first: [Int32] = [0]
            for block in 0..<(channels + 15) / 16 {
                for channel in block * 16..<min(channels, block * 16 + 16) {
                    var move = ps_move(source: from[channel].source, block: from[channel].channel / 16, mask: 1 << UInt32(channel % 16), lanes: ps_move().lanes)
                    withUnsafeMutableBytes(of: &move.lanes) { $0.storeBytes(of: from[channel].channel % 16, toByteOffset: channel % 16 * 4, as: Int32.self) }
                    moves.append(move)
                }
                first.append(Int32(moves.count))
            }
            let maps = sources.map(\.shape), addresses = sources.map { UnsafePointer<Float>?($0.floats) }
            let out = Map(size.0, channels, size.1, size.2, halo: 1)
            maps.withUnsafeBufferPointer { maps in
                first.withUnsafeBufferPointer { first in
                    moves.withUnsafeBufferPointer { moves in
                        var shape = ps_routing()
                        (shape.out, shape.sources, shape.first_move, shape.moves, shape.activation) = (out.shape, maps.baseAddress, first.baseAddress, moves.baseAddress, none)
                        addresses.withUnsafeBufferPointer { addresses in
                            inParts(out.planes, &random) { kernels.route(&shape, addresses.baseAddress, nil, out.floats, $0, $1) }
                        }
                    }
                }
            }
            func expected(_ n: Int, _ c: Int, _ y: Int, _ x: Int) -> Double {
                Double(sources[Int(from[c].source)][n, Int(from[c].channel), y, x])
            }
            #expect(out.memory.isIntact)
            #expect(out.worst(expected) == 0)

            let count = size.0 * channels * size.1 * size.2
            let planes = GuardedMemory(byteCount: count * 4), pixels = GuardedMemory(byteCount: count * 4)
            let plane = planes.bytes.baseAddress!.assumingMemoryBound(to: Float.self), pixel = pixels.bytes.baseAddress!.assumingMemoryBound(to: Float.self)
            inParts(Int32(size.0 * ((channels + 15) / 16)), &random) { ps_unblock_planes(maps, addresses, Int32(channels), from, plane, $0, $1) }
            inParts(Int32(size.0 * size.1), &random) { ps_unblock_pixels(maps, addresses, Int32(channels), from, pixel, channels * size.1 * size.2, $0, $1) }
            let again = Map(size.0, channels, size.1, size.2, halo: 1)
            inParts(again.planes, &random) { ps_block_planes(&again.shape, plane, again.floats, $0, $1) }
            #expect(planes.isIntact && pixels.isIntact && again.memory.isIntact)
            #expect(again.worst(expected) == 0)
            #expect(out.worst { n, c, y, x in Double(pixel[((n * size.1 + y) * size.2 + x) * channels + c]) } == 0)
        }
    }

    @Test("bf16 convolutions stay within their rounding of f32", .enabled(if: ps_paired_for(ps_blocked_best()) != nil, "this processor multiplies no bf16"))
    func paired() throws {
        let kernels = ps_blocked_best().pointee, paired = try #require(ps_paired_for(ps_blocked_best())).pointee
        var random = SeededGenerator(seed: 37)
        for _ in 0..<80 {
            let isTransposed = Int.random(in: 0..<4, using: &random) == 0, kernel = isTransposed ? 4 : [1, 3, 5][Int.random(in: 0..<3, using: &random)]
            let stride = isTransposed ? 2 : Int.random(in: 1...2, using: &random), pad = isTransposed ? 1 : kernel / 2
            let input = Map(&random, Int.random(in: 1...3, using: &random), Int.random(in: 1...60, using: &random), Int.random(in: kernel...16, using: &random), Int.random(in: kernel...30, using: &random), halo: max(pad, 1))
            let (height, width, batch, channels) = (Int(input.shape.height), Int(input.shape.width), Int(input.shape.batch), Int(input.shape.channels))
            let outs = Int.random(in: 1...70, using: &random)
            func output() -> Map {
                Map(batch, outs, isTransposed ? 2 * height : (height - 1) / stride + 1, isTransposed ? 2 * width : (width - 1) / stride + 1, halo: 1)
            }
            let exact = output(), rounded = output()
            var c = ps_conv()
            (c.in, c.out, c.kernel_h, c.kernel_w, c.stride, c.dilation) = (input.shape, exact.shape, Int32(kernel), Int32(kernel), Int32(stride), 1)
            (c.pad_top, c.pad_left, c.transposed, c.activation) = (Int32(pad), Int32(pad), isTransposed ? 1 : 0, none)
            let scale = 1 / Float(channels * kernel * kernel).squareRoot()
            let weights = random.floats(channels * outs * kernel * kernel).map { $0 * scale }, bias = [Float](repeating: 0.1, count: (outs + 15) / 16 * 16)
            var packed = [Float](repeating: 0, count: kernels.packed_bytes(&c) / 4)
            kernels.pack(&c, weights, &packed)
            let allItems = kernels.prepare(&c, 1)
            kernels.convolve(&c, input.floats, packed, bias, nil, exact.floats, 0, allItems, nil)
            if (kernel == 3 && stride == 1) || isTransposed, Bool.random(using: &random) { c.algorithm = PS_CONV_WINOGRAD_2 }
            let items = paired.prepare(&c, Int32.random(in: 1...2, using: &random))
            let scratch = GuardedMemory(byteCount: paired.scratch_bytes(&c)), packedWords = GuardedMemory(byteCount: paired.packed_bytes(&c))
            paired.pack(&c, weights, packedWords.bytes.baseAddress!.assumingMemoryBound(to: Float.self))
            let narrowed = GuardedMemory(byteCount: input.shape.image * batch * 2)
            var source = UnsafePointer(input.floats)
            if c.algorithm == PS_CONV_DIRECT {
                let to = narrowed.bytes.baseAddress!.assumingMemoryBound(to: Float.self)
                inParts(input.planes, &random) { paired.narrow(&c.in, &c.in, input.floats, to, $0, $1) }
                source = UnsafePointer(to)
            }
            let beside = Bool.random(using: &random) ? exact : nil
            let words = Words(rounded.shape, parts: Int.random(in: 1...2, using: &random)), keepsFloats = Bool.random(using: &random)
            c.residual_image = exact.shape.image
            c.words_image = words.image
            c.activation = Bool.random(using: &random) ? relu : none
            inParts(items, &random) {
                paired.convolve(
                    &c, source, packedWords.bytes.baseAddress!.assumingMemoryBound(to: Float.self), bias, beside?.floats,
                    keepsFloats ? rounded.floats : nil, words.floats, $0, $1, scratch.bytes.baseAddress)
            }
            inParts(rounded.planes, &random) { paired.clear_halo(&words.shape, words.floats, $0, $1) }
            #expect(scratch.isIntact && packedWords.isIntact && narrowed.isIntact && rounded.memory.isIntact && words.memory.isIntact)
            func expected(_ n: Int, _ o: Int, _ y: Int, _ x: Int) -> Double {
                let sum = Double(exact[n, o, y, x]) * (beside == nil ? 1 : 2)
                return c.activation.kind == PS_ACT_RELU ? max(0, sum) : sum
            }
            #expect(words.worst(expected) < 3e-2 && words.restIsZero, "\(c)")
            guard keepsFloats else { continue }
            #expect(rounded.worst(expected) < 2e-2, "\(c)")
            #expect(words.worst { n, o, y, x in Double(Words.rounded(rounded[n, o, y, x])) } == 0, "\(c)")
        }
    }

    /// A map of bf16 pairs, every second picture's place left to somebody else where it has two parts; NaN where it has no value.
    private final class Words {
        var shape: ps_map
        let image: Int
        let memory: GuardedMemory
        private let parts: Int
        var floats: UnsafeMutablePointer<Float> { memory.bytes.baseAddress!.assumingMemoryBound(to: Float.self) }
        private var halves: UnsafeMutablePointer<UInt16> { memory.bytes.baseAddress!.assumingMemoryBound(to: UInt16.self) }

        init(_ map: ps_map, parts: Int) {
            var map = map
            image = Int(ps_map_blocks(&map)) * ps_map_plane(&map) * parts
            map.image = image
            (shape, self.parts) = (map, parts)
            memory = GuardedMemory(byteCount: image * Int(map.batch) * 2)
        }

        static func value(_ half: UInt16) -> Float { Float(bitPattern: UInt32(half) << 16) }

        /// To nearest, ties to even.
        static func rounded(_ value: Float) -> Float {
            let bits = value.bitPattern
            return Float(bitPattern: (bits &+ 0x7fff &+ (bits >> 16 & 1)) & 0xffff_0000)
        }

        func worst(_ expected: (Int, Int, Int, Int) -> Double) -> Double {
            var worst = 0.0
            for n in 0..<Int(shape.batch) {
                for c in 0..<Int(shape.channels) {
                    for y in 0..<Int(shape.height) {
                        for x in 0..<Int(shape.width) {
                            let place = n * image + c / 16 * ps_map_plane(&shape) + ps_map_origin(&shape) + y * ps_map_row(&shape) + x * 16 + c % 16
                            let error = abs(Double(Self.value(halves[place])) - expected(n, c, y, x))
                            worst = error.isNaN ? .infinity : max(worst, error)
                        }
                    }
                }
            }
            return worst
        }

        /// The halo and the lanes beyond the last channel are zero, and what belongs to somebody else is untouched.
        var restIsZero: Bool {
            let (blocks, plane) = (Int(ps_map_blocks(&shape)), ps_map_plane(&shape)), row = ps_map_row(&shape) / 16, halo = Int(shape.halo)
            for n in 0..<Int(shape.batch) {
                for place in 0..<image {
                    let half = halves[n * image + place], (block, inside) = (place / plane, place % plane)
                    if block >= blocks {
                        if half != 0xffff { return false }
                        continue
                    }
                    let (y, x, channel) = (inside / 16 / row - halo, inside / 16 % row - halo, block * 16 + inside % 16)
                    let isValue = y >= 0 && y < shape.height && x >= 0 && x < shape.width && channel < shape.channels
                    if !isValue && half != 0 { return false }
                }
            }
            return true
        }
    }

    @Test("Depthwise convolutions from and to bf16", .enabled(if: ps_paired_for(ps_blocked_best()) != nil, "this processor multiplies no bf16"))
    func pairedDepthwise() throws {
        let kernels = ps_blocked_best().pointee, paired = try #require(ps_paired_for(ps_blocked_best())).pointee
        var random = SeededGenerator(seed: 38)
        for _ in 0..<80 {
            let kernel = [1, 3, 5, 7][Int.random(in: 0..<4, using: &random)], stride = Int.random(in: 1...2, using: &random)
            let dilation = Int.random(in: 1...3, using: &random), pad = kernel / 2 * dilation
            let input = Map(&random, Int.random(in: 1...3, using: &random), Int.random(in: 1...40, using: &random), Int.random(in: 1...14, using: &random), Int.random(in: 1...33, using: &random), halo: max(1, pad))
            // What bf16 holds exactly, so that both inputs are the same.
            input.forEach { n, c, y, x in input[n, c, y, x] = Words.rounded(input[n, c, y, x]) }
            let (batch, channels) = (Int(input.shape.batch), Int(input.shape.channels))
            func output() -> Map {
                Map(batch, channels, (Int(input.shape.height) - 1) / stride + 1, (Int(input.shape.width) - 1) / stride + 1, halo: 1)
            }
            let exact = output(), out = output(), words = Words(exact.shape, parts: 2)
            var c = ps_conv()
            (c.in, c.out, c.kernel_h, c.kernel_w) = (input.shape, exact.shape, Int32(kernel), Int32(kernel))
            (c.stride, c.dilation, c.pad_top, c.pad_left) = (Int32(stride), Int32(dilation), Int32(pad), Int32(pad))
            c.activation = [relu, none, ps_activation(kind: PS_ACT_ELU, a: 1, b: 0)][Int.random(in: 0..<3, using: &random)]
            c.words_image = words.image
            let weights = random.floats(channels * kernel * kernel), bias = random.floats((channels + 15) / 16 * 16)
            var packed = [Float](repeating: 0, count: (channels + 15) / 16 * 16 * kernel * kernel)
            kernels.pack_depthwise(Int32(channels), Int32(kernel * kernel), weights, &packed)
            kernels.depthwise(&c, input.floats, packed, bias, exact.floats, 0, input.planes)
            var source = UnsafePointer(input.floats)
            let narrowed = GuardedMemory(byteCount: input.shape.image * batch * 2)
            if Bool.random(using: &random) {
                c.reads_words = 1
                let to = narrowed.bytes.baseAddress!.assumingMemoryBound(to: Float.self)
                paired.narrow(&c.in, &c.in, input.floats, to, 0, input.planes)
                source = UnsafePointer(to)
            }
            let scratch = GuardedMemory(byteCount: paired.depthwise_scratch(&c)), keepsFloats = Bool.random(using: &random)
            inParts(input.planes, &random) {
                paired.depthwise(&c, source, packed, bias, keepsFloats ? out.floats : nil, words.floats, $0, $1, scratch.bytes.baseAddress)
            }
            inParts(input.planes, &random) { paired.clear_halo(&words.shape, words.floats, $0, $1) }
            #expect(scratch.isIntact && narrowed.isIntact && out.memory.isIntact && words.memory.isIntact)
            #expect(words.worst { n, o, y, x in Double(Words.rounded(exact[n, o, y, x])) } == 0 && words.restIsZero, "\(c)")
            if keepsFloats { #expect(out.worst { n, o, y, x in Double(exact[n, o, y, x]) } == 0, "\(c)") }
        }
    }
}
