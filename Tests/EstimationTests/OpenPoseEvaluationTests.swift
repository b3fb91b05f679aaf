import Diagnostics
import Engine
import Estimation
import Foundation
import Geometry
import Pose
import Sampling
import TestSupport
import Testing

/// The official evaluation of Lightweight OpenPose (fixtures/bottomup/lop_preprocess.json, cubic.json: OpenCV's own numbers).
@Suite("Whole pictures as they were evaluated") struct OpenPoseEvaluationTests {
    private struct Preprocess: Decodable {
        struct Case: Decodable {
            var picture: FormulaPicture
            var net_height: Int
            var padded_h_w: [Int]
            var val_normalise_then_cubic: GoldenSamples
        }
        var cases: [Case]
    }

    @Test("the network sees what val.py shows it: normalized, then resized cubically, zeros around")
    func preprocessing() throws {
        let cases = try Fixture.decode(Preprocess.self, from: "bottomup/lop_preprocess.json").cases
        #expect(cases.count == 3)
        for golden in cases {
            let size = InputSize(width: golden.picture.w, height: golden.picture.h)
            let picture = golden.picture.picture
            let placement = OpenPosePlacement(picture: size, height: golden.net_height)
            #expect([placement.input.height, placement.input.width] == golden.padded_h_w)
            var input = [Float](repeating: -9, count: 3 * placement.input.width * placement.input.height)
            let planes = LightweightOpenPoseEstimator.normalized(picture.image, size)
            input.withUnsafeMutableBufferPointer { LightweightOpenPoseEstimator.place(planes, size, placement, into: $0) }
            let difference = golden.val_normalise_then_cubic.differences(to: input)
            #expect(difference.sample <= 1e-5 && difference.norm < 1e-5, "\(golden.picture.name): \(difference)")
        }
    }

    private struct Cubic: Decodable {
        struct Case: Decodable {
            var map: [Float]
            var h: Int
            var w: Int
            var factor: Int
            var out: [Float]
            var then_crop_top_left_bottom_right: [Int]?
            var then_resize_to_h_w: [Int]?
        }
        var cases: [Case]
    }

    private func read(_ maps: PictureMaps, _ channel: Int = 0) -> [Float] {
        var map = [Float](repeating: -9, count: maps.picture.width * maps.picture.height)
        map.withUnsafeMutableBufferPointer { maps.read(channel, into: $0) }
        return map
    }

    @Test("maps come at the picture's size as OpenCV enlarges them, once by the stride and once to the size")
    func maps() throws {
        let cases = try Fixture.decode(Cubic.self, from: "bottomup/cubic.json").cases
        #expect(cases.contains { $0.then_resize_to_h_w != nil } && cases.contains { $0.then_resize_to_h_w == nil })
        for golden in cases {
            let picture = golden.then_resize_to_h_w.map { InputSize(width: $0[1], height: $0[0]) }
                ?? InputSize(width: golden.w * golden.factor, height: golden.h * golden.factor)
            let maps = PictureMaps(picture: picture, stride: golden.factor)
            let crop = golden.then_crop_top_left_bottom_right ?? [0, 0, 0, 0]
            maps.add(
                .init(
                    golden.map, size: InputSize(width: golden.w, height: golden.h), left: crop[1], top: crop[0], right: crop[3], bottom: crop[2]))
            let found = read(maps)
            #expect(found.count == golden.out.count)
            #expect(zip(found, golden.out).allSatisfy { abs($0 - $1) <= 2e-6 })
        }
    }

