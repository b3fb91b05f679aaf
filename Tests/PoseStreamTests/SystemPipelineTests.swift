import Diagnostics
import Foundation
import Pose
import PoseStream
import TestSupport
import Testing

/// The papers' systems as pipelines, with deterministic weights: that everything fits together, not what is seen.
@Suite("The five systems as pipelines", .enabled(if: Shared.isPresent, Comment(rawValue: Shared.absent)))
struct SystemPipelineTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func pipeline(_ name: String, weights: [String], _ settings: [String] = []) throws -> Pipeline {
        for weight in weights { try SyntheticWeights.named(weight).write(into: scratch.folder, overwrite: true) }
        var configuration = try PipelineConfiguration.named(name)
        for setting in settings { try configuration.apply(assignment: setting) }
        return try Pipeline(
            configuration: configuration, models: ModelLibrary(folders: [scratch.folder, Shared.file("assets/weights")]), threads: 2)
    }

    /// Runs the first frames of a short clip and checks what every result must have.
    private func people(_ pipeline: Pipeline, frames limit: Int, joints: Int = 17) async throws -> [Person] {
        var people: [Person] = [], frames = 0
        for try await result in try pipeline.results(for: .file(Shared.file("assets/video/rotated_90.mp4").path)) {
            frames += 1
            people += result.people
            if frames == limit { break }
        }
        #expect(frames == limit)
        for person in people {
            #expect(person.id != nil && person.keypoints.count == joints)
            #expect((0...1).contains(person.score) && person.keypoints.allSatisfy { (0...1).contains($0.score) && $0.position.x.isFinite })
        }
        return people
    }

    @Test("Lightweight OpenPose, with COCO's joints and its own", .timeLimit(.minutes(Hang.minutes)))
    func lightweightOpenPose() async throws {
        let coco = try pipeline("lightweight-openpose", weights: ["lightweight-openpose"], ["pose.height=128"])
        #expect(coco.keypointSet == .coco17)
        _ = try await people(coco, frames: 6)
        let native = try pipeline(
            "lightweight-openpose", weights: ["lightweight-openpose"], ["pose.height=96", "pose.keypoints=native", "pose.stages=2"])
        #expect(native.keypointSet == .openPose18)
        _ = try await people(native, frames: 3, joints: 18)
        #expect { _ = try pipeline("lightweight-openpose", weights: [], ["pose.stages=4"]) } throws: { error in
            (error as? Failure)?.kind == .data && "\(error)".contains("refinement_stages.3.")
        }
    }

    @Test("CPN", .enabled(if: Heavy.isWanted, Comment(rawValue: Heavy.absent)), .timeLimit(.minutes(Hang.minutes)))
    func cpn() async throws {
        // Maps of no training are never sure, so that a track must begin with less.
        let easy = ["pose.flip=false", "detect.score=0.05", "track.high_score=0.01", "track.low_score=0.01"]
        let found = try await people(try pipeline("cpn", weights: ["cpn-r50"], easy), frames: 3)
        #expect(!found.isEmpty && found.allSatisfy { $0.box.width > 0 })
        let original = try pipeline("cpn", weights: ["cpn-tensorflow-r50"], ["pose.model=COCO.res50.256x192.CPN", "pose.flip=false"])
        _ = try await people(original, frames: 2)
    }

    @Test("MultiPoseNet", .enabled(if: Heavy.isWanted, Comment(rawValue: Heavy.absent)), .timeLimit(.minutes(Hang.minutes)))
    func multiPoseNet() async throws {
        let model = ["pose.model=ckpt_baseline_resnet50", "pose.height=128"]
        #expect(try await !people(try pipeline("multiposenet", weights: ["multiposenet-r50"], model), frames: 2).isEmpty)
        let separate = try pipeline("multiposenet", weights: ["prn"], model + ["pose.prn.model=PRN", "pose.prn.fill=true", "pose.flip=true"])
        #expect(separate.models.count == 2)
        _ = try await people(separate, frames: 1)
    }

    @Test("RetinaNet as the detector", .enabled(if: Heavy.isWanted, Comment(rawValue: Heavy.absent)), .timeLimit(.minutes(Hang.minutes)))
    func retinaNet() async throws {
        let pipeline = try pipeline(
            "default", weights: ["retinanet-r50-fpn"],
            ["detect.model=retinanet_resnet50_fpn_coco-eeacb38b", "detect.shorter_side=128", "detect.max_people=5", "detect.nms=0.5"])
        _ = try await people(pipeline, frames: 2)
    }

    @Test("settings and weights that contradict each other are refused in one line", arguments: [
        ("lightweight-openpose", ["pose.flip=true"], Failure.Kind.configuration, "pose.flip"),
        ("lightweight-openpose", ["pose.decoder=prn"], .data, "read by paf"),
        ("lightweight-openpose", ["detect.model=yolox-nano"], .configuration, "finds people by itself"),
        ("lightweight-openpose", ["pose.prn.fill=true"], .configuration, "pose.prn.fill"),
        ("default", ["pose.model=checkpoint_iter_370000"], .data, "start from the pipeline lightweight-openpose"),
        ("default", ["pose.height=256"], .configuration, "pose.height"),
        ("default", ["pose.processing=evaluation"], .configuration, "pose.processing"),
        ("default", ["detect.model=checkpoint_iter_370000"], .data, "it is Lightweight OpenPose"),
        ("cpn", ["pose.model=checkpoint_iter_370000"], .data, "read by paf"),
    ])
    func contradictions(name: String, settings: [String], kind: Failure.Kind, text: String) throws {
        #expect { _ = try pipeline(name, weights: ["lightweight-openpose"], settings) } throws: { error in
            let failure = error as? Failure
            return failure?.kind == kind && failure?.description.contains(text) == true
        }
    }

    @Test("models inspect tells architecture, input, joints, parameters and work")
    func inspection() throws {
        let url = try SyntheticWeights.named("lightweight-openpose").write(into: scratch.folder)
        let facts = try ModelInspection(ModelLibrary(folders: [scratch.folder]).find("checkpoint_iter_370000")).facts
        func fact(_ topic: String) -> String? { facts.first { $0.topic == topic }?.text }
        #expect(fact("file") == url.path)
        #expect(fact("architecture") == "Lightweight OpenPose (1 refinement stage)")
        #expect(fact("input") == "any size")
        #expect(fact("keypoints") == "18 (openpose18)")
        #expect(fact("parameters") == "4091698")
        #expect(fact("multiply-adds")?.hasSuffix("at 256x456") == true)
    }
}
