import Diagnostics
import Records

extension PipelineConfiguration {
    /// The pipeline that a header record holds. Keys that this version does not know are passed over, except those of the tracker,
    /// which decide what linking again gives.
    ///
    /// - Parameter place: the file, for messages.
    /// - Throws: `Failure` of kind `.data`.
    init(recorded pipeline: JSONValue, at place: String) throws {
        guard case .object(let sections) = pipeline else {
            throw Failure(.data, "cannot read the pipeline in the header", at: place, because: "it is no object")
        }
        self.init(detect: nil)
        for section in sections {
            if case .object(let members) = section.value {
                for member in members { try set("\(section.name).\(member.name)", member.value, at: place) }
            } else {
                try set(section.name, section.value, at: place)
            }
        }
    }

    private mutating func set(_ path: String, _ value: JSONValue, at place: String) throws {
        guard ConfigurationKey.find(path) != nil || path.hasPrefix("track.") else { return }
        let text: String? = switch value {
        case .bool(let flag): flag ? "true" : "false"
        case .integer(let number): String(number)
        case .number(let number): String(number)
        case .string(let text): text
        case .null, .array, .object: nil
        }
        do {
            guard let text else { throw Failure(.configuration, "wrong value", at: path, because: "a single value is expected") }
            try set(path, to: text, at: place)
        } catch let failure as Failure {
            throw Failure(.data, "cannot read the pipeline in the header", at: "\(place): \(path)", because: failure.why)
        }
    }
}
