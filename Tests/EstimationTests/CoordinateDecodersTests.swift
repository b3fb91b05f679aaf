import CKernels
import Checkpoints
import Diagnostics
import Engine
import Estimation
import Foundation
import Geometry
import Pose
import Sampling
import TestSupport
import Testing

/// Golden cases by NumPy (`fixtures/pose-decoders/make.py`).
private struct Cases: Decodable {
    struct SimCC: Decodable {
        var kind: String
        var joints, width, height: Int
        var x, y: [Float]
        var expected: [[Double]]
    }

    struct Flip: Decodable {
        var joints, width, height: Int
        var partners: [Int]
        var x, y, mirrored_x, mirrored_y, expected_x, expected_y: [Float]
    }

    struct YOLO: Decodable {
        struct Person: Decodable {
            var box: [Double]
            var score: Double
            var joints: [[Double]]
        }
        var joints, cells: Int
        var overlap, score: Double
        var output: [Float]
        var expected: [Person]
    }

    var simcc: [SimCC]
    var simcc_flip: Flip
    var yolo: [YOLO]

    static func read() throws -> Cases { try Fixture.decode(Cases.self, from: "pose-decoders/cases.json") }
}

private func equals(_ joint: Keypoint, _ expected: [Double]) -> Bool {
    abs(joint.position.x - expected[0]) < 1e-6 && abs(joint.position.y - expected[1]) < 1e-6 && abs(joint.score - expected[2]) < 1e-6
}

@Suite("SimCC and YOLO pose heads") struct CoordinateDecodersTests {
    @Test("SimCC rows give the joints that NumPy finds, the first of equal maxima, none where nothing is positive")
    func simcc() throws {
        for golden in try Cases.read().simcc {
            let splits = golden.x.count / golden.joints / golden.width
            let decoder = try #require(
                SimCCDecoder(
                    joints: golden.joints, columns: golden.width * splits, rows: golden.height * splits,
                    input: InputSize(width: golden.width, height: golden.height)))
            let joints = golden.x.withUnsafeBufferPointer { x in golden.y.withUnsafeBufferPointer { y in decoder.decode(x, y) } }
            #expect(joints.count == golden.expected.count)
            for (joint, expected) in zip(joints, golden.expected) { #expect(equals(joint, expected), "\(golden.kind)") }
        }
    }

