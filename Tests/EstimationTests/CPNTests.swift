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

/// fixtures/topdown/cpn.json: equal to the official code (tf-cpn).
@Suite("CPN's crops and maps") struct CPNTests {
    private struct File: Decodable {
        struct Region: Decodable {
            var image: [Int]
            var box: [Double]
            var input: [Int]
            var details: [Int]
        }
        struct Decode: Decodable {
            struct Case: Decodable {
                var name: String
                var map: [Float]
                var first: [Int]
                var heatmap_xy: [Double]
                var image_xy: [Double]
                var score: Double
            }
            var width: Int
            var height: Int
            var details: [Int]
            var cases: [Case]
        }
        var boxes: [Region]
        var decode: Decode
    }

    @Test("the crop of each box is the official one, pixel for pixel")
    func regions() throws {
        let file = try Fixture.decode(File.self, from: "topdown/cpn.json")
        #expect(file.boxes.count == 16)
        for golden in file.boxes {
            let window = try #require(
                CPNRegion.window(
                    box: Box(x: golden.box[0], y: golden.box[1], width: golden.box[2], height: golden.box[3]),
                    picture: InputSize(width: golden.image[0], height: golden.image[1]),
                    input: InputSize(width: golden.input[0], height: golden.input[1])))
            let corners: [Int] = [window.x, window.y, window.x + window.width, window.y + window.height]
            #expect(corners == golden.details, "\(golden.box)")
        }
    }

    @Test("boxes that are none have no crop", arguments: [
        Box(x: 10, y: 10, width: 0, height: 0), Box(x: .nan, y: 0, width: 5, height: 5), Box(x: 0, y: 0, width: .infinity, height: 9),
        Box(x: 1e30, y: -1e30, width: 50, height: 50), Box(x: 10, y: 10, width: -40, height: -70), Box(x: -5000, y: 0, width: 20, height: 20),
    ])
    func noRegion(box: Box) {
        #expect(CPNRegion.window(box: box, picture: InputSize(width: 320, height: 240), input: InputSize(width: 192, height: 256)) == nil)
    }

    @Test("joints lie where the official code puts them, with its scores")
    func joints() throws {
        let file = try Fixture.decode(File.self, from: "topdown/cpn.json").decode
        let size = InputSize(width: file.width, height: file.height)
        let decoder = CPNDecoder(size: size)
        let window = PictureWindow(
            x: file.details[0], y: file.details[1], width: file.details[2] - file.details[0], height: file.details[3] - file.details[1])
        var worst = 0.0
        for golden in file.cases {
            let joint = try #require(golden.map.withUnsafeBufferPointer { decoder.joint($0) }, "\(golden.name)")
            let place = CPNDecoder.position(joint, maps: size, window: window)
            // The blur of a constant is constant but for the last bit, so its peaks are anywhere.
            if golden.name == "constant" { continue }
            #expect(abs(joint.x - golden.heatmap_xy[0]) < 1e-3 && abs(joint.y - golden.heatmap_xy[1]) < 1e-3, "\(golden.name)")
            #expect(abs(place.x - golden.image_xy[0]) < 1e-3 && abs(place.y - golden.image_xy[1]) < 1e-3, "\(golden.name)")
            #expect(abs(joint.score - golden.score) < 1e-6, "\(golden.name)")
            worst = max(worst, abs(place.x - golden.image_xy[0]), abs(place.y - golden.image_xy[1]))
        }
        Agreement.tell("CPN", "joints, \(file.cases.count) maps", "\(Agreement.text(worst)) px")
    }

    @Test("a map without anything positive, or with infinities, has no joint")
    func nothing() {
        let decoder = CPNDecoder(size: InputSize(width: 12, height: 16))
        for value: Float in [0, -3, .nan, .infinity] {
            let map = [Float](repeating: value, count: 192)
            #expect(map.withUnsafeBufferPointer { decoder.joint($0) } == nil)
        }
    }

    /// A network whose maps are the first channel, averaged over blocks of 4 x 4 pixels.
    private struct BlockMeans: Operator {
        var name: String { "BlockMeans" }

        func infer(_ inputs: [ValueInfo?]) throws -> [ValueInfo] {
            guard let shape = inputs.first??.shape else { return [] }
            return [ValueInfo(.float32, [shape[0], 17, shape[2] / 4, shape[3] / 4])]
        }

        func compute(_ inputs: [TensorView?], into outputs: [TensorView], scratch: UnsafeMutableRawBufferPointer) throws {
            guard let input = inputs.first ?? nil else { return }
            let (height, width) = (input.shape[2], input.shape[3])
            for place in 0..<17 * (height / 4) * (width / 4) {
                let x = place % (width / 4), y = place / (width / 4) % (height / 4)
                var sum: Float = 0
                for pixel in 0..<16 {
                    let row = y * 4 + pixel / 4, column = x * 4 + pixel % 4
                    sum += input.floats[row * width + column]
                }
                outputs[0].floats[place] = sum / 16
            }
        }
    }

    private func estimator(flip: Bool = false, threads: Int = 1, similarity: Double? = nil) throws -> CPNPoseEstimator {
        var graph = Graph()
        let input = graph.addInput("picture", shape: [1, 3, 256, 192])
        graph.addOutput("heatmaps", graph.add(BlockMeans(), input))
        let bytes = PixelNormalization(order: .rgb, scale: [1, 1, 1], bias: [0, 0, 0])
        return try CPNPoseEstimator(
            graph, model: "block means",
            options: CPNPoseOptions(flip: flip, normalization: bytes, similarityThreshold: similarity, threads: threads))
    }

    private let spot = Point(x: 151.5, y: 118)
    /// Their crops lie inside the picture: the mean pixel around it would outshine the spot.
    private let boxes = [
        ScoredBox(box: Box(x: 120, y: 70, width: 60, height: 90), score: 0.9), ScoredBox(box: Box(x: 130, y: 90, width: 40, height: 50), score: 0.8),
        ScoredBox(box: Box(x: 110, y: 60, width: 90, height: 100), score: 0.7), ScoredBox(box: Box(x: 140, y: 100, width: 40, height: 40), score: 0.6),
        ScoredBox(box: Box(x: 5, y: 5, width: 0, height: 0), score: 0.5),
    ]

    @Test("a spot is found where it is, from every box, whatever the number of threads")
    func spots() throws {
        let picture = HeatmapPoseEstimatorTests.spot(at: spot)
        let people = try estimator().estimate(picture.image, boxes: boxes)
        #expect(people.count == 4, "a box without size is nobody")
        for person in people {
            #expect(person.keypoints.count == 17)
            #expect((person.keypoints[3].position - spot).length < max(person.box.height, person.box.width) / 50 + 1)
            #expect(person.score > 0 && person.score <= 1)
        }
        #expect(try estimator(threads: 3).estimate(picture.image, boxes: boxes) == people)
        let same = [boxes[0], boxes[0]]
        #expect(try estimator().estimate(picture.image, boxes: same).count == 2, "the official code keeps doubles")
        #expect(try estimator(similarity: 0.9).estimate(picture.image, boxes: same).count == 1)
    }

    @Test("the flip test swaps left and right and moves nothing")
    func flip() throws {
        let picture = HeatmapPoseEstimatorTests.spot(at: spot)
        let (plain, flipped) = (try estimator().estimate(picture.image, boxes: boxes), try estimator(flip: true).estimate(picture.image, boxes: boxes))
        // All maps of this network are alike, so both pictures say the same.
        for (a, b) in zip(plain, flipped) {
            #expect(zip(a.keypoints, b.keypoints).allSatisfy { ($0.position - $1.position).length < 1 })
        }
    }

    @Test("a network with other maps is refused")
    func misfit() throws {
        var graph = Graph()
        let input = graph.addInput("picture", shape: [1, 3, 64, 64])
        graph.addOutput("same", graph.add(Activate(.relu), input))
        #expect { _ = try CPNPoseEstimator(graph, model: "same.onnx") } throws: { ($0 as? Failure)?.kind == .data }
    }
}
