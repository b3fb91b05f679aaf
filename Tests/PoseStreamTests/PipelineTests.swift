import Diagnostics
import Foundation
import Pose
import PoseStream
import TestSupport
import Testing

/// The library on real clips with real weights.
@Suite("A pipeline as a library", .enabled(if: Shared.isPresent, Comment(rawValue: Shared.absent)))
struct PipelineTests {
    private let models = ModelLibrary(folders: [Shared.file("assets/weights")])

    private func makePipeline() throws -> Pipeline {
        try Pipeline(configuration: .named("default"), models: models, threads: 2)
    }

    @Test("results(for:) gives every frame in order, with people", .timeLimit(.minutes(Hang.minutes)))
    func results() async throws {
        var frames: [Int] = []
        var people = 0
        for try await result in try makePipeline().results(for: .file(Shared.file("assets/video/rotated_90.mp4").path)) {
            frames.append(result.frame)
            people += result.people.count
        }
        #expect(frames == Array(0..<25))
        #expect(people > 0)
    }

    @Test("Two sources of one pipeline do not disturb one another", .timeLimit(.minutes(Hang.minutes)))
    func twoSources() async throws {
        let pipeline = try makePipeline()
        let path = Shared.file("assets/video/rotated_90.mp4").path
        let collect = { @Sendable () async throws -> [FrameResult] in
            var all: [FrameResult] = []
            for try await result in try pipeline.results(for: .file(path)) { all.append(result) }
            return all
        }
        async let first = collect()
        async let second = collect()
        let (a, b) = try await (first, second)
        #expect(a == b && a.count == 25)
    }

    @Test("Key frames: flow carries people in between, with the same result whatever the number of threads", .timeLimit(.minutes(Hang.minutes)))
    func keyFrames() async throws {
        for (detect, pose) in [("5", "1"), ("auto", "auto")] {
            var runs: [[FrameResult]] = []
            for threads in [1, 2] {
                var configuration = try PipelineConfiguration.named("default")
                try configuration.apply(assignment: "detect.every=\(detect)")
                try configuration.apply(assignment: "pose.every=\(pose)")
                let pipeline = try Pipeline(configuration: configuration, models: models, threads: threads)
                var results: [FrameResult] = []
                for try await result in try pipeline.results(for: .file(Shared.file("assets/video/tud_campus.mp4").path)) {
                    results.append(result)
                    if results.count == 30 { break }
                }
                runs.append(results)
            }
            #expect(runs[0] == runs[1])
            if pose == "auto" { #expect(runs[0].flatMap(\.people).contains { $0.origin == .flow && $0.state == .confirmed }) }
            // Between key frames nobody disappears.
            #expect(runs[0].dropFirst().allSatisfy { $0.people.count >= 3 })
        }
    }

    @Test("Key frames without flow are refused, as nothing would carry people between them")
    func keyFramesNeedFlow() throws {
        var configuration = try PipelineConfiguration.named("default")
        try configuration.apply(assignment: "detect.every=auto")
        try configuration.apply(assignment: "track.flow=none")
        #expect { _ = try Pipeline(configuration: configuration, models: models) } throws: {
            ($0 as? Failure)?.kind == .configuration && ($0 as? Failure)?.place == "detect.every"
        }
    }

    @Test("Leaving the loop early and cancelling the task both end the stages", .timeLimit(.minutes(Hang.minutes)))
    func cancellation() async throws {
        let pipeline = try makePipeline()
        let path = Shared.file("assets/video/one_by_one.mp4").path
        for try await result in try pipeline.results(for: .file(path)) where result.frame == 3 { break }

        let task = Task {
            var count = 0
            for try await _ in try pipeline.results(for: .file(path)) { count += 1 }
            return count
        }
        try await Task.sleep(for: .milliseconds(700))
        task.cancel()
        // A cancelled task ends soon, by an error or with the frames so far, far from all 1394.
        let count = (try? await task.value) ?? 0
        #expect(count < 1000)
    }

    @Test("What cannot be opened is a failure before any frame")
    func missingFile() throws {
        let pipeline = try makePipeline()
        #expect { _ = try pipeline.results(for: .file("no-such-film.mp4")) } throws: { ($0 as? Failure)?.kind == .noInput }
    }

    @Test("A pipeline without a detector says that its pose network needs boxes")
    func noDetector() throws {
        var configuration = try PipelineConfiguration.named("default")
        configuration.detect = nil
        #expect { _ = try Pipeline(configuration: configuration, models: models) } throws: {
            ($0 as? Failure)?.kind == .configuration
        }
    }
}
