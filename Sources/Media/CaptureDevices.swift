import CFFmpeg
import CShims
import Foundation

/// A camera or screen that can be named as an input.
public struct CaptureDevice: Sendable, Equatable {
    /// The argument that opens it: "v4l2:/dev/video0".
    public var input: String
    /// What it calls itself, for people.
    public var name: String
    /// Formats or sizes that it offers, for people.
    public var offers: [String]

    /// Cameras that give pictures, in the order of their numbers, then the X display of this session.
    public static func all() -> [CaptureDevice] { cameras() + display() }

    private static func cameras() -> [CaptureDevice] {
        guard DeviceInput.v4l2.isInFFmpeg, let nodes = try? FileManager.default.contentsOfDirectory(atPath: "/dev") else { return [] }
        return nodes.filter { $0.hasPrefix("video") && Int($0.dropFirst(5)) != nil }.sorted(by: NaturalOrder.isBefore).compactMap { node in
            let path = "/dev/" + node
            guard let name = string({ ps_camera_name(path, $0, $1) == 0 }) else { return nil }
            let formats = (0..<32).lazy.map { index in string { ps_camera_format(path, Int32(index), $0, $1) } }
            return CaptureDevice(input: "v4l2:" + path, name: name, offers: formats.prefix { $0 != nil }.compactMap { $0 })
        }
    }

    private static func display() -> [CaptureDevice] {
        guard DeviceInput.x11grab.isInFFmpeg, let display = ProcessInfo.processInfo.environment["DISPLAY"], !display.isEmpty else { return [] }
        let input = "x11grab:" + display
        var options = SourceOptions()
        options.networkTimeout = 3
        options.reconnectFor = 0
        guard let source = try? openSource(input, options: options) else { return [] }
        return [CaptureDevice(input: input, name: "X display", offers: ["\(source.description.width)x\(source.description.height)"])]
    }

    private static func string(_ fill: (UnsafeMutablePointer<CChar>?, Int) -> Bool) -> String? {
        var buffer = [CChar](repeating: 0, count: 64)
        guard buffer.withUnsafeMutableBufferPointer({ fill($0.baseAddress, $0.count) }) else { return nil }
        return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}

extension DeviceInput {
    /// This FFmpeg was built with it.
    var isInFFmpeg: Bool {
        avdevice_register_all()
        return av_find_input_format(rawValue) != nil
    }
}

extension FFmpegFacts {
    /// Kinds of device that can be read from: "v4l2", "x11grab", "lavfi".
    public static var devices: [String] { DeviceInput.allCases.filter(\.isInFFmpeg).map(\.rawValue) }
}
