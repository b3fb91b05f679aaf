import Detection
import Sampling
import Testing

@Suite("Recognising a detector by its outputs") struct DetectorKindTests {
    private let input = InputSize(width: 416, height: 416)

    private func nanoDet(_ shapes: [[Int]], _ input: InputSize) -> NanoDetLayout? {
        guard case .nanoDet(let layout) = DetectorKind.recognise(shapes, input: input) else { return nil }
        return layout
    }

    @Test("YOLOX with any number of classes and any input size")
    func yolox() {
        #expect(DetectorKind.recognise([[1, 3549, 85]], input: input) == .yolox(classes: 80))
        #expect(DetectorKind.recognise([[1, 3549, 6]], input: input) == .yolox(classes: 1))
        #expect(DetectorKind.recognise([[1, 8400, 85]], input: InputSize(width: 640, height: 640)) == .yolox(classes: 80))
        #expect(DetectorKind.recognise([[1, 2100, 12]], input: InputSize(width: 320, height: 320)) == .yolox(classes: 7))
        #expect(DetectorKind.recognise([[126, 85]], input: InputSize(width: 96, height: 64)) == .yolox(classes: 80))
    }

    @Test("the three generations of NanoDet, with their outputs in any order")
    func nanoDet() {
        let first = [[1, 2704, 80], [1, 676, 80], [1, 169, 80], [1, 2704, 32], [1, 676, 32], [1, 169, 32]]
        for shapes in [first, first.reversed(), [first[3], first[0], first[4], first[1], first[5], first[2]]] {
            let layout = nanoDet(shapes, input)
            #expect(layout?.classes == 80 && layout?.center == .middlePixel && layout?.keepsRatio == true)
            for level in layout?.levels ?? [] {
                #expect(shapes[level.scores][2] == 80 && shapes[level.distances][2] == 32)
                #expect(shapes[level.scores][1] == (416 / level.stride) * (416 / level.stride))
            }
        }
        let plus = nanoDet([[1, 3598, 112]], input)
        #expect(plus?.classes == 80 && plus?.center == .corner && plus?.levels.map(\.stride) == [8, 16, 32, 64])
        #expect(plus?.keepsRatio == false && plus?.levels.map(\.firstRow) == [0, 2704, 3380, 3549])
        let small = nanoDet([[1, 2125, 33]], InputSize(width: 320, height: 320))
        #expect(small?.classes == 1 && small?.center == .corner)
        let middle = nanoDet([[1, 3549, 112]], input)
        #expect(middle?.center == .middle && middle?.levels.count == 3)
        // 32 classes: the order tells classes from distances.
        let equal = nanoDet([[2704, 32], [2704, 32], [676, 32], [676, 32], [169, 32], [169, 32]], input)
        #expect(equal?.levels.map(\.scores) == [0, 2, 4] && equal?.levels.map(\.distances) == [1, 3, 5])
    }

    @Test("what is neither is not taken for one")
    func others() {
        let others: [[[Int]]] = [
            [], [[]], [[1, 84, 3549]], [[1, 25200, 85]], [[1, 3549, 5]], [[2, 3549, 85]], [[1, 3549]], [[1, 17, 64, 48]],
            [[1, 100, 4], [1, 100]], [[1, 2704, 80], [1, 676, 80], [1, 169, 80], [1, 2704, 32], [1, 676, 32], [1, 169, 31]],
            [[1, 2704, 80], [1, 676, 80], [1, 169, 79], [1, 2704, 32], [1, 676, 32], [1, 169, 32]],
            [[1, 2704, 80], [1, 676, 80], [1, 2704, 80], [1, 2704, 32], [1, 676, 32], [1, 169, 32]],
        ]
        for shapes in others { #expect(DetectorKind.recognise(shapes, input: input) == nil, "\(shapes)") }
        #expect(DetectorKind.recognise([[1, 3549, 85]], input: InputSize(width: 0, height: -3)) == nil)
    }
}
