import ArgumentParser
import Diagnostics
import Foundation
import PoseStream

extension BenchCommand {
    /// Runs one network whenever it is told to, so that a script can measure it in turn with other programs.
    struct Respond: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "respond",
            abstract: "Run a network once for each line on standard input: for comparing programs in turn.",
            discussion: """
                Lines: "run" answers the milliseconds of one run; "input FILE" and "output FILE" read and write raw float32.

                Examples:
                  printf 'run\\nrun\\n' | posestream bench respond simplebaseline-r50
                  posestream bench respond net.onnx < commands.txt
                  benchmarks/peers/networks.py --only hrnet-w32
                """)

        @Argument(help: "Registry name, file, or network without weights.")
        var name: String

        @Option(help: "Input, height x width, where it is open.")
        var input: String?

        @Option(help: "Threads that work on one picture together.")
        var threads = 1

        @Option(help: "Numbers that the network multiplies in: auto, f32 or bf16.")
        var precision: NetworkPrecision = .automatic

        @Option(help: "A further folder with models, searched first (repeatable).")
        var models: [String] = []

        func run() throws {
            let size = try input.map { text in
                guard let size = ModelExport.size(text) else {
                    throw Failure(.usage, "wrong input size", at: "--input \(text)", because: "it is not HEIGHTxWIDTH")
                }
                return size
            }
            let session = try NetworkBenchSession(name, library: .standard(first: models), size: size, threads: threads, precision: precision)
            answer("ready")
            while let line = readLine() {
                let words = line.split(separator: " ", maxSplits: 1).map(String.init)
                switch (words.first, words.count) {
                case ("run", 1): answer(String(try session.run()))
                case ("input", 2):
                    try session.readInput(words[1])
                    answer("ok")
                case ("output", 2):
                    try session.writeOutputs(words[1])
                    answer("ok")
                default: throw Failure(.usage, "unknown line", at: line, because: "it is none of run, input FILE, output FILE")
                }
            }
        }

        private func answer(_ text: String) { FileHandle.standardOutput.write(Data((text + "\n").utf8)) }
    }
}
