import Diagnostics
import Engine
import Foundation
import TestSupport
import Testing

struct ResizeTests {
    private static let coordinates: [Resize.Coordinates] = [
        .halfPixel, .pytorchHalfPixel, .halfPixelSymmetric, .alignCorners, .asymmetric, .tfHalfPixelForNearest,
    ]

    private static let sizes: [([Int], [Int])] = [
        ([4, 5], [8, 10]), ([4, 5], [2, 3]), ([5, 8], [4, 8]), ([1, 3], [4, 1]), ([7, 3], [1, 1]), ([6, 6], [6, 6]),
    ]

    /// Where an output pixel lies, written down once more from the standard.
    private func position<Real: BinaryFloatingPoint>(
        _ x: Int, _ input: Int, _ output: Int, _ scale: Real, _ rule: Resize.Coordinates
    ) -> Real {
        let x = Real(x)
        let square: Real = (x + 0.5) / scale - 0.5
        return switch rule {
        case .halfPixel: square
        case .pytorchHalfPixel: output == 1 ? 0 : square
        case .halfPixelSymmetric: Real(input) / 2 * (1 - Real(output) / (scale * Real(input))) + square
        case .alignCorners: output == 1 ? 0 : x * Real(input - 1) / Real(output - 1)
        case .asymmetric: x / scale
        case .tfHalfPixelForNearest: (x + 0.5) / scale
        }
    }

    /// Interpolates the two last axes at once, from the definition.
    private func reference(
        _ values: [Double], _ planes: Int, _ size: [Int], _ out: [Int], _ scale: [Double], _ op: Resize
    ) -> [Double] {
        func taps(_ x: Int, _ axis: Int) -> [(Int, Double)] {
            let last = size[axis] - 1
            // An axis that stays as it is is not moved by half a pixel.
            if size[axis] == out[axis], scale[axis] == 1 { return [(x, 1)] }
            let p = position(x, size[axis], out[axis], scale[axis], op.coordinates)
            switch op.mode {
            case .nearest(let rounding):
                // The standard's evaluators work in float32, which decides where two neighbours are equally near.
                let p = Double(position(x, size[axis], out[axis], Float(scale[axis]), op.coordinates))
                let nearest = switch rounding {
                case .preferFloor: p == p.rounded(.down) + 0.5 ? p.rounded(.down) : p.rounded()
                case .preferCeil: (p + 0.5).rounded(.down)
                case .floor: p.rounded(.down)
                case .ceil: p.rounded(.up)
                }
                return [(min(max(Int(nearest), 0), last), 1)]
            case .linear:
                let c = min(max(p, 0), Double(last)), f = Int(c)
                return [(f, 1 - (c - Double(f))), (min(f + 1, last), c - Double(f))]
            case .cubic(let coefficient):
                let a = Double(coefficient), f = Int(p.rounded(.down))
                var taps = (-1...2).map { k -> (Int, Double) in
                    let d = abs(p - Double(f + k))
                    let near: Double = ((a + 2) * d - (a + 3)) * d * d + 1
                    let far: Double = ((a * d - 5 * a) * d + 8 * a) * d - 4 * a
                    let weight: Double = d <= 1 ? near : far
                    return (f + k, op.excludesOutside && (f + k < 0 || f + k > last) ? 0 : weight)
                }
                if op.excludesOutside {
                    let sum = taps.reduce(0) { $0 + $1.1 }
                    taps = taps.map { ($0.0, $0.1 / sum) }
                }
                return taps.map { (min(max($0.0, 0), last), $0.1) }
            }
        }
        var result: [Double] = []
        for plane in 0..<planes {
            for y in 0..<out[0] {
                for x in 0..<out[1] {
                    var sum = 0.0
                    for (row, a) in taps(y, 0) {
                        for (column, b) in taps(x, 1) {
                            let value: Double = values[(plane * size[0] + row) * size[1] + column]
                            sum += a * b * value
                        }
                    }
                    result.append(sum)
                }
            }
        }
        return result
    }

    @Test("resizing by sizes equals the definition for every mode and every rule of coordinates", arguments: coordinates)
    func bySizes(rule: Resize.Coordinates) throws {
        var random = SeededGenerator(seed: 12)
        let modes: [Resize.Mode] = [
            .nearest(.floor), .nearest(.ceil), .nearest(.preferFloor), .nearest(.preferCeil), .linear,
            .cubic(coefficient: -0.75), .cubic(coefficient: -0.5),
        ]
        for mode in modes {
            for (size, out) in Self.sizes {
                for excludes in [false, true] {
                    let x = Tensor.random([2, 3] + size, &random)
                    let op = Resize(mode, rule, target: .sizes([2, 3] + out), excludesOutside: excludes)
                    let got = try runGuarded(op, [x])[0]
                    #expect(got.shape == [2, 3] + out)
                    let scale = zip(out, size).map { Double($0) / Double($1) }
                    let want = reference(x.floats.map { Double($0) }, 6, size, out, scale, op)
                    #expect(worstError(got.floats, want) < 2e-6, "\(mode) \(rule) \(size) to \(out)")
                }
            }
        }
    }

