import CKernels
import Flow
import Foundation
import TestSupport
import Testing

@Suite("Dense inverse search") struct DenseSearchTests {
    struct Golden: Decodable {
        struct Case: Decodable {
            var pair, preset: String
            var width, height, first, step, cols, rows: Int
            var u, v: [Double]
        }
        var cases: [Case]
    }

    private func flow(_ preset: DenseSearch.Preset, _ first: GreyPicture, _ second: GreyPicture, _ kernels: FlowKernels) throws -> FlowField? {
        guard let search = try DenseSearch(preset, width: first.width, height: first.height, kernels: kernels) else { return nil }
        let (from, to) = (try DenseSearch.Picture(for: search), try DenseSearch.Picture(for: search))
        search.shrink(try first.pyramid(kernels), into: from)
        search.shrink(try second.pyramid(kernels), into: to)
        return try search.flow(from: from, to: to)
    }

    @Test("is OpenCV's flow to a hundredth of a pixel in the mean", arguments: instructionSets)
    func equalsOpenCV(name: String) throws {
        let cases = try Fixture.decode(Golden.self, from: "flow/dis.json").cases
        #expect(cases.count == 6)
        for golden in cases {
            let preset = try #require(DenseSearch.Preset(rawValue: golden.preset))
            let field = try #require(
                try flow(preset, GreyPicture(fixture: golden.pair + "_a"), GreyPicture(fixture: golden.pair + "_b"), .named(name)))
            var (sum, worst) = (0.0, 0.0)
            for j in 0..<golden.rows {
                for i in 0..<golden.cols {
                    let got = field(Double(golden.first + i * golden.step), Double(golden.first + j * golden.step))
                    let n = j * golden.cols + i
                    let error = hypot(got.u - golden.u[n], got.v - golden.v[n])
                    sum += error
                    worst = max(worst, error)
                }
            }
            #expect(sum / Double(golden.u.count) < 0.01, "\(golden.pair) \(golden.preset)")
            #expect(worst < 0.1, "\(golden.pair) \(golden.preset)")
        }
    }

    @Test("every instruction set gives the same bits, and so does a second run", arguments: DenseSearch.Preset.allCases)
    func sameBits(preset: DenseSearch.Preset) throws {
        for (width, height) in [(8, 8), (9, 30), (33, 17), (64, 40), (131, 77), (250, 121)] {
            let first = GreyPicture.texture(width: width, height: height, seed: 2)
            let second = GreyPicture.texture(width: width, height: height, seed: 2) { ($0 * 0.98 - 3.1, $1 + 2.2) }
            var want: [Double]?
            for name in instructionSets + ["plain"] {
                let field = try #require(try flow(preset, first, second, .named(name)))
                var got: [Double] = []
                for y in stride(from: -3, to: height + 3, by: 3) {
                    for x in stride(from: -3, to: width + 3, by: 3) {
                        let value = field(Double(x), Double(y))
                        got += [value.u, value.v]
                    }
                }
                let isFinite = got.allSatisfy { $0.isFinite }
                #expect(isFinite)
                if let want { #expect(got == want, "\(name) \(width)x\(height)") } else { want = got }
            }
        }
    }

    @Test("there is no patch in a picture below eight pixels, and equal pictures do not move")
    func edges() throws {
        let kernels = try FlowKernels(FlowOptions())
        let flat = GreyPicture.texture(width: 300, height: 7, seed: 1)
        #expect(try flow(.fast, flat, flat, kernels) == nil)
        let picture = GreyPicture.texture(width: 100, height: 60, seed: 1)
        for preset in DenseSearch.Preset.allCases {
            let field = try #require(try flow(preset, picture, picture, kernels))
            #expect(abs(field(50, 30).u) < 1e-3 && abs(field(10, 55).v) < 1e-3)
        }
    }

    @Test("kernels write nothing beside their memory", arguments: instructionSets)
    func guards(name: String) throws {
        let table = try #require(ps_dis_named(name)).pointee
        let kernels = try FlowKernels.named(name)
        var random = SplitMix(state: 8)
        for round in 0..<24 {
            let (width, height) = (8 + random.below(150), 8 + random.below(90))
            var how = ps_dis(finest: Int32(round % 3), coarsest: 0, stride: Int32(3 + round % 2), steps: 4, refinements: Int32(round % 2 * 2))
            try #require(ps_dis_scales(&how, Int32(width), Int32(height)) == 1)
            let byteCount = ps_dis_picture_layout(nil, &how, nil, Int32(width), Int32(height))
            let memories = [GuardedBytes(count: byteCount), GuardedBytes(count: byteCount)]
            let work = GuardedBytes(count: 4 * ps_dis_work_floats(&how, Int32(width), Int32(height)))
            let result = GuardedBytes(count: 4 * ps_dis_field_floats(&how, Int32(width), Int32(height)))
            func floats(_ memory: GuardedBytes) -> UnsafeMutablePointer<Float> {
                UnsafeMutableRawPointer(memory.start).assumingMemoryBound(to: Float.self)
            }
            var pictures = [ps_dis_picture(), ps_dis_picture()]
            for n in 0..<2 {
                _ = ps_dis_picture_layout(&pictures[n], &how, memories[n].start, Int32(width), Int32(height))
                let pyramid = try GreyPicture.texture(width: width, height: height, seed: UInt64(n)).pyramid(kernels)
                var full = pyramid.level(0)
                table.shrink(&how, &full, &pictures[n], floats(work))
                withExtendedLifetime(pyramid) {}
            }
            // Pictures that have nothing in common: patches run as far as they may.
            var small = table.flow(&how, &pictures[0], &pictures[1], floats(result), floats(work))
            let (u, v) = (GuardedBytes(count: 4 * width * height), GuardedBytes(count: 4 * width * height))
            let line = GuardedBytes(count: 4 * 2 * (Int(small.width) + 16))
            var full = ps_field(u: floats(u), v: floats(v), row: width, width: Int32(width), height: Int32(height))
            table.expand(&small, Float(1 << how.finest), &full, floats(line))
            for memory in memories + [work, result, u, v, line] { #expect(memory.isIntact, "\(width)x\(height)") }
        }
    }
}
