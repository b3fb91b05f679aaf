import Diagnostics
import Foundation

extension PipelineConfiguration {
    /// A pipeline by its name ("default") or as a YAML file.
    ///
    /// - Throws: `Failure` (`.configuration`, `.noInput`).
    public static func named(_ name: String) throws -> PipelineConfiguration {
        if let yaml = EmbeddedPipelines.yaml(named: name) {
            return try PipelineConfiguration(yaml: yaml, file: "\(name).yaml")
        }
        guard name.contains("/") || name.hasSuffix(".yaml") || name.hasSuffix(".yml") else {
            throw Failure(
                .configuration, "unknown pipeline", at: name, because: "there is no pipeline of that name",
                remedy: "known are \(EmbeddedPipelines.names.joined(separator: ", ")); a file must end in .yaml")
        }
        return try PipelineConfiguration(file: URL(fileURLWithPath: name))
    }

    /// A pipeline file.
    public init(file: URL) throws {
        // Far more than any pipeline needs; a video given by mistake must not be read into memory.
        let limit = 1 << 20
        guard let handle = try? FileHandle(forReadingFrom: file) else {
            throw Failure(.noInput, "cannot read pipeline", at: file.path, because: "it does not exist or cannot be opened")
        }
        defer { try? handle.close() }
        guard let data = try? handle.read(upToCount: limit + 1) else {
            throw Failure(.noInput, "cannot read pipeline", at: file.path, because: "reading failed")
        }
        guard data.count <= limit, let text = String(data: data, encoding: .utf8) else {
            throw Failure(.configuration, "cannot read pipeline", at: file.path, because: "it is no YAML text")
        }
        try self.init(yaml: text, file: file.relativePath)
    }
}
