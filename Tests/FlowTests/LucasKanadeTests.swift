import CKernels
import Flow
import Foundation
import TestSupport
import Testing

@Suite("Lucas-Kanade") struct LucasKanadeTests {
    struct Golden: Decodable {
        struct Case: Decodable, CustomTestStringConvertible {
            var pair, config: String
            var win, maxLevel, iters: Int
            var eps, minEig: Float
            var errIsMinEig: Bool
            var prev, next: [Float]
            var initial: [Float]?
            var status: [UInt8]
            var err: [Float]
            var backward: [Float]?
            var backwardStatus: [UInt8]?
            var testDescription: String { "\(pair) \(config)" }
        }
        var cases: [Case]
    }

    static let golden = Result { try Fixture.decode(Golden.self, from: "flow/lk.json").cases }

    private func search(_ golden: Golden.Case) -> LucasKanade {
        var search = LucasKanade()
        (search.window, search.coarserLevels, search.iterations) = (golden.win, golden.maxLevel, golden.iters)
        (search.epsilon, search.leastEigenvalue, search.errorIsEigenvalue) = (golden.eps, golden.minEig, golden.errIsMinEig)
        return search
    }

    @Test("finds what OpenCV 5 finds, loses what it loses", arguments: instructionSets)
    func equalsOpenCV(name: String) throws {
        let kernels = try FlowKernels.named(name)
        let cases = try Self.golden.get()
        #expect(cases.count == 21)
        for golden in cases {
            let from = try GreyPicture(fixture: golden.pair + "_a").pyramid(kernels)
            let to = try GreyPicture(fixture: golden.pair + "_b").pyramid(kernels)
            let got = search(golden).track(from: from, to: to, points: golden.prev, guesses: golden.initial, kernels: kernels)
            #expect(got.found == golden.status, "\(golden.pair) \(golden.config)")
            for i in golden.status.indices where golden.status[i] == 1 {
                let distance = hypotf(got.moved[2 * i] - golden.next[2 * i], got.moved[2 * i + 1] - golden.next[2 * i + 1])
                #expect(distance < 0.01, "\(golden.pair) \(golden.config) point \(i)")
                #expect(abs(got.error[i] - golden.err[i]) < 0.01, "\(golden.pair) \(golden.config) point \(i)")
            }
            guard let backward = golden.backward, let status = golden.backwardStatus else { continue }
            let back = search(golden).track(from: to, to: from, points: golden.next, kernels: kernels)
            #expect(back.found == status)
            for i in status.indices where status[i] == 1 && golden.status[i] == 1 {
                #expect(hypotf(back.moved[2 * i] - backward[2 * i], back.moved[2 * i + 1] - backward[2 * i + 1]) < 0.01)
            }
        }
    }

