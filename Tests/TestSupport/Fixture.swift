import Foundation

/// Golden numbers as plain values, read from a JSON file of `fixtures/`.
public enum Fixture {
    public static func decode<Value: Decodable>(_ type: Value.Type, from path: String) throws -> Value {
        try JSONDecoder().decode(type, from: Data(contentsOf: Shared.fixture(path)))
    }

    public static func bytes(_ path: String) throws -> [UInt8] {
        try [UInt8](Data(contentsOf: Shared.fixture(path)))
    }
}
