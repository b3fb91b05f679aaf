import Checkpoints
import Detection
import Estimation
import Evaluation
import Foundation
import Geometry
import Media
import Pose
import TestSupport
import Testing

/// Accuracy of the real networks on 79 pictures of COCO: the tables of assets/weights/README.md, which ONNX Runtime and OpenCV
/// gave. `benchmarks/coco-accuracy` repeats all of their rows through the program and scores them with pycocotools.
@Suite(
    "Accuracy on COCO pictures", .serialized, .enabled(if: Shared.isPresent, Comment(rawValue: Shared.absent)),
    .enabled(if: Heavy.isWanted, Comment(rawValue: Heavy.absent)))
struct COCOAccuracyTests {
    struct PoseCase: Sendable, CustomTestStringConvertible {
        var network: String
        var flip: Bool
        var precision: Double
        var testDescription: String { network + (flip ? "+flip" : "") }
    }

    static let poseCases = [
        PoseCase(network: "ultralight_simplepose", flip: false, precision: 0.4699),
        PoseCase(network: "ultralight_simplepose", flip: true, precision: 0.4662),
        PoseCase(network: "pp_tinypose_256x192", flip: false, precision: 0.6082),
        PoseCase(network: "pp_tinypose_256x192", flip: true, precision: 0.6228),
        PoseCase(network: "pp_tinypose_128x96", flip: false, precision: 0.4822),
        PoseCase(network: "pp_tinypose_128x96", flip: true, precision: 0.4824),
    ]

    static let tolerance = 0.005

    let truth: COCODataset

    init() throws {
        truth = try COCODataset(contentsOf: Shared.file("assets/images/coco/person_keypoints.json"))
    }

    private func frame(_ picture: COCODataset.Picture) throws -> VideoFrame {
        let name = try #require(picture.fileName)
        return try #require(try openSource(Shared.file("assets/images/coco/\(name)").path).next())
    }

    @Test("poses from true boxes", arguments: poseCases)
    func poses(_ wanted: PoseCase) throws {
        let estimator = try RealPoseTests.estimator(wanted.network, RealPoseTests.options(flip: wanted.flip, threads: 2))
        var results: [COCOKeypointResult] = []
        let annotations = truth.annotations(ofCategory: 1)
        for picture in truth.pictures {
            let boxes = (annotations[picture.id] ?? []).filter { $0.numberOfKeypoints > 0 && !$0.isCrowd }
                .map { ScoredBox(box: $0.box, score: 1) }
            guard !boxes.isEmpty else { continue }
            results += try estimator.estimate(frame(picture), boxes: boxes).map { COCOKeypointResult($0, in: picture.id) }
        }
        #expect(results.count == 166)
        let precision = try #require(try COCOEvaluation(keypoints: results, truth: truth)["AP"])
        print("COCO poses \(wanted.testDescription) AP \(precision), table \(wanted.precision)")
        #expect(abs(precision - wanted.precision) < Self.tolerance, "AP \(precision), table \(wanted.precision)")
    }

    @Test("boxes of people", arguments: [("yolox_nano", 0.3877), ("nanodet_m", 0.3748)])
    func boxes(network: String, wanted: Double) throws {
        let model = try ONNXModel.load(contentsOf: Shared.file("assets/weights/\(network).onnx"))
        let detector = try DetectorKind.makeDetector(
            model.graph, model: network, options: DetectorOptions(scoreThreshold: 0.01))
        var results: [COCOBoxResult] = []
        for picture in truth.pictures {
            results += try detector.detect(frame(picture)).map { COCOBoxResult($0, in: picture.id) }
        }
        let precision = try #require(try COCOEvaluation(boxes: results, truth: truth)["AP"])
        print("COCO boxes \(network) AP \(precision), table \(wanted)")
        #expect(abs(precision - wanted) < Self.tolerance, "AP \(precision), table \(wanted)")
    }

    @Test("end to end: detector, poses, suppression of twins", arguments: [("yolox_nano", 0.5557), ("nanodet_m", 0.5394)])
    func endToEnd(detector network: String, wanted: Double) throws {
        let model = try ONNXModel.load(contentsOf: Shared.file("assets/weights/\(network).onnx"))
        let detector = try DetectorKind.makeDetector(
            model.graph, model: network, options: DetectorOptions(scoreThreshold: 0.05))
        let estimator = try RealPoseTests.estimator("pp_tinypose_256x192", HeatmapPoseOptions(threads: 2))
        var results: [COCOKeypointResult] = []
        for picture in truth.pictures {
            let frame = try frame(picture)
            results += try estimator.estimate(frame, boxes: detector.detect(frame)).map { COCOKeypointResult($0, in: picture.id) }
        }
        let precision = try #require(try COCOEvaluation(keypoints: results, truth: truth)["AP"])
        print("COCO end to end \(network) AP \(precision), table \(wanted)")
        #expect(abs(precision - wanted) < Self.tolerance, "AP \(precision), table \(wanted)")
    }
}
