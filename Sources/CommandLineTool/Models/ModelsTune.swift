import ArgumentParser
import Foundation
import PoseStream

/// `posestream models tune`: measures what the cost model is unsure of.
struct TuneCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tune",
        abstract: "Measure which algorithm is the fastest for each layer of a model on this processor, and use it from now on.",
        discussion: """
            Without it a cost model chooses, the same everywhere. What is measured is kept in $XDG_CACHE_HOME/posestream/algorithms for
            this file and this processor (--forget takes it away). Results differ in the last bits between algorithms, so a run says in its
            header which it used, and --resume asks for the same.

            Examples:
              posestream models tune yolox-nano pp-tinypose-256x192
              posestream models tune ./my_network.onnx --forget
            """)

    @Argument(help: "Registry names, stems of files in a model folder, or paths.")
    var names: [String]

    @Option(help: "A further folder with models, searched first (repeatable).")
    var models: [String] = []

    @Option(help: "Numbers that the network multiplies in: auto, f32 or bf16.")
    var precision: NetworkPrecision = .automatic

    @Option(help: "Runs of each algorithm, of which the median counts.")
    var runs = 15

    @Flag(help: "Forget what was measured.")
    var forget = false

    func validate() throws {
        guard !names.isEmpty else { throw ValidationError("name at least one model") }
        guard (1...1000).contains(runs) else { throw ValidationError("--runs must lie between 1 and 1000") }
    }

    func run() throws {
        let library = ModelLibrary.standard(first: models), store = MeasuredStore.standard()
        for name in names {
            let file = try library.find(name)
            if forget {
                try store.keep(.init(), for: file)
                print("\(name): the cost model chooses")
                continue
            }
            let (algorithms, findings) = try NetworkBenchSession(name, library: library, precision: precision).tune(runs: runs)
            let kept = try store.keep(algorithms, for: file)
            print("\(name): \(algorithms.byLayer.count) of \(findings.count) layers that were measured change" + (algorithms.isEmpty ? "" : ", kept in \(kept.path)"))
            let changed = findings.filter { $0.fastest != $0.chosenByModel }
            guard !changed.isEmpty else { continue }
            func text(_ time: Double?) -> String { time.map { String(format: "%.3f", $0) } ?? "-" }
            print(TextColumns.text([["LAYER", "MODEL", "MS", "FASTEST", "MS"]] + changed.map {
                [$0.layer, $0.chosenByModel, text($0.milliseconds[$0.chosenByModel]), $0.fastest, text($0.milliseconds[$0.fastest])]
            }))
        }
    }
}
