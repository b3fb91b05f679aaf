import CKernels
import Geometry
import Sampling
import TestSupport
import Testing

/// Crops of OpenCV 4.8.1 (fixtures/topdown/crops.json).
@Suite("Crops against OpenCV") struct GoldenCropTests {
    struct File: Decodable {
        struct Case: Decodable {
            var picture: String
            var size: [Int]
            var output: [Int]
            var matrix: [Double]
            var offset: Int
            var bytes: Int
            var sum: Int
        }
        var cases: [Case]
    }

    static func picture(_ kind: String, width: Int, height: Int) -> [UInt8] {
        if kind == "noise" {
            return FormulaStream.top24("picture.noise", width * height * 3).map { UInt8($0 >> 16) }
        }
        var out: [UInt8] = []
        for y in 0..<height {
            for x in 0..<width {
                for c in 0..<3 { out.append(UInt8(((3 * x + 5 * y + 40 * c) / 4 + 48 * ((x / 16 + y / 16) & 1)) & 255)) }
            }
        }
        return out
    }

    @Test("equal OpenCV 4's warpAffine bit for bit, in either channel order and mirrored")
    func equalsOpenCV() throws {
        let blob = try Fixture.bytes("topdown/crops.bin")
        let file = try Fixture.decode(File.self, from: "topdown/crops.json")
        #expect(file.cases.count == 11)
        for golden in file.cases {
            let (width, height) = (golden.output[0], golden.output[1])
            let picture = TestPicture(
                rgb: Self.picture(golden.picture, width: golden.size[0], height: golden.size[1]), width: golden.size[0],
                height: golden.size[1])
            let m = golden.matrix
            let map = Affine(a: m[0], b: m[1], tx: m[2], c: m[3], d: m[4], ty: m[5])
            let wanted = Array(blob[golden.offset..<golden.offset + golden.bytes])

            let straight = crop(picture, map, width, height, .rgb, mirrored: false)
            #expect(straight == wanted, "\(golden.picture) \(golden.size)")
            #expect(straight.reduce(0) { $0 + Int($1) } == golden.sum)

            let turned = crop(picture, map, width, height, .bgr, mirrored: true)
            var expected = wanted
            for y in 0..<height {
                for x in 0..<width {
                    for c in 0..<3 { expected[(y * width + x) * 3 + c] = wanted[(y * width + width - 1 - x) * 3 + 2 - c] }
                }
            }
            #expect(turned == expected, "mirrored \(golden.picture) \(golden.size)")
        }
        for system in ["SimpleBaseline", "HRNet"] { Agreement.tell(system, "crops, \(file.cases.count) beside OpenCV 4.8.1", "bit for bit") }
    }

    private func crop(
        _ picture: TestPicture, _ map: Affine, _ width: Int, _ height: Int, _ order: ChannelOrder, mirrored: Bool
    ) -> [UInt8] {
        let sampler = InputSampler(
            width: width, height: height, normalization: PixelNormalization(order: order, scale: [1, 1, 1], bias: [0, 0, 0]))
        var planes = [Float](repeating: -1, count: sampler.count)
        planes.withUnsafeMutableBufferPointer { sampler.warp(picture.image, through: map, mirrored: mirrored, into: $0) }
        let bytes = Array(sampler.crop)
        // The floats are the bytes, plane by plane.
        for c in 0..<3 {
            for i in 0..<width * height where planes[c * width * height + i] != Float(bytes[i * 3 + c]) {
                Issue.record("plane \(c) differs from the crop at \(i)")
                return []
            }
        }
        return bytes
    }

    @Test("maps that point nowhere, blow up or are not numbers give a crop and no crash")
    func strangeMaps() {
        let picture = TestPicture(rgb: [10, 20, 30, 40, 50, 60], width: 2, height: 1)
        let far = Affine(a: 1, b: 0, tx: 1e18, c: 0, d: 1, ty: -1e300)
        #expect(crop(picture, far, 5, 4, .rgb, mirrored: false).allSatisfy { $0 == 0 })
        let nothing = Affine(a: .nan, b: .infinity, tx: .nan, c: 0, d: -.infinity, ty: .nan)
        #expect(crop(picture, nothing, 5, 4, .rgb, mirrored: false).count == 60)
        let singular = Affine(a: 0, b: 0, tx: 0, c: 0, d: 0, ty: 0)
        #expect(crop(picture, singular, 2, 1, .rgb, mirrored: false) == [10, 20, 30, 10, 20, 30])
        let tiny = Affine(a: 1e-300, b: 0, tx: 0, c: 0, d: 1e-300, ty: 0)
        #expect(crop(picture, tiny, 3, 3, .rgb, mirrored: false).count == 27)
    }
}
