import Diagnostics
import Foundation

/// Reading the JSON of ground truth and results with error lines that say where.
package enum GroundTruthFile {
    /// Coordinates and scores beyond this make no sense, and their squares must stay finite.
    package static let largest = 1e9

    package static func read(_ url: URL, what: String = "ground truth") throws -> Data {
        do { return try Data(contentsOf: url) } catch {
            throw Failure(
                .noInput, "cannot read \(what)", at: url.lastPathComponent, because: (error as NSError).localizedDescription)
        }
    }

    package static func decode<Value: Decodable>(_ type: Value.Type, from data: Data, place: String, what: String = "ground truth") throws -> Value {
        do { return try JSONDecoder().decode(type, from: data) } catch let error as DecodingError {
            throw Failure(.data, "cannot read \(what)", at: place, because: Self.reason(error))
        }
    }

    private static func reason(_ error: DecodingError) -> String {
        func path(_ context: DecodingError.Context, _ last: String? = nil) -> String {
            let keys = context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue } + (last.map { [$0] } ?? [])
            return keys.isEmpty ? "the file" : keys.joined(separator: ".")
        }
        switch error {
        case .keyNotFound(let key, let context): return "\(path(context, key.stringValue)) is missing"
        case .typeMismatch(_, let context): return "\(path(context)) is of the wrong type"
        case .valueNotFound(_, let context): return "\(path(context)) is null"
        case .dataCorrupted(let context): return "\(path(context)): \(context.debugDescription)"
        @unknown default: return "\(error)"
        }
    }
}
