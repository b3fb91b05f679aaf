import ArgumentParser
import Foundation
import PoseStream

/// Which pipeline is to be scored.
struct PipelineArguments: ParsableArguments {
    @Option(name: [.short, .long], help: "Pipeline: a name or a YAML file.")
    var pipeline: String = "default"

    @Option(name: .customLong("set"), help: "Override a pipeline key: --set pose.flip=true (repeatable).")
    var settings: [String] = []

    @Option(help: "A further folder with models, searched first (repeatable).")
    var models: [String] = []

    @Option(help: "Threads for networks (default: $POSESTREAM_THREADS, else the number of cores).")
    var threads: Int?

    @Option(help: "Numbers that networks multiply in: auto, f32 or bf16.")
    var precision: NetworkPrecision = .automatic

    /// - Parameter presettings: what the score needs; the user's own settings go over it.
    func load(_ presettings: [String] = []) throws -> Pipeline {
        var configuration = try PipelineConfiguration.named(pipeline)
        for assignment in presettings + settings { try configuration.apply(assignment: assignment) }
        return try Pipeline(
            configuration: configuration, models: .standard(first: models), threads: try ThreadCount.resolve(threads), precision: precision)
    }
}