    @Test("The flip test's mean runs backwards and changes left for right")
    func simccFlip() throws {
        let golden = try Cases.read().simcc_flip
        let decoder = try #require(
            SimCCDecoder(
                joints: golden.joints, columns: golden.width * 2, rows: golden.height * 2, input: InputSize(width: golden.width, height: golden.height)))
        var (x, y) = (golden.x, golden.y)
        golden.mirrored_x.withUnsafeBufferPointer { mirroredX in
            golden.mirrored_y.withUnsafeBufferPointer { mirroredY in
                decoder.merge(&x, &y, mirroredX: mirroredX, mirroredY: mirroredY, partners: golden.partners)
            }
        }
        #expect(x == golden.expected_x && y == golden.expected_y)
    }

    @Test("Bins that do not divide the input's pixels are refused")
    func simccMisfit() {
        let input = InputSize(width: 192, height: 256)
        #expect(SimCCDecoder(joints: 17, columns: 384, rows: 512, input: input)?.splits == 2)
        #expect(SimCCDecoder(joints: 17, columns: 512, rows: 384, input: input) == nil)
        #expect(SimCCDecoder(joints: 17, columns: 384, rows: 768, input: input) == nil)
        #expect(SimCCDecoder(joints: 0, columns: 384, rows: 512, input: input) == nil)
    }

    @Test("YOLO columns and rows give the people that NumPy keeps")
    func yolo() throws {
        for golden in try Cases.read().yolo {
            let numbers = 5 + 3 * golden.joints
            var turned = golden.output
            for cell in 0..<golden.cells { for number in 0..<numbers { turned[cell * numbers + number] = golden.output[number * golden.cells + cell] } }
            for (shape, values) in [([1, numbers, golden.cells], golden.output), ([1, golden.cells, numbers], turned)] {
                let decoder = try #require(
                    YOLOPoseDecoder(shape: shape, joints: golden.joints, scoreThreshold: golden.score, overlapThreshold: golden.overlap))
                let people = values.withUnsafeBufferPointer { decoder.decode($0) }
                #expect(people.count == golden.expected.count && people.count > 1)
                for (person, expected) in zip(people, golden.expected) {
                    let box = person.box.box
                    #expect(zip([box.x, box.y, box.width, box.height], expected.box).allSatisfy { abs($0 - $1) < 1e-4 })
                    #expect(abs(person.box.score - expected.score) < 1e-6)
                    #expect(zip(person.joints, expected.joints).allSatisfy(equals))
                }
            }
        }
    }

    @Test("Rows of NaN, infinity and empty boxes give nobody; other shapes are no YOLO pose output")
    func hostile() throws {
        let decoder = try #require(YOLOPoseDecoder(shape: [1, 56, 5], joints: 17))
        for value in [Float.nan, .infinity, -1] {
            #expect([Float](repeating: value, count: 280).withUnsafeBufferPointer { decoder.decode($0) }.isEmpty)
        }
        #expect([Float](repeating: 1, count: 10).withUnsafeBufferPointer { decoder.decode($0) }.isEmpty)
        for shape in [[1, 56], [2, 56, 5], [1, 57, 5], [1, 56, 56], [1, 56, 0]] { #expect(YOLOPoseDecoder(shape: shape, joints: 17) == nil) }
    }

    private func model(_ name: String) throws -> Graph { try ONNXModel.load(contentsOf: Shared.fixture("pose-decoders/\(name).onnx")).graph }

    @Test("A SimCC network finds its joints around a bright spot, with and without the flip test, on any number of threads", arguments: [false, true], [1, 3])
    func simccNetwork(flip: Bool, threads: Int) throws {
        let center = Point(x: 141, y: 118)
        let picture = HeatmapPoseEstimatorTests.spot(at: center)
        var options = HeatmapPoseOptions(flip: flip, normalization: HeatmapPoseEstimatorTests.bytes, similarityThreshold: nil)
        options.threads = threads
        let estimator = try SimCCPoseEstimator(model("simcc"), model: "simcc.onnx", options: options)
        let boxes = [0, 5, -7].map { ScoredBox(box: Box(x: 100 + $0, y: 40, width: 90, height: 150), score: 0.8) }
        let people = try estimator.estimate(picture.image, boxes: boxes)
        #expect(people.count == 3)
        for person in people {
            // 150 high, padded by 1.25, seen in 64 rows: a pixel of the input is this many of the picture's.
            let pixel = 150 * 1.25 / 64
            // In the mirrored run this network moves its joints the other way, so only the one that is not moved is sure.
            for (joint, keypoint) in person.keypoints.enumerated() where !flip || joint == 8 {
                let expected = Point(x: center.x + Double(joint - 8) * pixel, y: center.y + Double(joint - 8) * pixel)
                #expect((keypoint.position - expected).length < 1.2 * pixel, "joint \(joint): \(keypoint.position), \(expected)")
                #expect(keypoint.score > 0)
            }
        }
        let alone = try SimCCPoseEstimator(model("simcc"), model: "simcc.onnx", options: {
            var one = options
            one.threads = 1
            return one
        }())
        #expect(try alone.estimate(picture.image, boxes: boxes) == people)
    }

    @Test("A YOLO pose network finds a person around a bright spot wherever the picture lies in the input", arguments: [(320, 240), (240, 320), (96, 64), (400, 100)])
    func yoloNetwork(width: Int, height: Int) throws {
        let center = Point(x: Double(width) * 0.4, y: Double(height) * 0.55)
        let estimator = try YOLOPoseEstimator(model("yolo_pose"), model: "yolo_pose.onnx")
        #expect(estimator.inputSize == InputSize(width: 96, height: 64))
        let people = try estimator.estimate(cross(width: width, height: height, center: center).image)
        let person = try #require(people.first)
        #expect(people.count == 1 && abs(person.score - 0.9) < 1e-6)
        let pixel = max(Double(width) / 96, Double(height) / 64)
        for (joint, keypoint) in person.keypoints.enumerated() {
            let expected = Point(x: center.x + Double(joint - 8) * pixel, y: center.y + Double(joint - 8) * pixel)
            #expect((keypoint.position - expected).length < 1.5 * pixel, "joint \(joint): \(keypoint.position), \(expected)")
        }
        #expect(abs(person.box.x + person.box.width / 2 - center.x) < 11 * pixel)
    }

    /// A picture of the border's grey in which a bright cross, as wide as a pixel of the input, marks the place: only it decides.
    private func cross(width: Int, height: Int, center: Point) -> TestPicture {
        var rgb: [UInt8] = []
        let unit = max(Double(width) / 96, Double(height) / 64)
        for y in 0..<height {
            for x in 0..<width {
                let (dx, dy) = (abs(Double(x) - center.x), abs(Double(y) - center.y))
                let value: UInt8 = dx < unit / 2 || dy < unit / 2 ? 255 : 114
                rgb += [value, value, value]
            }
        }
        return TestPicture(rgb: rgb, width: width, height: height)
    }

    @Test("Networks with other outputs are refused, listing them")
    func refusals() throws {
        let graph = try model("yolo_pose")
        #expect { _ = try SimCCPoseEstimator(graph, model: "m.onnx") } throws: {
            ($0 as? Failure)?.kind == .data && "\($0)".contains("output0") && "\($0)".contains("m.onnx")
        }
        let simcc = try model("simcc")
        #expect { _ = try YOLOPoseEstimator(simcc, model: "m.onnx") } throws: { ($0 as? Failure)?.kind == .data && "\($0)".contains("simcc_x") }
    }
}
