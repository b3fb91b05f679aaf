import Diagnostics
import Engine
import Foundation

/// Writes safetensors: an 8-byte length, a JSON header, then the tensors' bytes in the header's order.
///
/// The header comes first, so names and shapes must be known before the numbers, which are then made and written one tensor
/// at a time.
public struct SafetensorsWriter {
    public struct Entry: Sendable {
        public var name: String
        public var shape: [Int]

        public init(name: String, shape: [Int]) {
            self.name = name
            self.shape = shape
        }
    }

    public var entries: [Entry]
    public var metadata: [String: String]

    public init(_ entries: [Entry], metadata: [String: String] = [:]) {
        self.entries = entries
        self.metadata = metadata
    }

    /// Writes a new file.
    ///
    /// - Parameter tensor: the entry's numbers, float32 and of its shape.
    /// - Throws: `Failure` of kind `.cannotCreate` when the file cannot be made or is there already, `.inputOutput` when
    ///   writing fails in the middle; nothing is left behind then.
    public func write(to url: URL, overwrite: Bool = false, tensor: (Entry) throws -> Tensor) throws {
        func fail(_ kind: Failure.Kind, _ why: String) -> Failure { Failure(kind, "cannot write weights", at: url.path, because: why) }
        guard overwrite || !FileManager.default.fileExists(atPath: url.path) else {
            throw Failure(.cannotCreate, "cannot write weights", at: url.path, because: "it exists already", remedy: "--overwrite replaces it")
        }
        let part = url.appendingPathExtension("part")
        guard FileManager.default.createFile(atPath: part.path, contents: nil), let file = try? FileHandle(forWritingTo: part) else {
            throw fail(.cannotCreate, "the file cannot be created")
        }
        do {
            try file.write(contentsOf: header())
            for entry in entries {
                let tensor = try tensor(entry)
                guard tensor.shape == entry.shape, tensor.elementType == .float32 else {
                    throw Failure(.internalDefect, "cannot write weights", at: entry.name, because: "its numbers are not what was announced")
                }
                try tensor.withElements(as: Float.self) { try file.write(contentsOf: Data(buffer: $0)) }
            }
            try file.close()
            if overwrite { try? FileManager.default.removeItem(at: url) }
            try FileManager.default.moveItem(at: part, to: url)
        } catch {
            try? file.close()
            try? FileManager.default.removeItem(at: part)
            throw error as? Failure ?? fail(.inputOutput, "writing failed: \(error.localizedDescription)")
        }
    }

    private func header() throws -> Data {
        var fields: [String: Any] = metadata.isEmpty ? [:] : ["__metadata__": metadata]
        var offset = 0
        for entry in entries {
            let end = offset + entry.shape.reduce(1, *) * MemoryLayout<Float>.size
            fields[entry.name] = ["dtype": "F32", "shape": entry.shape, "data_offsets": [offset, end]] as [String: Any]
            offset = end
        }
        var text = try JSONSerialization.data(withJSONObject: fields, options: .sortedKeys)
        // Numbers that begin at a multiple of 64 are used where they lie in the mapped file, others have to be copied.
        text.append(contentsOf: repeatElement(UInt8(ascii: " "), count: 63 - (text.count + 8 + 63) % 64))
        return withUnsafeBytes(of: UInt64(text.count).littleEndian) { Data($0) } + text
    }
}
