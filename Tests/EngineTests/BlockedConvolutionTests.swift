import CKernels
import Testing

/// Every instruction set of this machine against a plain convolution in double precision, over random shapes.
@Suite("Blocked convolution kernels")
struct BlockedConvolutionTests {
    static let instructionSets: [String] = ["plain", "avx2", "avx512", "neon"].filter { (name: String) in ps_blocked_named(name) != nil }

    /// A map with its values in plain [N, C, H, W] order.
    fileprivate struct Sample {
        var map: ps_map
        var values: [Float]

        init(_ random: inout SplitMix, batch: Int, channels: Int, height: Int, width: Int, halo: Int) {
            map = ps_map(
                batch: Int32(batch), channels: Int32(channels), height: Int32(height), width: Int32(width), halo: Int32(halo), image: 0)
            map.image = Int(ps_map_blocks(&map)) * ps_map_plane(&map)
            values = (0..<batch * channels * height * width).map { _ in random.signed() }
        }

        func index(_ n: Int, _ c: Int, _ y: Int, _ x: Int) -> Int {
            ((n * Int(map.channels) + c) * Int(map.height) + y) * Int(map.width) + x
        }

        func value(_ n: Int, _ c: Int, _ y: Int, _ x: Int) -> Double {
            guard y >= 0, x >= 0, y < map.height, x < map.width else { return 0 }
            return Double(values[index(n, c, y, x)])
        }

        func place(_ n: Int, _ c: Int, _ y: Int, _ x: Int) -> Int {
            var map = map
            return n * map.image + c / 16 * ps_map_plane(&map) + ps_map_origin(&map) + y * ps_map_row(&map) + x * 16 + c % 16
        }

        /// Calls `body` for each element with its place in the blocked buffer and its index in `values`.
        func forEach(_ body: (_ place: Int, _ index: Int) -> Void) {
            for n in 0..<Int(map.batch) {
                for c in 0..<Int(map.channels) {
                    for y in 0..<Int(map.height) {
                        for x in 0..<Int(map.width) { body(place(n, c, y, x), index(n, c, y, x)) }
                    }
                }
            }
        }

        /// The values in blocked layout, everything else zero.
        func blocked() -> Guarded {
            let buffer = Guarded(count: map.image * Int(map.batch))
            forEach { buffer.floats[$0] = values[$1] }
            return buffer
        }
    }

    private func shapes(_ count: Int, seed: UInt64) -> [(ps_conv, SplitMix)] {
        var random = SplitMix(state: seed)
        var made: [(ps_conv, SplitMix)] = []
        while made.count < count {
            let transposed = random.below(4) == 0
            let stride = transposed ? 2 : 1 + random.below(2)
            let kernel = transposed ? 4 : [1, 3, 5][random.below(3)]
            let dilation = transposed || stride == 2 ? 1 : 1 + random.below(3)
            let pad = transposed ? 1 : random.below(2) * (kernel - 1) / 2 * dilation
            // Batches of up to eight pictures; the larger ones of small pictures, so that the plain sum stays affordable.
            let batch = random.below(4) == 0 ? 3 + random.below(6) : 1 + random.below(2)
            let (height, width) = (1 + random.below(batch > 2 ? 8 : 20), 1 + random.below(batch > 2 ? 12 : 35))
            let reach = (kernel - 1) * dilation + 1
            guard transposed || (height + 2 * pad >= reach && width + 2 * pad >= reach) else { continue }
            let outHeight = transposed ? 2 * height : (height + 2 * pad - reach) / stride + 1
            let outWidth = transposed ? 2 * width : (width + 2 * pad - reach) / stride + 1
            var c = ps_conv()
            c.in = Sample(&random, batch: batch, channels: 1 + random.below(50), height: height, width: width, halo: max(pad, 1)).map
            c.out = Sample(&random, batch: batch, channels: 1 + random.below(70), height: outHeight, width: outWidth, halo: 1 + random.below(2)).map
            c.residual_image = c.out.image
            (c.kernel_h, c.kernel_w) = (Int32(kernel), Int32(kernel))
            (c.stride, c.dilation) = (Int32(stride), Int32(dilation))
            (c.pad_top, c.pad_left) = (Int32(pad), Int32(pad))
            c.transposed = transposed ? 1 : 0
            let canWinograd = transposed || (kernel == 3 && stride == 1 && pad == dilation)
            c.algorithm = canWinograd ? [PS_CONV_DIRECT, PS_CONV_WINOGRAD_4, PS_CONV_WINOGRAD_2][random.below(3)] : PS_CONV_DIRECT
            c.activation = [
                ps_activation(kind: PS_ACT_IDENTITY, a: 0, b: 0), ps_activation(kind: PS_ACT_RELU, a: 0, b: 0),
                ps_activation(kind: PS_ACT_CLIP, a: 0, b: 0.5), ps_activation(kind: PS_ACT_LEAKY_RELU, a: 0.1, b: 0),
                ps_activation(kind: PS_ACT_SILU, a: 1, b: 0), ps_activation(kind: PS_ACT_ELU, a: 1, b: 0),
                ps_activation(kind: PS_ACT_HARD_SWISH, a: 0, b: 0), ps_activation(kind: PS_ACT_SIGMOID, a: 0, b: 0),
            ][random.below(8)]
            made.append((c, random))
        }
        return made
    }

