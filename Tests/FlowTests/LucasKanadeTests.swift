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

    struct Tracked: Equatable {
        var moved: [Float]
        var found: [UInt8]
        var error: [Float]
    }

    static func track(
        _ search: LucasKanade, _ from: GreyPyramid, _ to: GreyPyramid, _ points: [Float], guess: [Float]? = nil, _ kernels: FlowKernels
    ) -> Tracked {
        var result = Tracked(
            moved: guess ?? points, found: [UInt8](repeating: 7, count: points.count / 2),
            error: [Float](repeating: -1, count: points.count / 2))
        points.withUnsafeBufferPointer { points in
            result.moved.withUnsafeMutableBufferPointer { moved in
                result.found.withUnsafeMutableBufferPointer { found in
                    result.error.withUnsafeMutableBufferPointer { error in
                        search.track(
                            from: from, to: to, points: points, moved: moved, found: found, error: error, startsFromGuess: guess != nil,
                            kernels: kernels)
                    }
                }
            }
        }
        return result
    }

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
            let got = Self.track(search(golden), from, to, golden.prev, guess: golden.initial, kernels)
            #expect(got.found == golden.status, "\(golden.pair) \(golden.config)")
            for i in golden.status.indices where golden.status[i] == 1 {
                let distance = hypotf(got.moved[2 * i] - golden.next[2 * i], got.moved[2 * i + 1] - golden.next[2 * i + 1])
                #expect(distance < 0.01, "\(golden.pair) \(golden.config) point \(i)")
                #expect(abs(got.error[i] - golden.err[i]) < 0.01, "\(golden.pair) \(golden.config) point \(i)")
            }
            guard let backward = golden.backward, let status = golden.backwardStatus else { continue }
            let back = Self.track(search(golden), to, from, golden.next, kernels)
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
        let got = Self.track(LucasKanade(), pyramid, pyramid, points, kernels)
        #expect(got == Tracked(moved: points, found: [UInt8](repeating: 1, count: 50), error: [Float](repeating: 0, count: 50)))
    }
}
