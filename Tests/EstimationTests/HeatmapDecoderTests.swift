import CKernels
import Estimation
import Foundation
import Geometry
import Pose
import Sampling
import TestSupport
import Testing

/// fixtures/topdown/decode.json and flip.json: the official code's decoding and flip test.
@Suite("Reading heatmaps") struct HeatmapDecoderTests {
    struct File: Decodable {
        struct Case: Decodable {
            var name: String
            var map: [Float]
            var coords: [Double]
            var maxval: Float
            var refined: [Double]
            var image: [Double]
            var mmpose_refined: [Double]
            var mmpose_image: [Double]
        }
        var width: Int
        var height: Int
        var center: [Float]
        var scale: [Float]
        var cases: [Case]
    }

    @Test("maximum, quarter offset and the way back equal the official code and mmpose")
    func decode() throws {
        let file = try Fixture.decode(File.self, from: "topdown/decode.json")
        #expect(file.cases.count == 26)
        let size = InputSize(width: file.width, height: file.height)
        var region = CropRegion(box: Box(x: 33.5, y: -12.25, width: 77, height: 140.5), input: InputSize(width: 48, height: 64))
        #expect([region.scaleX, region.scaleY] == file.scale)
        (region.centerX, region.centerY) = (file.center[0], file.center[1])
        var worst = 0.0
        for golden in file.cases {
            try golden.map.withUnsafeBufferPointer { map in
                func check(_ decoder: HeatmapDecoder, _ refined: [Double], _ image: [Double]?) throws {
                    let peak = decoder.peak(map, size)
                    #expect([peak.x, peak.y] == refined, "\(golden.name) \(decoder.refinement)")
                    #expect(peak.maximum == golden.maxval, "\(golden.name)")
                    guard let image else { return }
                    let back = try #require(decoder.back(from: size, region))
                    let place = back(Point(x: peak.x, y: peak.y))
                    #expect(abs(place.x - image[0]) < 1e-6 && abs(place.y - image[1]) < 1e-6, "\(golden.name)")
                    worst = max(worst, abs(place.x - image[0]), abs(place.y - image[1]))
                    // As joints: the same place, or none where nothing is positive.
                    let joint = decoder.joints(map, count: 1, size, through: back)[0]
                    #expect(joint == (golden.maxval > 0 ? Keypoint(position: place, score: Double(golden.maxval)) : .missing))
                }
                try check(HeatmapDecoder(.none), golden.coords, nil)
                try check(HeatmapDecoder(.quarter), golden.refined, golden.image)
                try check(HeatmapDecoder(.mmpose), golden.mmpose_refined, golden.mmpose_image)
            }
        }
        for system in ["SimpleBaseline", "HRNet"] { Agreement.tell(system, "joints, \(file.cases.count) maps", "\(Agreement.text(worst)) px") }
    }

    struct Dark: Decodable {
        struct Map: Decodable {
            var width, height: Int
            var x, y: Double
            var place: [Double]
        }
        /// Of decode.json's cases; empty where nothing is positive.
        var cases: [[Double]]
        var maps: [Map]
    }

    /// fixtures/topdown/dark.json: training/tests/golden.py, with OpenCV's blur of the whole map.
    @Test("DARK's places between the pixels equal those of a whole blurred map")
    func dark() throws {
        let file = try Fixture.decode(File.self, from: "topdown/decode.json")
        let golden = try Fixture.decode(Dark.self, from: "topdown/dark.json")
        #expect(golden.cases.count == file.cases.count && golden.maps.count == 5)
        func check(_ map: [Float], _ size: InputSize, _ wanted: [Double], _ name: String) {
            let peak = map.withUnsafeBufferPointer { HeatmapDecoder(.dark).peak($0, size) }
            #expect(peak.maximum == map.max(), "\(name)")
            #expect(abs(peak.x - wanted[0]) < 1e-4 && abs(peak.y - wanted[1]) < 1e-4, "\(name): \(peak) instead of \(wanted)")
        }
        for (wanted, item) in zip(golden.cases, file.cases) where !wanted.isEmpty {
            check(item.map, InputSize(width: file.width, height: file.height), wanted, item.name)
        }
        for item in golden.maps {
            let map = (0..<item.height).flatMap { v in
                (0..<item.width).map { u in
                    let (x, y) = (Double(u), Double(v))
                    func bump(_ dx: Double, _ dy: Double) -> Double { exp(-(dx * dx + dy * dy) / 8) }
                    return Float(0.8 * bump(x - item.x, y - item.y) + 0.3 * bump(x - item.x - 3, y - item.y + 2) + 0.02 * sin(0.9 * x + 0.4 * y))
                }
            }
            check(map, InputSize(width: item.width, height: item.height), item.place, "\(item.width)x\(item.height) at \(item.x), \(item.y)")
        }
    }

    @Test("DARK keeps a joint inside a map that is flat, tiny, huge or no number")
    func darkHostile() {
        let size = InputSize(width: 12, height: 16)
        for value in [Float](arrayLiteral: 0, 1, -1, .infinity, .nan, .leastNonzeroMagnitude, .greatestFiniteMagnitude) {
            var map = [Float](repeating: value, count: 192)
            map[7 * 12 + 6] = 2
            let peak = map.withUnsafeBufferPointer { HeatmapDecoder(.dark).peak($0, size) }
            #expect(peak.x.isFinite && peak.y.isFinite && (0..<12).contains(peak.x) && (0..<16).contains(peak.y), "\(value)")
        }
    }

    struct Flip: Decodable {
        var channels: Int
        var height: Int
        var width: Int
        var output: [Float]
        var output_of_mirrored: [Float]
        var merged_shift: [Float]
        var merged_no_shift: [Float]
    }

    @Test("the flip test's maps equal the official code's bit for bit, with and without the shift")
    func flip() throws {
        let golden = try Fixture.decode(Flip.self, from: "topdown/flip.json")
        let partners = KeypointSet.coco17.mirrored.map(Int32.init)
        for (shift, wanted) in [(1, golden.merged_shift), (0, golden.merged_no_shift)] {
            var maps = golden.output
            ps_heatmap_merge_mirrored(
                &maps, golden.output_of_mirrored, partners, Int32(golden.channels), Int32(golden.height), Int32(golden.width),
                Int32(shift))
            #expect(maps == wanted)
        }
    }

    @Test("the maximum is the first one, wherever it stands, and never a NaN")
    func argmax() {
        for count in [1, 2, 15, 16, 17, 40, 100] {
            for place in 0..<count {
                var map = (0..<count).map { Float(($0 * 7) % 5) - 9 }
                map[place] = 3
                if place + 5 < count { map[place + 5] = 3 }
                if count > 3, place != count / 2 { map[count / 2] = .nan }
                var maximum: Float = 0
                #expect(ps_heatmap_argmax(map, count, &maximum) == place && maximum == 3)
            }
        }
        var maximum: Float = 0
        #expect(ps_heatmap_argmax([Float](repeating: .nan, count: 20), 20, &maximum) == 0 && maximum == -.infinity)
    }
}
