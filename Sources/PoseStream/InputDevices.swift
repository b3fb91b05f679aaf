import Foundation
import Media

/// The cameras and screens of this machine.
public enum InputDevices {
    public struct Device: Sendable, Encodable {
        /// What `run` takes as its input: "v4l2:/dev/video0".
        public var input: String
        /// What it calls itself.
        public var name: String
        /// Formats or sizes that it offers.
        public var offers: [String]
    }

    public static func all() -> [Device] {
        CaptureDevice.all().map { Device(input: $0.input, name: $0.name, offers: $0.offers) }
    }

    /// One JSON array of objects.
    public static func json(_ devices: [Device]) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(devices), as: UTF8.self)
    }
}