    @Test("padding is cut off, scales are averaged, a mirrored picture's maps are turned back and swap their joints")
    func merging() {
        // Two cells a side and stride 2: constant maps stay what they are, whatever is cut off.
        func part(_ values: [Float], left: Int = 0, isMirrored: Bool = false) -> PictureMaps.Part {
            .init(values.flatMap { Array(repeating: $0, count: 4) }, size: InputSize(width: 2, height: 2), left: left, isMirrored: isMirrored)
        }
        let maps = PictureMaps(picture: InputSize(width: 5, height: 3), stride: 2, partners: [1, 0])
        maps.add(part([1, 10], left: 1))
        maps.add(part([3, 30]))
        #expect(read(maps, 0).allSatisfy { abs($0 - 2) < 1e-6 } && read(maps, 1).allSatisfy { abs($0 - 20) < 1e-5 })
        maps.add(part([100, 8], isMirrored: true))
        #expect(read(maps, 0).allSatisfy { abs($0 - 5) < 1e-5 } && read(maps, 1).allSatisfy { abs($0 - 60) < 1e-4 })
        // A ramp that is cut on the left begins later; mirrored it falls.
        let ramp: [Float] = [0, 1, 2, 3, 0, 1, 2, 3]
        let cut = PictureMaps(picture: InputSize(width: 4, height: 4), stride: 2, partners: [0])
        cut.add(.init(ramp, size: InputSize(width: 4, height: 2), left: 4))
        #expect(read(cut)[1] > 2 && read(cut)[2] > read(cut)[1])
        let turned = PictureMaps(picture: InputSize(width: 8, height: 4), stride: 2, partners: [0])
        turned.add(.init([Float](repeating: 0, count: 8), size: InputSize(width: 4, height: 2)))
        turned.add(.init(ramp, size: InputSize(width: 4, height: 2), isMirrored: true))
        #expect(read(turned)[0] > 1.4 && read(turned)[7] < 0.1)
    }

    /// A network that sees the people of the case "one" wherever an evaluation at 368 lines puts a picture of 368 lines.
    private func network(_ people: [[[Double]?]], picture: InputSize) throws -> PictureNetwork {
        PictureNetwork(model: "vision") { input in
            let placement = [0.5, 1, 1.5, 2].lazy.map { OpenPosePlacement(picture: picture, height: 368, factor: $0) }
                .first { $0.input == input } ?? OpenPosePlacement(picture: InputSize(width: 16, height: 9), height: 368)
            let size = InputSize(width: input.width / 8, height: input.height / 8)
            // From picture pixels to cells, whose middles lie at 3.5 input pixels.
            let drawn = people.map { person in
                person.map { joint in
                    joint.map {
                        [
                            (($0[0] + 0.5) * placement.scale - 0.5 + Double(placement.left) - 3.5) / 8,
                            (($0[1] + 0.5) * placement.scale - 0.5 + Double(placement.top) - 3.5) / 8, $0[2],
                        ]
                    }
                }
            }
            let scene = DrawnScene(drawn, width: size.width, height: size.height, sigma: placement.scale, band: placement.scale)
            var graph = Graph()
            let image = graph.addInput("input", shape: [1, 3, input.height, input.width])
            graph.addOutput("heatmaps", graph.add(Vision(maps: Tensor(scene.heatmaps, shape: [1, 19, size.height, size.width])), image))
            graph.addOutput("pafs", graph.add(Vision(maps: Tensor(scene.fields, shape: [1, 38, size.height, size.width])), image))
            return graph
        }
    }

    @Test("a drawn person comes out where he was drawn, at one scale and at four", arguments: [PictureProcessing.evaluation, .multiscale])
    func person(processing: PictureProcessing) throws {
        let golden = try #require(try Fixture.decode(DrawnPeople.self, from: "bottomup/lop_group.json").cases.first { $0.name == "one" })
        let picture = InputSize(width: 544, height: 368)
        let people = try #require(golden.drawn_people_x_y_score_or_null).map { $0.map { $0.map { [$0[0] * 5, $0[1] * 5, $0[2]] } } }
        let image = TestPicture(rgb: [UInt8](repeating: 90, count: picture.width * picture.height * 3), width: picture.width, height: picture.height)
        let estimator = try LightweightOpenPoseEstimator(
            network(people, picture: picture), options: .init(isNative: true, processing: processing))
        let found = try estimator.estimate(image.image)
        #expect(found.count == 1)
        let person = try #require(found.first)
        #expect(person.score > 0.5)
        for (joint, place) in people[0].enumerated() {
            let place = try #require(place)
            // The evaluation counts pixels half a pixel on; half a cell is what maps of this size can tell.
            let wanted = Point(x: place[0] + 0.5, y: place[1] + 0.5)
            #expect((person.keypoints[joint].position - wanted).length < 2.5, "\(joint)")
        }
    }

    @Test("a file that fixes its input can only be run as films are")
    func fixedSize() throws {
        var graph = Graph()
        let input = graph.addInput("input", shape: [1, 3, 64, 64])
        graph.addOutput("same", graph.add(Activate(.relu), input))
        let network = try PictureNetwork(graph, model: "fixed.onnx")
        #expect { _ = try LightweightOpenPoseEstimator(network, options: .init(processing: .evaluation)) } throws: { error in
            (error as? Failure)?.kind == .configuration
        }
    }
}