    @Test("Direct, Winograd and transposed convolution equal the plain sum, and nothing else is written", arguments: instructionSets)
    func convolution(name: String) throws {
        let kernels = try #require(ps_blocked_named(name)).pointee
        for (shape, start) in shapes(name == "plain" ? 60 : 250, seed: 7) {
            var (c, random) = (shape, start)
            let input = Sample(&random, like: c.in)
            let residual = Sample(&random, like: c.out)
            let (ins, outs, kernel) = (Int(c.in.channels), Int(c.out.channels), Int(c.kernel_h))
            let scale = 1 / Float(ins * 9).squareRoot()
            let weights = (0..<ins * outs * kernel * kernel).map { _ in random.signed() * scale }
            let bias = Guarded(count: Int(ps_map_blocks(&c.out)) * 16)
            for i in 0..<outs { bias.floats[i] = random.signed() }

            let items = kernels.prepare(&c, Int32(1 + random.below(3)))
            let packed = Guarded(count: kernels.packed_bytes(&c) / 4)
            let scratch = Guarded(count: kernels.scratch_bytes(&c) / 4)
            kernels.pack(&c, weights, packed.floats.baseAddress)
            let (source, beside, result) = (input.blocked(), residual.blocked(), Sample(&random, like: c.out, zero: true).blocked())
            // In two parts, as two threads would.
            let middle = Int32(random.below(Int(items) + 1))
            for range in [(middle, items), (0, middle)] {
                kernels.convolve(
                    &c, source.floats.baseAddress, packed.floats.baseAddress, bias.floats.baseAddress, beside.floats.baseAddress,
                    result.floats.baseAddress, range.0, range.1, UnsafeMutableRawPointer(scratch.floats.baseAddress!))
            }
            #expect(source.isIntact && packed.isIntact && scratch.isIntact && beside.isIntact && result.isIntact)

            var (worst, largest) = (0.0, 1e-6)
            var inside = 0.0
            residual.forEach { place, index in
                let (x, rest) = (index % Int(c.out.width), index / Int(c.out.width))
                let (y, plane) = (rest % Int(c.out.height), rest / Int(c.out.height))
                let (out, n) = (plane % outs, plane / outs)
                var sum = Double(bias.floats[out]) + Double(residual.values[index])
                for i in 0..<ins {
                    for ky in 0..<kernel {
                        for kx in 0..<kernel {
                            if c.transposed == 1 {
                                let (ty, tx) = (y + 1 - ky, x + 1 - kx)
                                guard ty % 2 == 0, tx % 2 == 0 else { continue }
                                sum += Double(weights[((i * outs + out) * 4 + ky) * 4 + kx]) * input.value(n, i, ty / 2, tx / 2)
                            } else {
                                sum += Double(weights[((out * ins + i) * kernel + ky) * kernel + kx])
                                    * input.value(
                                        n, i, y * Int(c.stride) - Int(c.pad_top) + ky * Int(c.dilation),
                                        x * Int(c.stride) - Int(c.pad_left) + kx * Int(c.dilation))
                            }
                        }
                    }
                }
                var expected = [Float(sum)]
                ps_activate(&expected, expected, 1, c.activation)
                worst = max(worst, abs(Double(result.floats[place]) - Double(expected[0])))
                largest = max(largest, abs(sum))
                inside += abs(Double(result.floats[place]))
            }
            #expect(worst <= 2e-5 * largest, "\(name) \(c)")
            // The halo and the channels beyond the last are still zero: nothing was written there.
            let everything = result.floats.reduce(0.0) { $0 + abs(Double($1)) }
            let tail = spill(of: c, in: result)
            #expect(abs(everything - inside - tail) <= 1e-6 * max(1, everything), "\(name) wrote outside the map: \(c)")
        }
    }

    /// What the padding channels of the last block hold (activations need not keep zero).
    private func spill(of conv: ps_conv, in result: Guarded) -> Double {
        var c = conv
        var sum = 0.0
        let (channels, blocks) = (Int(c.out.channels), Int(ps_map_blocks(&c.out)))
        for n in 0..<Int(c.out.batch) {
            for lane in channels..<max(channels, blocks * 16) {
                for y in 0..<Int(c.out.height) {
                    for x in 0..<Int(c.out.width) {
                        sum += abs(
                            Double(
                                result.floats[
                                    n * c.out.image + lane / 16 * ps_map_plane(&c.out) + ps_map_origin(&c.out) + y * ps_map_row(&c.out) + x * 16
                                        + lane % 16]))
                    }
                }
            }
        }
        return sum
    }

