import Diagnostics
import Foundation
import Yams

/// Reading and printing pipeline files (YAML; the keys are those of `ConfigurationKey.all`).
extension PipelineConfiguration {
    /// Parses a pipeline file.
    ///
    /// - Parameters:
    ///   - yaml: the text.
    ///   - file: its name, for messages.
    /// - Throws: `Failure` (`.configuration`) naming file, line and key for an unknown key, a wrong type or a value out of range.
    public init(yaml: String, file: String) throws {
        let root: Node?
        do {
            root = try Yams.compose(yaml: yaml)
        } catch let error as YamlError {
            throw Failure(.configuration, "cannot read pipeline", at: file, because: PipelineConfiguration.reason(error))
        }
        guard let root, case .mapping(let sections) = root else {
            throw Failure(
                .configuration, "cannot read pipeline", at: file, because: "it is no mapping of keys",
                remedy: "start from the output of posestream run --print-pipeline")
        }
        self.init(detect: nil)
        for (key, value) in sections {
            try read(key, value, section: "", file: file)
        }
    }

    /// Reads one entry: a scalar key, or a section with scalar keys below it.
    private mutating func read(_ keyNode: Node, _ value: Node, section: String, file: String) throws {
        let place = { (node: Node) in "\(file):\(node.mark?.line ?? 1)" }
        guard case .scalar(let scalarKey) = keyNode else {
            throw Failure(.configuration, "unknown key", at: place(keyNode), because: "a key must be a word")
        }
        let path = section.isEmpty ? scalarKey.string : "\(section).\(scalarKey.string)"
        let isSection = section.isEmpty && ConfigurationKey.all.contains { $0.section == path }
        switch value {
        case .mapping(let entries) where isSection:
            for (key, entry) in entries { try read(key, entry, section: path, file: file) }
        case .scalar(let scalar) where isSection:
            // `detect:` with nothing behind it: the section with its defaults.
            guard scalar.string.isEmpty || scalar.string == "{}" else {
                throw Failure(.configuration, "wrong value", at: "\(place(value)): \(path)", because: "a section with keys is expected")
            }
            if path == "detect" { detect = detect ?? Detect() }
        case .scalar(let scalar):
            try set(path, to: scalar.string, at: place(value))
        default:
            let known = isSection || ConfigurationKey.find(path) != nil
            throw Failure(
                .configuration, known ? "wrong value" : "unknown key", at: "\(place(value)): \(path)",
                because: known ? "a single value is expected" : "there is no such key",
                remedy: known ? nil : "did you mean \(ConfigurationKey.nearest(to: path))?")
        }
    }

    /// Gives one key a value written as text, as `--set KEY=VALUE` does.
    ///
    /// - Parameter place: where it was written, for messages: "pipeline.yaml:3" or "--set".
    /// - Throws: `Failure` (`.configuration`).
    public mutating func set(_ path: String, to text: String, at place: String) throws {
        guard let key = ConfigurationKey.find(path) else {
            throw Failure(
                .configuration, "unknown key", at: "\(place): \(path)", because: "there is no such key",
                remedy: "did you mean \(ConfigurationKey.nearest(to: path))?")
        }
        guard let value = key.kind.parse(text) else {
            throw Failure(.configuration, "wrong value", at: "\(place): \(path)", because: "\"\(text)\" is not \(key.kind.expectation)")
        }
        key.write(&self, value)
    }

    /// Applies `KEY=VALUE`.
    public mutating func apply(assignment: String) throws {
        guard let equals = assignment.firstIndex(of: "=") else {
            throw Failure(.configuration, "wrong setting", at: "--set \(assignment)", because: "no '=' in it", remedy: "write --set pose.flip=true")
        }
        let key = assignment[..<equals].trimmingCharacters(in: .whitespaces)
        try set(key, to: String(assignment[assignment.index(after: equals)...]).trimmingCharacters(in: .whitespaces), at: "--set")
    }

    /// All keys with their values in file order; absent sections are left out.
    var entries: [(key: ConfigurationKey, value: ConfigurationValue)] {
        ConfigurationKey.all.compactMap { key in key.read(self).map { (key, $0) } }
    }

    /// The resolved pipeline as a file that `init(yaml:file:)` reads back to the same value.
    public var yaml: String {
        var text = ""
        var section = ""
        for (key, value) in entries {
            if key.section != section {
                section = key.section
                text += "\(section):\n"
            }
            text += (section.isEmpty ? "" : "  ") + "\(section.isEmpty ? key.path : key.name): \(PipelineConfiguration.scalar(value))\n"
        }
        return text
    }

    private static func scalar(_ value: ConfigurationValue) -> String {
        switch value {
        case .boolean(let boolean): return boolean ? "true" : "false"
        case .integer(let integer): return String(integer)
        case .number(let number): return String(number)
        case .text(let text):
            let plain = text.allSatisfy { $0.isLetter || $0.isNumber || "-_./".contains($0) } && Double(text) == nil && text.first != "-"
            // JSON's quoting is YAML's double quoting.
            return plain ? text : (try? String(decoding: JSONEncoder().encode(text), as: UTF8.self)) ?? "\"\""
        }
    }

    private static func reason(_ error: YamlError) -> String {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _), .composer(_, let problem, let mark, _):
            "line \(mark.line): \(problem)"
        case .duplicatedKeysInMapping(let keys, _):
            "key given twice: \(keys.map { "\($0)" }.joined(separator: ", "))"
        default:
            "it is not YAML: \(error)"
        }
    }
}
