import Diagnostics
import Foundation
import Yams

/// One of the sources of a run.
public struct RunInput: Sendable, Equatable {
    /// What records and files call it.
    public var name: String
    /// As on the command line: file, address, device.
    public var input: String
    public var opening: InputOptions

    public init(name: String, input: String, opening: InputOptions = InputOptions()) {
        (self.name, self.input, self.opening) = (name, input, opening)
    }

    /// Inputs of a command line, named after themselves; no name comes twice.
    public static func named(_ inputs: [String], opening: InputOptions) -> [RunInput] {
        zip(SourceName.unique(inputs.map(SourceName.of)), inputs).map { RunInput(name: $0, input: $1, opening: opening) }
    }
}

/// A file that lists sources:
///
/// ```yaml
/// sources:
///   - rtsp://door.local/stream1
///   - { name: yard, input: "rtsp://10.0.0.7/live", policy: queue=5, reconnect: inf }
///   - { name: desk, input: v4l2:/dev/video0, device_size: 1280x720, device_rate: 30 }
/// ```
public enum SourceList {
    private static let keys = [
        "name", "input", "policy", "timeout", "reconnect", "retry", "device_size", "device_rate", "device_format", "format",
    ]

    /// - Parameter opening: what holds for sources that say nothing else.
    /// - Throws: `Failure` of kind `.noInput` or `.configuration`, naming file, line and key.
    public static func read(_ path: String, opening: InputOptions) throws -> [RunInput] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Failure(.noInput, "cannot read list of sources", at: path, because: "no such file, or not allowed to read it")
        }
        return try parse(String(decoding: data, as: UTF8.self), file: path, opening: opening)
    }

    static func parse(_ yaml: String, file: String, opening: InputOptions) throws -> [RunInput] {
        func wrong(_ node: Node?, _ why: String, _ remedy: String? = nil) -> Failure {
            Failure(
                .configuration, "cannot read list of sources", at: node?.mark.map { "\(file):\($0.line)" } ?? file, because: why, remedy: remedy)
        }
        let form = "sources: [ \"rtsp://…\", { name: yard, input: \"rtsp://…\" } ]"
        let root: Node?
        do { root = try Yams.compose(yaml: yaml) } catch { throw wrong(nil, "it is not YAML", form) }
        guard case .mapping(let top)? = root, top.count == 1, case .sequence(let entries)? = top["sources"] else {
            throw wrong(root, "one key, sources, with a list is expected", form)
        }
        guard !entries.isEmpty, entries.count <= 256 else { throw wrong(root, "from 1 to 256 sources are expected") }
        var names: [String?] = []
        var inputs: [RunInput] = []
        for entry in entries {
            switch entry {
            case .scalar(let scalar):
                guard !scalar.string.isEmpty else { throw wrong(entry, "a source has no input") }
                names.append(nil)
                inputs.append(RunInput(name: SourceName.of(scalar.string), input: scalar.string, opening: opening))
            case .mapping(let mapping):
                var values: [String: String] = [:]
                for (key, value) in mapping {
                    guard case .scalar(let name) = key, keys.contains(name.string) else {
                        throw wrong(key, "unknown key \(key.string ?? "")", "the keys are \(keys.joined(separator: ", "))")
                    }
                    guard case .scalar(let text) = value else { throw wrong(value, "\(name.string): a single value is expected") }
                    values[name.string] = text.string
                }
                guard let input = values["input"], !input.isEmpty else { throw wrong(entry, "a source has no input") }
                do {
                    inputs.append(RunInput(name: values["name"] ?? SourceName.of(input), input: input, opening: try options(values, opening)))
                } catch let failure as Failure {
                    throw wrong(entry, failure.why, failure.remedy)
                }
                names.append(values["name"])
            default: throw wrong(entry, "a source is an input, or a mapping with an input", form)
            }
        }
        let given = names.compactMap { $0 }
        guard Set(given).count == given.count, given.allSatisfy({ !$0.isEmpty && $0.count <= 200 }) else {
            throw wrong(root, "a name is empty, too long or given twice")
        }
        for (index, name) in SourceName.unique(inputs.map(\.name)).enumerated() { inputs[index].name = name }
        return inputs
    }

    private static func options(_ values: [String: String], _ usual: InputOptions) throws -> InputOptions {
        func wrong(_ key: String, _ expectation: String) -> Failure {
            Failure(.configuration, "", at: "", because: "\(key): \"\(values[key] ?? "")\" is not \(expectation)")
        }
        var result = usual
        if let text = values["policy"] {
            guard let policy = LivePolicy(text) else { throw wrong("policy", "latest, queue=N or block") }
            result.policy = policy
        }
        if let text = values["timeout"] {
            guard let seconds = Double(text), seconds > 0, seconds <= 86_400 else { throw wrong("timeout", "a number of seconds") }
            result.timeout = seconds
        }
        if let text = values["reconnect"] {
            guard let seconds = Double(text), seconds >= 0 else { throw wrong("reconnect", "a number of seconds, or inf") }
            result.reconnect = seconds
        }
        if let text = values["retry"] {
            guard let retry = Bool(text) else { throw wrong("retry", "true or false") }
            result.retry = retry
        }
        result.deviceSize = values["device_size"] ?? result.deviceSize
        result.deviceRate = values["device_rate"] ?? result.deviceRate
        result.deviceFormat = values["device_format"] ?? result.deviceFormat
        result.format = values["format"] ?? result.format
        return result
    }
}
