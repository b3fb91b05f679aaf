import ArgumentParser
import Diagnostics
import Foundation
import PoseStream

/// `posestream bench …`: how fast this machine is, and where the time goes.
struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measure the networks and the whole pipeline on this machine.",
        subcommands: [Networks.self, PipelineCommand.self, Respond.self])

    struct Networks: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "networks",
            abstract: "Milliseconds, GFLOP/s and share of this processor's measured peak of each network.",
            discussion: """
                Networks need no weights to be measured: without a file they get deterministic ones. GFLOP/s count the multiply-adds of
                the network's definition, whatever the kernels do.

                Examples:
                  posestream bench networks
                  posestream bench networks simplebaseline-r50 yolox-nano --runs 30
                  posestream bench networks hrnet-w32 --layers --json
                """)

        @Argument(help: "Registry names, files, or networks without weights (default: all that need no file).")
        var names: [String] = []

        @Flag(help: "The time of each layer.")
        var layers = false

        @Flag(help: "One JSON object.")
        var json = false

        @Option(help: "Input, height x width, where it is open.")
        var input: String?

        @Option(help: "Runs of which the median is told.")
        var runs = 15

        @Option(help: "Numbers that networks multiply in: auto, f32 or bf16.")
        var precision: NetworkPrecision = .automatic

        @Option(help: "Threads that work on one picture together.")
        var threads = 1

        @Option(help: "A further folder with models, searched first (repeatable).")
        var models: [String] = []

        private struct Report: Encodable {
            var processor: String
            var peakGflops: Double
            var threads: Int
            var networks: [NetworkBench.Result]
        }

        func run() throws {
            let bench = try settings()
            let library = ModelLibrary.standard(first: models)
            let peak = NetworkBench.peak(threads: threads)
            let header = ["NETWORK", "INPUT", "WEIGHTS", "MS", "FASTEST", "GMAC", "GFLOP/S", "PEAK", "MEMORY"]
            if !json {
                print("\(Doctor.processor), \(threads == 1 ? "1 thread" : "\(threads) threads"), peak \(String(format: "%.1f", peak)) GFLOP/s in f32\n")
            }
            var results: [NetworkBench.Result] = []
            for name in names.isEmpty ? NetworkBench.standardNames : names {
                let result = try bench.run(name, library: library, peak: peak)
                results.append(result)
                if layers, !json {
                    print(name)
                    print(TextColumns.text([["LAYER", "OP", "MS", "GFLOP/S", "PEAK", "HOW"]] + result.layers.map { layer in
                        [layer.name, layer.op, number(layer.milliseconds, 3), number(layer.gflops, 1), percent(layer.share), layer.method]
                    }))
                    print()
                }
            }
            if json {
                try printJSON(Report(processor: Doctor.processor, peakGflops: peak, threads: threads, networks: results))
            } else {
                print(TextColumns.text([header] + results.map { result in
                    [
                        result.network, result.input.map(String.init).joined(separator: "x"), result.weights, number(result.milliseconds, 2),
                        number(result.fastest, 2), number(Double(result.multiplyAdds) / 1e9, 3), number(result.gflops, 1),
                        percent(result.share), number(Double(result.arenaBytes + result.weightBytes) / 1e6, 1) + " MB",
                    ]
                }))
            }
        }

        private func settings() throws -> NetworkBench {
            var bench = NetworkBench()
            guard (1...10_000).contains(runs) else {
                throw Failure(.usage, "wrong number of runs", at: "--runs \(runs)", because: "it is not a whole number from 1 to 10000")
            }
            guard (1...256).contains(threads) else {
                throw Failure(.usage, "wrong number of threads", at: "--threads \(threads)", because: "it is not a whole number from 1 to 256")
            }
            if let input {
                guard let size = ModelExport.size(input) else {
                    throw Failure(.usage, "wrong input size", at: "--input \(input)", because: "it is not HEIGHTxWIDTH", remedy: "--input 256x192")
                }
                bench.size = size
            }
            (bench.runs, bench.threads, bench.precision) = (runs, threads, precision)
            return bench
        }
    }

    struct PipelineCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "pipeline",
            abstract: "Frames a second of a whole pipeline on a clip, and the share of each stage.",
            discussion: """
                Decodes, detects, estimates and tracks; writes nothing.

                Examples:
                  posestream bench pipeline clip.mp4
                  posestream bench pipeline clip.mp4 --pipeline hrnet --threads 2
                  posestream bench pipeline clip.mp4 --set pose.flip=true --json
                """)

        @Argument(help: "The clip.")
        var clip: String

        @Option(name: [.short, .long], help: "Pipeline: a name or a YAML file.")
        var pipeline = "default"

        @Option(name: .customLong("set"), help: "Override a pipeline key (repeatable).")
        var settings: [String] = []

        @Option(help: "Runs of which the median is told.")
        var runs = 3

        @Option(help: "Threads for networks (default: the number of cores).")
        var threads: Int?

        @Option(help: "Numbers that networks multiply in: auto, f32 or bf16.")
        var precision: NetworkPrecision = .automatic

        @Option(help: "A further folder with models, searched first (repeatable).")
        var models: [String] = []

        @Flag(help: "One JSON object.")
        var json = false

        func run() throws {
            var configuration = try PipelineConfiguration.named(pipeline)
            for assignment in settings { try configuration.apply(assignment: assignment) }
            guard (1...1000).contains(runs), (1...256).contains(threads ?? 1) else {
                throw Failure(.usage, "wrong number", at: "--runs, --threads", because: "runs are 1 to 1000, threads 1 to 256")
            }
            var bench = PipelineBench()
            bench.runs = runs
            let result = try bench.run(
                clip, configuration: configuration, models: .standard(first: models),
                threads: threads ?? ProcessInfo.processInfo.activeProcessorCount, precision: precision)
            if json { return try printJSON(result) }
            print("\(clip): \(result.frames) frames, \(result.people) people, \(number(result.fps, 1)) frames a second, ready after \(number(result.startSeconds, 2)) s\n")
            print(TextColumns.text([["STAGE", "SECONDS", "MS A FRAME", "SHARE"]] + result.stages.map { stage in
                [stage.name, number(stage.seconds, 2), number(stage.milliseconds, 2), percent(stage.share)]
            }))
        }
    }
}

private func number(_ value: Double, _ decimals: Int) -> String { String(format: "%.\(decimals)f", value) }
private func percent(_ share: Double) -> String { String(format: "%.0f %%", share * 100) }

private func printJSON(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    print(String(decoding: try encoder.encode(value), as: UTF8.self))
}