    @Test("a halved picture equals OpenCV's pyrDown, byte for byte", arguments: instructionSets)
    func halving(name: String) throws {
        let pyramid = try GreyPicture(fixture: "lk1_a").pyramid(try .named(name))
        let want = try GreyPicture(fixture: "lk1_a_pyr1")
        let level = pyramid.level(1)
        #expect(level.width == want.width && level.height == want.height)
        for y in 0..<want.height { for x in 0..<want.width { #expect(level.base[y * level.row + x] == want[x, y]) } }
    }

    @Test("equal pictures do not move: flow 0, error 0")
    func standstill() throws {
        let kernels = try FlowKernels(FlowOptions())
        let pyramid = try GreyPicture.texture(width: 200, height: 120, seed: 3).pyramid(kernels)
        let points = (0..<50).flatMap { (i: Int) -> [Float] in [Float(20 + 3 * i), Float(20 + i)] }
        let got = LucasKanade().track(from: pyramid, to: pyramid, points: points, kernels: kernels)
        #expect(got.moved == points)
        #expect(got.found.allSatisfy { $0 == 1 } && got.error.allSatisfy { $0 == 0 })
    }

    @Test("every instruction set gives the same bits, for points anywhere in and around pictures of any size, twice")
    func sameBits() throws {
        var random = SplitMix(state: 11)
        for (width, height) in [(1, 1), (1, 40), (40, 1), (7, 9), (20, 20), (33, 64), (131, 77), (256, 144)] {
            let first = GreyPicture.texture(width: width, height: height, seed: 1)
            let second = GreyPicture.texture(width: width, height: height, seed: 1) { ($0 * 1.01 - 2.3, $1 + 1.7) }
            let around: (Int) -> Float = { Float(-40 + random.unit() * Double($0 + 80)) }
            var points: [Float] = []
            for _ in 0..<125 { points += [around(width), around(height)] }
            points += [.nan, 0, .infinity, 5, -1e30, 1e30, 3, -.infinity, 1e9, 2]
            for window in [3, 9, 15, 16 + 1, 21, 31] {
                var search = LucasKanade()
                search.window = window
                search.exposure = Exposure(gain: window == 15 ? 1.7 : window == 9 ? 0.6 : 1, offset: window == 15 ? -30 : 0)
                var want: LucasKanade.Result?
                for name in instructionSets + instructionSets {
                    let kernels = try FlowKernels.named(name)
                    let got = search.track(from: try first.pyramid(kernels), to: try second.pyramid(kernels), points: points, kernels: kernels)
                    var bits = got
                    bits.moved = got.moved.map { $0.isNaN ? 0 : $0 }
                    if let want { #expect(bits == want, "\(name) \(width)x\(height) window \(window)") } else { want = bits }
                    #expect(got.found.suffix(5).allSatisfy { $0 == 0 }, "not a place in the picture")
                }
            }
        }
    }

    @Test("a change of exposure is followed once it is known")
    func exposure() throws {
        let kernels = try FlowKernels(FlowOptions())
        let first = GreyPicture.texture(width: 240, height: 160, seed: 9)
        var second = GreyPicture.texture(width: 240, height: 160, seed: 9) { ($0 - 2.5, $1 + 1.25) }
        second.pixels = second.pixels.map { UInt8(Double($0) * 0.7 + 12) }
        let (from, to) = (try first.pyramid(kernels), try second.pyramid(kernels))
        let points = (0..<40).flatMap { (i: Int) -> [Float] in [Float(30 + 4 * i), Float(40 + 2 * i)] }
        func error(_ exposure: Exposure) -> Double {
            var search = LucasKanade()
            search.exposure = exposure
            let got = search.track(from: from, to: to, points: points, kernels: kernels)
            var sum = 0.0
            for i in 0..<40 {
                let (dx, dy) = (Double(got.moved[2 * i] - points[2 * i]), Double(got.moved[2 * i + 1] - points[2 * i + 1]))
                sum += hypot(dx - 2.5, dy + 1.25)
            }
            return sum / 40
        }
        #expect(error(Exposure(gain: 1 / 0.7, offset: -12 / 0.7)) < 0.05)
        #expect(error(.unchanged) > 0.5)
    }

    @Test("the reference pair that is brighter by 6 % and 4 levels is followed there and back once its exposure is measured")
    func measuredExposure() throws {
        let kernels = try FlowKernels(FlowOptions())
        let (from, to) = (try GreyPicture(fixture: "lk2_a").pyramid(kernels), try GreyPicture(fixture: "lk2_b").pyramid(kernels))
        let golden = try #require(try Self.golden.get().first { $0.pair == "lk2" })
        var detector = SceneCutDetector()
        _ = detector.judge(Thumbnail(from), time: 0)
        let exposure = detector.judge(Thumbnail(to), time: 0.04).exposure
        #expect(abs(exposure.gain - 1 / 1.06) < 0.03)
        func returned(_ exposure: Exposure, _ back: Exposure) -> Int {
            var search = LucasKanade()
            search.exposure = exposure
            let there = search.track(from: from, to: to, points: golden.prev, kernels: kernels)
            search.exposure = back
            let home = search.track(from: to, to: from, points: there.moved, kernels: kernels)
            return golden.status.indices.count { i in
                let distance = hypotf(home.moved[2 * i] - golden.prev[2 * i], home.moved[2 * i + 1] - golden.prev[2 * i + 1])
                return there.found[i] == 1 && home.found[i] == 1 && distance <= 0.5
            }
        }
        #expect(returned(.unchanged, .unchanged) == 12)
        #expect(returned(exposure, Exposure(gain: 1 / exposure.gain, offset: -exposure.offset / exposure.gain)) >= 36)
    }

    @Test("kernels write nothing beside a level and its border", arguments: instructionSets)
    func guards(name: String) throws {
        let table = try #require(ps_flow_named(name)).pointee
        var random = SplitMix(state: 5)
        for _ in 0..<40 {
            let (width, height) = (1 + random.below(90), 1 + random.below(60))
            let (halfWidth, halfHeight) = ((width + 1) / 2, (height + 1) / 2)
            let source = GuardedBytes(count: ps_grey_bytes(Int32(width), Int32(height)))
            let target = GuardedBytes(count: ps_grey_bytes(Int32(halfWidth), Int32(halfHeight)))
            let sums = GuardedBytes(count: 2 * ps_halve_sums(Int32(width)))
            var from = ps_grey_in(source.start, Int32(width), Int32(height))
            var to = ps_grey_in(target.start, Int32(halfWidth), Int32(halfHeight))
            for y in 0..<height { for x in 0..<width { from.base[y * from.row + x] = UInt8(random.below(256)) } }
            ps_grey_fill_border(&from, PS_BORDER_MIRROR)
            table.halve(&from, &to, UnsafeMutableRawPointer(sums.start).assumingMemoryBound(to: Int16.self))
            ps_grey_fill_border(&to, PS_BORDER_MIRROR)
            #expect(source.isIntact && target.isIntact && sums.isIntact)
            // Against the definition, with the border mirrored once more.
            func at(_ i: Int, _ n: Int) -> Int {
                var i = i
                while n > 1, i < 0 || i >= n { i = i < 0 ? -i : 2 * n - 2 - i }
                return n > 1 ? i : 0
            }
            let tap = [1, 4, 6, 4, 1]
            for y in 0..<halfHeight {
                for x in 0..<halfWidth {
                    var sum = 128
                    for j in 0..<5 {
                        for i in 0..<5 {
                            sum += tap[i] * tap[j] * Int(from.base[at(2 * y + j - 2, height) * from.row + at(2 * x + i - 2, width)])
                        }
                    }
                    #expect(Int(to.base[y * to.row + x]) == sum >> 8)
                }
            }
        }
    }
}