    @Test("Depthwise convolution of any size, stride and dilation equals the plain sum", arguments: instructionSets)
    func depthwise(name: String) throws {
        let kernels = try #require(ps_blocked_named(name)).pointee
        var random = SplitMix(state: 11)
        for _ in 0..<120 {
            var c = ps_conv()
            let kernel = [1, 3, 5, 7][random.below(4)]
            let (stride, dilation) = (1 + random.below(2), 1 + random.below(2))
            let pad = (kernel - 1) / 2 * dilation
            let (height, width, channels) = (1 + random.below(12), 1 + random.below(30), 1 + random.below(40))
            let input = Sample(&random, batch: 1 + random.below(2), channels: channels, height: height, width: width, halo: max(1, pad))
            c.in = input.map
            let output = Sample(
                &random, batch: Int(c.in.batch), channels: channels, height: (height - 1) / stride + 1, width: (width - 1) / stride + 1, halo: 1)
            c.out = output.map
            (c.kernel_h, c.kernel_w, c.stride, c.dilation) = (Int32(kernel), Int32(kernel), Int32(stride), Int32(dilation))
            (c.pad_top, c.pad_left) = (Int32(pad), Int32(pad))
            c.activation = ps_activation(kind: random.below(2) == 0 ? PS_ACT_RELU : PS_ACT_SILU, a: 1, b: 0)
            let weights = (0..<channels * kernel * kernel).map { _ in random.signed() }
            let blocks = Int(ps_map_blocks(&c.in))
            let packed = Guarded(count: blocks * kernel * kernel * 16)
            let bias = Guarded(count: blocks * 16)
            for i in 0..<channels { bias.floats[i] = random.signed() }
            kernels.pack_depthwise(Int32(channels), Int32(kernel * kernel), weights, packed.floats.baseAddress)
            let (source, result) = (input.blocked(), Sample(&random, like: c.out, zero: true).blocked())
            kernels.depthwise(
                &c, source.floats.baseAddress, packed.floats.baseAddress, bias.floats.baseAddress, result.floats.baseAddress, 0,
                Int32(blocks) * c.in.batch)
            #expect(result.isIntact && packed.isIntact)
            var worst = 0.0
            output.forEach { place, index in
                let (x, rest) = (index % Int(c.out.width), index / Int(c.out.width))
                let (y, plane) = (rest % Int(c.out.height), rest / Int(c.out.height))
                let (channel, n) = (plane % channels, plane / channels)
                var sum = Double(bias.floats[channel])
                for ky in 0..<kernel {
                    for kx in 0..<kernel {
                        sum += Double(weights[(channel * kernel + ky) * kernel + kx])
                            * input.value(n, channel, y * stride - pad + ky * dilation, x * stride - pad + kx * dilation)
                    }
                }
                var expected = [Float(sum)]
                ps_activate(&expected, expected, 1, c.activation)
                worst = max(worst, abs(Double(result.floats[place]) - Double(expected[0])))
            }
            #expect(worst < 1e-4, "\(name) \(c)")
        }
    }
}

extension BlockedConvolutionTests.Sample {
    fileprivate init(_ random: inout SplitMix, like map: ps_map, zero: Bool = false) {
        self.init(
            &random, batch: Int(map.batch), channels: Int(map.channels), height: Int(map.height), width: Int(map.width), halo: Int(map.halo))
        if zero { values = Array(repeating: 0, count: values.count) }
    }
}

/// Memory of a kernel under test: 64-byte aligned, with a zone on both sides that must stay as it is.
private final class Guarded {
    let floats: UnsafeMutableBufferPointer<Float>
    private let bytes: UnsafeMutableRawBufferPointer
    private static let zone = 256
    private static let mark: UInt8 = 0xA5

    init(count: Int) {
        bytes = .allocate(byteCount: count * 4 + 2 * Guarded.zone, alignment: 64)
        for i in bytes.indices { bytes[i] = Guarded.mark }
        let start = bytes.baseAddress!.advanced(by: Guarded.zone).bindMemory(to: Float.self, capacity: count)
        floats = UnsafeMutableBufferPointer(start: start, count: count)
        floats.initialize(repeating: 0)
    }

    deinit { bytes.deallocate() }

    /// Nothing wrote before the first or behind the last element.
    var isIntact: Bool {
        bytes.prefix(Guarded.zone).allSatisfy { $0 == Guarded.mark } && bytes.suffix(Guarded.zone).allSatisfy { $0 == Guarded.mark }
    }
}

/// A small generator with a fixed seed, so that a failure can be repeated.
private struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// 0 ..< bound
    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
    /// -1 ... 1
    mutating func signed() -> Float { Float(next() >> 40) / Float(1 << 23) - 1 }
}
