import CKernels
import Diagnostics
import Engine
import Estimation
import Foundation
import Geometry
import Pose
import Sampling
import TestSupport
import Testing

/// fixtures/bottomup/lop_*.json: equal to lightweight-human-pose-estimation.pytorch on every case.
@Suite("Lightweight OpenPose's input and grouping") struct PartAffinityTests {
    // MARK: Input

    private struct Padding: Decodable {
        var rows: [[Int]]
    }

    @Test("pictures are padded as pad_width does")
    func padding() throws {
        for row in try Fixture.decode(Padding.self, from: "bottomup/lop_pad.json").rows {
            let placement = OpenPosePlacement(content: InputSize(width: row[1], height: row[0]), scale: 1, height: row[2])
            #expect(placement.input == InputSize(width: row[4], height: row[3]), "\(row)")
            #expect(placement.top == row[5] && placement.left == row[6], "\(row)")
        }
    }

    private struct Preprocess: Decodable {
        struct Case: Decodable {
            var picture: FormulaPicture
            var net_height: Int
            var scaled_h_w: [Int]
            var padded_h_w: [Int]
            var demo_linear_on_bytes_then_normalise: GoldenSamples
        }
        var cases: [Case]
    }

    @Test("what the network sees equals the demo's within a grey level, and nearly everywhere exactly")
    func preprocessing() throws {
        for golden in try Fixture.decode(Preprocess.self, from: "bottomup/lop_preprocess.json").cases {
            let (width, height) = (golden.picture.w, golden.picture.h)
            let picture = golden.picture.picture
            let placement = OpenPosePlacement(picture: InputSize(width: width, height: height), height: golden.net_height)
            #expect([placement.content.height, placement.content.width] == golden.scaled_h_w)
            #expect([placement.input.height, placement.input.width] == golden.padded_h_w)
            let sampler = InputSampler(
                width: placement.input.width, height: placement.input.height, normalization: .lightweightOpenPose)
            var planes = [Float](repeating: -9, count: sampler.count)
            planes.withUnsafeMutableBufferPointer {
                sampler.place(
                    picture.image, scale: placement.scale, contentWidth: placement.content.width,
                    contentHeight: placement.content.height, left: placement.left, top: placement.top, fill: 128, into: $0)
            }
            let samples = golden.demo_linear_on_bytes_then_normalise
            let difference = samples.differences(to: planes)
            #expect(difference.sample <= 1.01 / 256 && difference.norm < 1e-3, "\(golden.picture.name): \(difference)")
            let exact = zip(samples.index, samples.value).count { abs(Double(planes[$0]) - $1) < 1e-6 }
            #expect(exact * 100 >= samples.index.count * 95, "\(golden.picture.name): \(exact) of \(samples.index.count)")
        }
    }

    // MARK: Peaks

    private struct Peaks: Decodable {
        struct Case: Decodable {
            var name: String
            var h: Int
            var w: Int
            var map: [Float]
            var keypoints_x_y_score_id: [[Double]]
        }
        var cases: [Case]
    }

    @Test("peaks are found, ordered and suppressed as the official code does")
    func peaks() throws {
        for golden in try Fixture.decode(Peaks.self, from: "bottomup/lop_peaks.json").cases {
            let finder = PartPeakFinder(size: InputSize(width: golden.w, height: golden.h), factor: 1)
            // Twice: the working memory must come out as it went in.
            for _ in 0..<2 {
                let found = golden.map.withUnsafeBufferPointer { finder.peaks($0) }
                let wanted = golden.keypoints_x_y_score_id
                #expect(found.map(\.x) == wanted.map { Int($0[0]) } && found.map(\.y) == wanted.map { Int($0[1]) }, "\(golden.name)")
                #expect(zip(found, golden.keypoints_x_y_score_id).allSatisfy { abs(Double($0.score) - $1[2]) < 1e-6 }, "\(golden.name)")
            }
        }
    }

    private struct Cubic: Decodable {
        struct Case: Decodable {
            var map: [Float]
            var h: Int
            var w: Int
            var factor: Int
            var out: [Float]
            var then_resize_to_h_w: [Int]?
        }
        var cases: [Case]
    }

    /// The plain rule: enlarge everything, then look at every pixel.
    private func plainPeaks(_ map: [Float], _ width: Int, _ height: Int) -> Set<[Int]> {
        var peaks: Set<[Int]> = []
        func at(_ x: Int, _ y: Int) -> Float {
            guard x >= 0, y >= 0, x < width, y < height, map[y * width + x] >= 0.1 else { return 0 }
            return map[y * width + x]
        }
        for y in 0..<height {
            for x in 0..<width {
                let largest = max(max(at(x - 1, y), at(x + 1, y)), max(at(x, y - 1), at(x, y + 1)))
                if at(x, y) > largest { peaks.insert([x, y]) }
            }
        }
        return peaks
    }