    @Test("a scale that is no ratio of sizes is used as it is")
    func byScales() throws {
        var random = SeededGenerator(seed: 13)
        let x = Tensor.random([1, 2, 5, 7], &random)
        for mode in [Resize.Mode.linear, .cubic(coefficient: -0.75), .nearest(.floor)] {
            let scales = Tensor([1, 1, 1.7, 0.6] as [Float], shape: [4])
            let op = Resize(mode, .halfPixel)
            let got = try runGuarded(op, [x, nil, scales])[0]
            #expect(got.shape == [1, 2, 8, 4])
            let want = reference(
                x.floats.map { Double($0) }, 2, [5, 7], [8, 4], [Double(Float(1.7)), Double(Float(0.6))], op)
            #expect(worstError(got.floats, want) < 2e-6)
        }
    }

    @Test("any axis can be resized, in any order of axes, and nearest moves any type")
    func anyAxis() throws {
        let x = Tensor([1, 2, 3, 4, 5, 6] as [Int64], shape: [3, 2, 1])
        let got = try runGuarded(Resize(.nearest(.floor), .asymmetric, target: .sizes([2, 6]), axes: [2, 0]), [x])[0]
        #expect(got.shape == [6, 2, 2])
        #expect(got.integers == [1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4, 5, 5, 6, 6, 5, 5, 6, 6])
        let line = Tensor([0, 10] as [Float], shape: [2, 1, 1, 1])
        #expect(try runGuarded(Resize(.linear, .alignCorners, target: .sizes([5]), axes: [0]), [line])[0].floats == [0, 2.5, 5, 7.5, 10])
        let cube = Tensor([0, 1, 2, 3, 4, 5, 6, 7] as [Float], shape: [2, 2, 2])
        var ramp: [Float] = []
        for z in 0..<3 { for y in 0..<3 { for x in 0..<3 { ramp.append(Float(4 * z + 2 * y + x) / 2) } } }
        #expect(try runGuarded(Resize(.linear, .alignCorners, target: .sizes([3, 3, 3])), [cube])[0].floats == ramp)
    }

    @Test("a size that keeps the picture's shape is the smaller or the larger of those asked for")
    func aspectRatio() throws {
        let x = ValueInfo(.float32, [1, 1, 4, 8])
        func shape(_ ratio: Resize.AspectRatio) throws -> [Int] {
            try Resize(.linear, target: .sizes([8, 8]), axes: [2, 3], aspectRatio: ratio).infer([x])[0].shape
        }
        #expect(try shape(.stretch) == [1, 1, 8, 8])
        #expect(try shape(.notLarger) == [1, 1, 4, 8])
        #expect(try shape(.notSmaller) == [1, 1, 8, 16])
    }

    @Test("sizes and scales that no picture has are refused")
    func misfits() {
        let x = ValueInfo(.float32, [1, 1, 4, 4])
        for target in [
            Resize.Target.sizes([1, 1, 1 << 60, 4]), .sizes([1, 1, 0, 4]), .sizes([1, 1, -3, 4]), .sizes([8, 8]), .inputs,
            .scales([1, 1, .nan, 1]), .scales([1, 1, -1, 1]), .scales([1, 1, 1e30, 1]), .scales([1, 1, 0.01, 1]),
            .scales([1, 1, .infinity, 1]), .scales([]),
        ] {
            #expect(throws: Failure.self, "\(target)") { try Resize(.linear, target: target).infer([x]) }
        }
        #expect(throws: Failure.self) { try Resize(.linear, target: .sizes([8, 8]), axes: [2, 4]).infer([x]) }
        #expect(throws: Failure.self) { try Resize(.linear, target: .sizes([8, 8]), axes: [2, 2]).infer([x]) }
    }

    private struct CubicCases: Decodable {
        struct Case: Decodable {
            var map: [Float]
            var h, w, factor: Int
            var out: [Double]
            var then_crop_top_left_bottom_right: [Int]?
            var then_resize_to_h_w: [Int]?
        }
        var tolerance: Double
        var cases: [Case]
    }

    @Test("cubic resizing equals OpenCV's", .enabled(if: Shared.isPresent, Comment(rawValue: Shared.absent)))
    func openCVCubic() throws {
        let data = try Data(contentsOf: Shared.file("reference/bottomup/decode/cubic.json"))
        let golden = try JSONDecoder().decode(CubicCases.self, from: data)
        #expect(!golden.cases.isEmpty)
        for c in golden.cases {
            var size = [c.h * c.factor, c.w * c.factor]
            var got = try runGuarded(
                Resize.to(height: size[0], width: size[1], .cubic(coefficient: -0.75)), [Tensor(c.map, shape: [1, 1, c.h, c.w])])[0].floats
            if let crop = c.then_crop_top_left_bottom_right, let target = c.then_resize_to_h_w {
                let rows = crop[0]..<size[0] - crop[2]
                got = rows.flatMap { y in got[y * size[1] + crop[1]..<(y + 1) * size[1] - crop[3]] }
                size = [rows.count, size[1] - crop[1] - crop[3]]
                got = try runGuarded(
                    Resize.to(height: target[0], width: target[1], .cubic(coefficient: -0.75)), [Tensor(got, shape: [1, 1] + size)])[0].floats
            }
            #expect(zip(got, c.out).allSatisfy { abs(Double($0) - $1) <= golden.tolerance })
            #expect(got.count == c.out.count)
        }
    }
}
