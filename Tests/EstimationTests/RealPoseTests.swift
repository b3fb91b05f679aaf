import Checkpoints
import Estimation
import Foundation
import Geometry
import Media
import Pose
import TestSupport
import Testing

/// The real weights on real pictures (assets/weights/golden.json: ONNX Runtime and OpenCV).
@Suite("Real pose networks", .enabled(if: Shared.isPresent, Comment(rawValue: Shared.absent)))
struct RealPoseTests {
    static let networks = ["ultralight_simplepose", "pp_tinypose_256x192", "pp_tinypose_128x96"]

    static func estimator(_ name: String, _ options: HeatmapPoseOptions) throws -> HeatmapPoseEstimator {
        let model = try ONNXModel.load(contentsOf: Shared.file("assets/weights/\(name).onnx"))
        return try HeatmapPoseEstimator(model.graph, model: name, options: options)
    }

    static func options(flip: Bool, threads: Int = 1) -> HeatmapPoseOptions {
        HeatmapPoseOptions(flip: flip, similarityThreshold: nil, threads: threads)
    }

    @Test("joints equal those of other software, with and without the flip test", arguments: networks, [false, true])
    func golden(name: String, flip: Bool) throws {
        let estimator = try Self.estimator(name, Self.options(flip: flip, threads: 2))
        var (compared, away) = (0, 0)
        for (picture, file, scene, slack) in try GoldenWeights.load().scenes {
            let frame = try #require(try openSource(file.path).next())
            let boxes = scene.true_boxes.map {
                ScoredBox(box: Box(x: $0[0], y: $0[1], width: $0[2], height: $0[3]), score: 1)
            }
            let people = try estimator.estimate(frame, boxes: boxes)
            let golden = try #require(scene.poses[flip ? name + "+flip" : name])
            #expect(people.count == golden.count)
            for ((person, wanted), box) in zip(zip(people, golden), boxes) {
                let region = CropRegion(box: box.box, input: estimator.inputSize)
                let cell = Double(region.scaleX) * 200 / Double(estimator.inputSize.width / 4)
                for (joint, values) in zip(person.keypoints, wanted) where values[2] >= 0.3 {
                    compared += 1
                    let near = abs(joint.position.x - values[0]) <= 0.3 * cell * slack
                        && abs(joint.position.y - values[1]) <= 0.3 * cell * slack
                    if !near { away += 1 }
                    #expect(abs(joint.score - values[2]) <= 0.02 * slack, "\(picture) \(joint.score) \(values[2])")
                }
            }
        }
        #expect(compared > 100)
        #expect(Double(away) <= 0.05 * Double(compared), "\(away) of \(compared)")
    }

    @Test("two threads give what one gives")
    func threads() throws {
        let scene = try #require(try GoldenWeights.load().frames.values.first)
        let frame = try #require(try openSource(Shared.file("assets/video/tud_stadtmitte.mp4").path).next())
        let boxes = scene.true_boxes.map { ScoredBox(box: Box(x: $0[0], y: $0[1], width: $0[2], height: $0[3]), score: 0.9) }
        let one = try Self.estimator("pp_tinypose_128x96", Self.options(flip: true)).estimate(frame, boxes: boxes)
        let two = try Self.estimator("pp_tinypose_128x96", Self.options(flip: true, threads: 2)).estimate(frame, boxes: boxes)
        #expect(one == two && one.count == boxes.count)
    }
}