    @Test("peaks of enlarged maps are those of OpenCV's cubic enlargement, though most of it is never computed")
    func enlarged() throws {
        for golden in try Fixture.decode(Cubic.self, from: "bottomup/cubic.json").cases where golden.then_resize_to_h_w == nil {
            let (width, height) = (golden.w * golden.factor, golden.h * golden.factor)
            var enlarged = [Float](repeating: 0, count: width * height), blocks = [UInt8](repeating: 0, count: (golden.w + 1) * (golden.h + 1))
            var found = [ps_peak](repeating: ps_peak(), count: width * height)
            let count = ps_enlarged_peaks(
                golden.map, Int32(golden.h), Int32(golden.w), Int32(golden.factor), 0.1, &enlarged, &blocks, &found, found.count)
            #expect(Set(found.prefix(count).map { [Int($0.x), Int($0.y)] }) == plainPeaks(golden.out, width, height))
            for peak in found.prefix(count) { #expect(abs(peak.score - golden.out[Int(peak.y) * width + Int(peak.x)]) <= 2e-6) }
            #expect(enlarged.allSatisfy { $0 == 0 })
        }
    }

    // MARK: Grouping

    private func norm(_ values: [Float]) -> Double { values.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot() }

    @Test("people are put together as the official code does: the same joints, scores and order")
    func groups() throws {
        let file = try Fixture.decode(DrawnPeople.self, from: "bottomup/lop_group.json")
        #expect(file.cases.count == 19)
        var worst = 0.0
        for golden in file.cases {
            let size = InputSize(width: golden.w, height: golden.h)
            let wantedPeaks = golden.keypoints_by_type_x_y_score_id.map { $0.map { PartPeak(x: Int($0[0]), y: Int($0[1]), score: Float($0[2])) } }
            var peaks = wantedPeaks, fields = [Float](repeating: 0, count: 38 * golden.w * golden.h)
            if let people = golden.drawn_people_x_y_score_or_null, let sigma = golden.sigma, let band = golden.band {
                let scene = DrawnScene(people, width: golden.w, height: golden.h, sigma: sigma, band: band)
                fields = scene.fields
                #expect(abs(norm(scene.heatmaps) - (golden.check_heatmap_l2 ?? 0)) < 1e-4 * norm(scene.heatmaps) + 1e-9, "\(golden.name)")
                #expect(abs(norm(fields) - (golden.check_paf_l2 ?? 0)) < 1e-4 * norm(fields) + 1e-9, "\(golden.name)")
                peaks = scene.peaks(PartPeakFinder(size: size, factor: 1), pixels: golden.w * golden.h)
                for (found, wanted) in zip(peaks, wantedPeaks) {
                    #expect(found.map(\.x) == wanted.map(\.x) && found.map(\.y) == wanted.map(\.y), "\(golden.name)")
                }
            }
            for row in golden.field_rectangles_channel_x0_y0_x1_y1_value ?? [] {
                for y in Int(row[2])..<Int(row[4]) {
                    for x in Int(row[1])..<Int(row[3]) { fields[(Int(row[0]) * golden.h + y) * golden.w + x] = Float(row[5]) }
                }
            }
            let people = fields.withUnsafeBufferPointer { LimbGrouping().people(peaks, fields: $0, size: size, factor: 1) }
            let wanted = golden.people_18ids_score_count
            let ids: [[Int]] = people.map { person in person.peaks.map { $0 ?? -1 } }
            let wantedIDs: [[Int]] = wanted.map { row in row.prefix(18).map { Int($0) } }
            #expect(ids == wantedIDs, "\(golden.name)")
            for (person, row) in zip(people, wanted) {
                #expect(abs(person.score - row[18]) < 1e-4 && person.count == Int(row[19]), "\(golden.name)")
                worst = max(worst, abs(person.score - row[18]))
            }
            // As results for COCO: pixels half a pixel on, no neck, and better people before worse.
            let results = LightweightOpenPoseEstimator.people(people, peaks, isNative: false) { Point(x: Double($0.x) + 0.5, y: Double($0.y) + 0.5) }
            #expect(results.count == golden.coco.count, "\(golden.name)")
            for (result, official) in zip(results, golden.coco) {
                let numbers: [Double] = result.keypoints.flatMap { joint -> [Double] in
                    joint.isMissing ? [0, 0, 0] : [joint.position.x, joint.position.y, 1]
                }
                #expect(numbers == official.keypoints, "\(golden.name)")
                #expect(result.score > 0 && result.score <= 1)
            }
            for a in results.indices {
                for b in results.indices where golden.coco[a].score > golden.coco[b].score * (1 + 1e-9) {
                    #expect(results[a].score > results[b].score, "\(golden.name)")
                }
            }
        }
        Agreement.tell("Lightweight OpenPose", "grouping, \(file.cases.count) scenes", "the same people, their scores within \(Agreement.text(worst))")
    }

    @Test("a drawn person comes out where he was drawn, with COCO's joints or the network's own")
    func person() throws {
        let golden = try #require(try Fixture.decode(DrawnPeople.self, from: "bottomup/lop_group.json").cases.first { $0.name == "one" })
        // A picture of 480 x 320 in a network of height 256: scale 0.8, width 384, no padding; maps of 48 x 32.
        let size = InputSize(width: 48, height: 32)
        let drawn = try #require(golden.drawn_people_x_y_score_or_null).map { $0.map { $0.map { [$0[0] / 2, $0[1] / 2, $0[2]] } } }
        let scene = DrawnScene(drawn, width: size.width, height: size.height, sigma: 0.9, band: 0.9)
        var graph = Graph()
        let input = graph.addInput("input", shape: [1, 3, 256, 384])
        graph.addOutput("heatmaps", graph.add(Vision(maps: Tensor(scene.heatmaps, shape: [1, 19, 32, 48])), input))
        graph.addOutput("pafs", graph.add(Vision(maps: Tensor(scene.fields, shape: [1, 38, 32, 48])), input))
        let network = try PictureNetwork(graph, model: "vision")
        let picture = TestPicture(rgb: [UInt8](repeating: 90, count: 480 * 320 * 3), width: 480, height: 320)
        let native = try #require(try LightweightOpenPoseEstimator(network, options: .init(isNative: true)).estimate(picture.image).first)
        let coco = try #require(try LightweightOpenPoseEstimator(network).estimate(picture.image).first)
        #expect(native.keypoints.count == 18 && coco.keypoints.count == 17)
        for (joint, place) in drawn[0].enumerated() {
            // A map's pixel is eight of the input's, whose middles the official code counts from half a pixel before.
            let place = try #require(place)
            let wanted = Point(x: (place[0] * 8 + 3) / 0.8, y: (place[1] * 8 + 3) / 0.8)
            #expect((native.keypoints[joint].position - wanted).length < 4, "\(joint)")
        }
        for (joint, own) in KeypointSet.openPoseOfCOCO.enumerated() {
            #expect(coco.keypoints[joint] == native.keypoints[own])
            #expect(KeypointSet.coco17.names[joint] == KeypointSet.openPose18.names[own])
        }
        #expect(native.score > 0.5 && native.box.height > 50 && coco.box == native.box)
    }

    @Test("a network with other maps is refused")
    func misfit() {
        let network = PictureNetwork(model: "other.onnx") { size in
            var graph = Graph()
            let input = graph.addInput("input", shape: [1, 3, size.height, size.width])
            graph.addOutput("same", graph.add(Activate(.relu), input))
            return graph
        }
        #expect { _ = try LightweightOpenPoseEstimator(network) } throws: { error in
            let failure = error as? Failure
            return failure?.kind == .data && failure?.description.contains("other.onnx") == true
        }
    }

