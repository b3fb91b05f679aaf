import Checkpoints
import Detection
import Diagnostics
import Foundation
import Geometry
import Media
import Pose
import Sampling
import TestSupport
import Testing

/// The real weights on real pictures (assets/weights/golden.json: ONNX Runtime and OpenCV).
@Suite("Real detectors", .enabled(if: Shared.isPresent, Comment(rawValue: Shared.absent)))
struct RealDetectorTests {
    static func detector(_ name: String, _ options: DetectorOptions) throws -> any Detector {
        let model = try ONNXModel.load(contentsOf: Shared.file("assets/weights/\(name).onnx"))
        return try DetectorKind.makeDetector(model.graph, model: name, options: options)
    }

    @Test("the boxes equal those of other software", arguments: ["yolox_nano", "nanodet_m"])
    func golden(name: String) throws {
        let detector = try Self.detector(name, DetectorOptions(scoreThreshold: 0.38))
        #expect(name == "yolox_nano" ? detector is YOLOXDetector : detector is NanoDetDetector)
        for (picture, file, scene, slack) in try GoldenWeights.load().scenes {
            let frame = try #require(try openSource(file.path).next())
            #expect([frame.width, frame.height] == scene.size)
            var found = try detector.detect(frame)
            for wanted in try #require(scene.detectors[name]) {
                let box = Box(left: wanted[0], top: wanted[1], right: wanted[2], bottom: wanted[3])
                let match = found.firstIndex {
                    $0.box.iou(box) >= 1 - 0.03 * slack && abs($0.score - wanted[4]) <= 0.02 * slack
                }
                guard let match else {
                    #expect(wanted[4] < 0.4 + 0.02 * slack, "\(picture): no box for \(wanted)")
                    continue
                }
                found.remove(at: match)
            }
            for extra in found { #expect(extra.score < 0.4 + 0.02 * slack, "\(picture): \(extra) too much") }
        }
    }

    @Test("the score threshold, the number of people and the order hold")
    func options() throws {
        let file = Shared.file("assets/images/coco/000000196141.jpg")
        let frame = try #require(try openSource(file.path).next())
        let all = try Self.detector("yolox_nano", DetectorOptions(scoreThreshold: 0.01)).detect(frame)
        let few = try Self.detector("yolox_nano", DetectorOptions(scoreThreshold: 0.01, maximumPeople: 3)).detect(frame)
        #expect(all.count > 4 && few == Array(all.prefix(3)))
        #expect(zip(all, all.dropFirst()).allSatisfy { $0.score >= $1.score })
        #expect(try Self.detector("yolox_nano", DetectorOptions(scoreThreshold: 1.01)).detect(frame).isEmpty)
        #expect(try Self.detector("yolox_nano", DetectorOptions(maximumPeople: -1)).detect(frame).isEmpty)
    }

    @Test("a pose network is no detector, and a fixed input size stays")
    func misfits() throws {
        #expect(throws: Failure.self) { try Self.detector("ultralight_simplepose", DetectorOptions()) }
        #expect(throws: Failure.self) {
            try Self.detector("yolox_nano", DetectorOptions(inputSize: InputSize(width: 640, height: 640)))
        }
        #expect(throws: Failure.self) { try Self.detector("yolox_nano", DetectorOptions(personClass: 80)) }
    }
}
