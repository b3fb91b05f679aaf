import Engine
import Foundation

/// Reader of safetensors: an 8-byte length, a JSON header, then the tensors' bytes, row-major and little-endian.
///
/// As the format demands, the tensors' ranges must cover the bytes behind the header exactly: without overlap, without
/// gap, up to the end of the file. So a file that was cut or that hides something is refused.
enum Safetensors {
    /// The limit of the format's own library.
    private static let largestHeader = 100_000_000

    static func read(_ file: ByteSlice) throws -> Checkpoint {
        var reader = try ByteReader(file)
        let headerLength = try reader.length()
        guard headerLength <= largestHeader else { throw Malformed("its header claims \(headerLength) bytes") }
        let header = try Header(json: reader.bytes(headerLength))
        let data = try reader.bytes(reader.remaining)

        var budget = CopyBudget(fileSize: file.count)
        var tensors: [String: Tensor] = [:]
        var names: [String] = []
        var end = 0
        let entries = header.entries.sorted { ($0.value.start, $0.value.end, $0.key) < ($1.value.start, $1.value.end, $1.key) }
        for (name, entry) in entries {
            do {
                guard entry.start == end, entry.end >= entry.start else {
                    throw Malformed("its bytes \(entry.start)..<\(entry.end) overlap another tensor's or leave a gap before them")
                }
                tensors[name] = try entry.tensor(in: data, budget: &budget)
                names.append(name)
                end = entry.end
            } catch let malformed as Malformed {
                throw Malformed("tensor \(name): \(malformed.why)")
            }
        }
        guard end == data.count else { throw Malformed("\(data.count - end) bytes behind the last tensor belong to none") }
        return Checkpoint(tensors: tensors, names: names, metadata: header.metadata)
    }
}

private struct Header: Decodable {
    struct Entry: Decodable {
        var dtype: String
        var shape: [Int]
        var dataOffsets: [Int]

        private enum CodingKeys: String, CodingKey {
            case dtype, shape
            case dataOffsets = "data_offsets"
        }

        var start: Int { dataOffsets.first ?? -1 }
        var end: Int { dataOffsets.count == 2 ? dataOffsets[1] : -1 }

        func tensor(in data: ByteSlice, budget: inout CopyBudget) throws -> Tensor {
            guard let type = StoredType(safetensors: dtype) else { throw Malformed("its element type \(dtype) is not supported") }
            let layout = try TensorLayout.dense(type, shape: shape)
            let byteCount = try TensorLayout.elementCount(shape) * type.byteCount
            guard end - start == byteCount else {
                throw Malformed("its shape \(shape) takes \(byteCount) bytes, but \(end - start) are declared")
            }
            return try layout.tensor(over: data.part(at: start, count: byteCount), budget: &budget)
        }
    }

    private struct Name: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    var entries: [String: Entry] = [:]
    var metadata: [String: String] = [:]

    init(json: ByteSlice) throws {
        // The decoder's own messages speak of coding paths; what helps here is that the header is broken, and where.
        do {
            self = try withExtendedLifetime(json.owner) { try JSONDecoder().decode(Header.self, from: Data(json.bytes)) }
        } catch let DecodingError.typeMismatch(_, context), let DecodingError.keyNotFound(_, context),
            let DecodingError.valueNotFound(_, context)
        {
            throw Malformed("its header's entry \(context.codingPath.first?.stringValue ?? "") is not the description of a tensor")
        } catch {
            throw Malformed("its header is no valid JSON")
        }
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Name.self)
        for key in container.allKeys {
            if key.stringValue == "__metadata__" {
                metadata = try container.decode([String: String].self, forKey: key)
            } else {
                entries[key.stringValue] = try container.decode(Entry.self, forKey: key)
            }
        }
    }
}
