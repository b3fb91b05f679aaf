import Diagnostics
import Engine
import Foundation
import Networks
import Pose
import PoseStream
import TestSupport
import Testing

/// Checkpoints of the papers' networks, by their official key names, as pose networks of a pipeline.
@Suite("A pipeline with a checkpoint", .enabled(if: Shared.isPresent, Comment(rawValue: Shared.absent)))
struct CheckpointPipelineTests {
    private let scratch: Scratch

    init() throws {
        scratch = try Scratch()
    }

    /// Writes SimpleBaseline ResNet-18 with deterministic weights as safetensors; `leavingOut` is missing in the file.
    private func writeWeights(_ name: String, joints: Int = 17, leavingOut missing: String? = nil) throws -> String {
        let formula = FormulaWeights(.topDown)
        var header: [String: Any] = [:]
        var data = Data()
        for parameter in SimpleBaseline.parameters(.init(depth: .r18, joints: joints)) where parameter.name != missing {
            let tensor = try #require(try formula.tensor(parameter.name, shape: parameter.shape, role: parameter.role))
            let start = data.count
            tensor.withElements(as: Float.self) { data.append(Data(buffer: $0)) }
            header[parameter.name] = ["dtype": "F32", "shape": parameter.shape, "data_offsets": [start, data.count]] as [String: Any]
        }
        let text = try JSONSerialization.data(withJSONObject: header)
        var file = Data()
        withUnsafeBytes(of: UInt64(text.count).littleEndian) { file.append(contentsOf: $0) }
        file.append(text)
        file.append(data)
        try file.write(to: scratch.file(name))
        return scratch.path(name)
    }

    private func pipeline(_ path: String) throws -> Pipeline {
        var configuration = try PipelineConfiguration.named("simplebaseline")
        configuration.pose.model = path
        configuration.pose.flip = false
        return try Pipeline(configuration: configuration, models: ModelLibrary(folders: [Shared.file("assets/weights")]), threads: 2)
    }

    @Test("SimpleBaseline's weights are recognised by their names and run on a clip", .timeLimit(.minutes(Hang.minutes)))
    func simpleBaseline() async throws {
        let pipeline = try pipeline(try writeWeights("pose_resnet_18_256x192.safetensors"))
        var frames = 0
        for try await result in try pipeline.results(for: .file(Shared.file("assets/video/rotated_90.mp4").path)) {
            frames += 1
            #expect(result.people.allSatisfy { $0.keypoints.count == 17 })
        }
        #expect(frames == 25)
    }

    @Test("MPII's sixteen joints come as COCO's, without a face, or as they are", .timeLimit(.minutes(Hang.minutes)))
    func mpii() async throws {
        let path = try writeWeights("pose_resnet_18_128x96.safetensors", joints: 16)
        for (choice, set) in [("coco17", KeypointSet.coco17), ("native", .mpii16)] {
            var configuration = try PipelineConfiguration.named("simplebaseline")
            for setting in ["pose.model=\(path)", "pose.flip=false", "pose.keypoints=\(choice)", "detect.score=0.05", "track.high_score=0"] {
                try configuration.apply(assignment: setting)
            }
            let pipeline = try Pipeline(configuration: configuration, models: ModelLibrary(folders: [Shared.file("assets/weights")]), threads: 2)
            #expect(pipeline.keypointSet == set)
            var people: [Person] = []
            for try await result in try pipeline.results(for: .file(Shared.file("assets/video/tud_campus.mp4").path)) {
                people += result.people
                if result.frame == 1 { break }
            }
            #expect(!people.isEmpty && people.allSatisfy { $0.keypoints.count == set.count })
            if set == .coco17 { #expect(people.allSatisfy { $0.keypoints[..<5].allSatisfy(\.isMissing) }) }
        }
    }

    @Test("A tensor that is missing is named")
    func missingTensor() throws {
        let path = try writeWeights("short.safetensors", leavingOut: "layer3.1.conv2.weight")
        #expect { _ = try pipeline(path) } throws: { error in
            let failure = error as? Failure
            return failure?.kind == .data && failure?.description.contains("layer3.1.conv2.weight") == true
        }
    }
}
