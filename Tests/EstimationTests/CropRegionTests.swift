import Estimation
import Geometry
import Sampling
import TestSupport
import Testing

/// fixtures/topdown/affine.json: the official code's centre, scale and matrices.
@Suite("Crop regions") struct CropRegionTests {
    struct File: Decodable {
        struct Case: Decodable {
            var box: [Double]
            var input: [Int]
            var rotation: Double
            var center: [Double]
            var scale: [Double]
            var forward: [Double]
            var inverse_from_heatmap: [Double]
        }
        var cases: [Case]
    }

    @Test("centre, scale and both maps equal the official code's")
    func official() throws {
        let file = try Fixture.decode(File.self, from: "topdown/affine.json")
        #expect(file.cases.count == 30)
        for golden in file.cases {
            let box = Box(x: golden.box[0], y: golden.box[1], width: golden.box[2], height: golden.box[3])
            let input = InputSize(width: golden.input[0], height: golden.input[1])
            let region = CropRegion(box: box, input: input)
            #expect([region.centerX, region.centerY] == golden.center.map { Float($0) })
            #expect([region.scaleX, region.scaleY] == golden.scale.map { Float($0) })
            let forward = region.forward(to: input, rotation: golden.rotation)
            let back = region.back(from: InputSize(width: input.width / 4, height: input.height / 4))
            if box.width == 0, box.height == 0 {
                #expect(forward == nil)
                #expect(region.area == 0)
                continue
            }
            expectNear(try #require(forward), golden.forward, "forward \(golden.box)")
            expectNear(try #require(back), golden.inverse_from_heatmap, "back \(golden.box)")
        }
    }

    private func expectNear(_ map: Affine, _ wanted: [Double], _ what: String) {
        let got = [map.a, map.b, map.tx, map.c, map.d, map.ty]
        // The shifts are sums of products of coefficient and centre: an error relative to the largest of them.
        let size = wanted.map(abs).max() ?? 0
        #expect(zip(got, wanted).allSatisfy { abs($0 - $1) <= 1e-9 * max(size, 1e-300) }, "\(what): \(got) \(wanted)")
        for index in [0, 1, 3, 4] {
            let size = max(abs(wanted[0]), abs(wanted[4]), abs(wanted[1]), abs(wanted[3]))
            #expect(abs(got[index] - wanted[index]) <= 1e-9 * size, "\(what)")
        }
    }

    @Test("boxes that are not numbers or endless have no map, and make no trap")
    func strange() {
        let input = InputSize(width: 192, height: 256)
        for box in [
            Box(x: .nan, y: 0, width: 10, height: 10), Box(x: 0, y: 0, width: .infinity, height: 10),
            Box(x: 0, y: 0, width: 1e300, height: 1e300), Box(x: 0, y: 0, width: -.infinity, height: .nan),
        ] {
            let region = CropRegion(box: box, input: input)
            if let map = region.forward(to: input) { #expect(!map.tx.isFinite || !map.ty.isFinite || map.a.isFinite) }
        }
    }
}