    @Test(
        "thirty people take at most 10 ms from the network's maps to the joints",
        .enabled(if: !Sanitizer.isOn, Comment(rawValue: Sanitizer.distortsTime)))
    func speed() throws {
        let golden = try #require(try Fixture.decode(DrawnPeople.self, from: "bottomup/lop_group.json").cases.first { $0.name == "thirty" })
        // As the network gives them: an eighth of the input's size.
        let drawn = try #require(golden.drawn_people_x_y_score_or_null).map { $0.map { $0.map { [$0[0] / 4, $0[1] / 4, $0[2]] } } }
        let size = InputSize(width: golden.w / 4, height: golden.h / 4)
        let scene = DrawnScene(drawn, width: size.width, height: size.height, sigma: 0.7, band: 0.8)
        let finder = PartPeakFinder(size: size, factor: 4)
        let grouping = LimbGrouping()
        var people = 0
        let times = (0..<25).map { _ in
            ContinuousClock().measure {
                let peaks = scene.peaks(finder, pixels: size.width * size.height)
                people = scene.fields.withUnsafeBufferPointer { grouping.people(peaks, fields: $0, size: size, factor: 4).count }
            }
        }
        let best = try #require(times.min())
        print("Lightweight OpenPose, \(people) people from maps of \(size): \(best) (best of \(times.count))")
        #expect(people >= 24)
        #expect(best < .milliseconds(10))
    }

    @Test("maps of noise end, too, in bounded time")
    func noise() {
        let size = InputSize(width: 57, height: 32)
        let pixels = size.width * size.height
        let maps = FormulaStream.signed("part.noise", 56 * pixels)
        let finder = PartPeakFinder(size: size, factor: 4)
        let time = ContinuousClock().measure {
            maps.withUnsafeBufferPointer { maps in
                let peaks = (0..<18).map { finder.peaks(UnsafeBufferPointer(rebasing: maps[$0 * pixels..<($0 + 1) * pixels])) }
                #expect(peaks.allSatisfy { $0.count <= 200 && !$0.isEmpty })
                _ = LimbGrouping().people(peaks, fields: UnsafeBufferPointer(rebasing: maps[(18 * pixels)...]), size: size, factor: 4)
            }
        }
        #expect(time < .seconds(2))
    }
}
