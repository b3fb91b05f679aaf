import Crypto
import Diagnostics
import Engine
import Foundation

/// What `models tune` found out on this machine: for a model file and this processor, the algorithms of its layers.
///
/// Runs use it where it is there and say so in their header, as results differ in the last bits: a run that is resumed or
/// joined with others must have used the same.
public struct MeasuredStore: Sendable {
    let folder: URL
    /// What the measurement holds for: the processor's name and its instructions, shortened.
    let processor: String

    public init(folder: URL, processor: String = MeasuredStore.thisProcessor) {
        self.folder = folder
        self.processor = processor
    }

    /// `$XDG_CACHE_HOME/posestream/algorithms`, else `~/.cache/posestream/algorithms`.
    public static func standard(environment: [String: String] = ProcessInfo.processInfo.environment) -> MeasuredStore {
        let home = environment["HOME"] ?? NSHomeDirectory()
        let cache = environment["XDG_CACHE_HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? "\(home)/.cache"
        return MeasuredStore(folder: URL(fileURLWithPath: "\(cache)/posestream/algorithms", isDirectory: true))
    }

    /// Eight hex digits that stand for the processor and the instruction set that networks run on.
    public static var thisProcessor: String {
        let name = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8))?
            .split(separator: "\n").first { $0.hasPrefix("model name") }.map(String.init) ?? "unknown"
        let instructions = (try? InstructionSet.wanted())?.name ?? "plain"
        return digest(Data((name + instructions).utf8))
    }

    private struct Content: Codable {
        var version = 1
        var model: String
        var algorithms: MeasuredAlgorithms
    }

    private func url(of sha256: String) -> URL { folder.appendingPathComponent("\(sha256.prefix(16))-\(processor).json") }

    /// What was measured for this file; nothing where it was not, or where what is kept cannot be read.
    package func algorithms(for file: ModelFile) throws -> MeasuredAlgorithms {
        // Hashing a large file takes a moment: only when something was kept at all.
        guard let kept = try? FileManager.default.contentsOfDirectory(atPath: folder.path), !kept.isEmpty else { return MeasuredAlgorithms() }
        let sha256 = try file.sha256()
        guard let data = try? Data(contentsOf: url(of: sha256)), data.count < 1 << 20,
            let content = try? JSONDecoder().decode(Content.self, from: data), content.version == 1, content.model == sha256
        else { return MeasuredAlgorithms() }
        return content.algorithms
    }

    /// Keeps what was measured; an empty finding takes away what was kept. Gives the file.
    @discardableResult
    public func keep(_ algorithms: MeasuredAlgorithms, for file: ModelFile) throws -> URL {
        let sha256 = try file.sha256(), url = url(of: sha256)
        do {
            guard !algorithms.isEmpty else {
                if FileManager.default.fileExists(atPath: url.path) { try FileManager.default.removeItem(at: url) }
                return url
            }
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
            try encoder.encode(Content(model: sha256, algorithms: algorithms)).write(to: url, options: .atomic)
        } catch {
            throw Failure(.cannotCreate, "cannot keep what was measured", at: url.path, because: error.localizedDescription)
        }
        return url
    }

    /// Eight hex digits for a run's header; nil when every algorithm was the cost model's choice.
    package static func digest(of algorithms: [MeasuredAlgorithms]) -> String? {
        let lines = algorithms.flatMap { $0.byLayer.map { "\($0.key)=\($0.value)" }.sorted() }
        return lines.isEmpty ? nil : digest(Data(lines.joined(separator: "\n").utf8))
    }

    private static func digest(_ data: Data) -> String { SHA256.hash(data: data).prefix(4).map { String(format: "%02x", $0) }.joined() }
}
