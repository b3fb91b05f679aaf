import CFFmpeg
import Diagnostics
import Foundation

/// The capture devices that can be named as an input, each read by a demuxer of libavdevice.
///
/// | argument | is |
/// | --- | --- |
/// | `v4l2:/dev/video0`, `/dev/video0` | a camera |
/// | `x11grab::0.0`, `x11grab::0.0+100,200` | a screen, or the part of it that begins there; `x11grab:` takes `$DISPLAY` |
/// | `lavfi:testsrc=size=640x480:rate=25` | what a filter graph of FFmpeg generates |
enum DeviceInput: String, CaseIterable {
    case v4l2, x11grab, lavfi

    /// The sender sets the pace. What a graph generates comes as fast as it is asked for.
    var isLive: Bool { self != .lavfi }

    /// Splits an argument into device and address; nil when it names no device.
    static func parse(_ argument: String) -> (device: DeviceInput, address: String)? {
        for device in allCases where argument.hasPrefix(device.rawValue + ":") {
            return (device, String(argument.dropFirst(device.rawValue.count + 1)))
        }
        return nil
    }

    /// - Throws: `.usage` for an address that cannot be meant.
    static func location(_ argument: String) throws -> InputLocation? {
        guard let (device, given) = parse(argument) else { return nil }
        var address = given
        if device == .x11grab, address.isEmpty || address.hasPrefix("+") {
            guard let display = ProcessInfo.processInfo.environment["DISPLAY"], !display.isEmpty else {
                throw Failure(
                    .usage, "cannot open device", at: argument, because: "no display is named and $DISPLAY is not set",
                    remedy: "x11grab::0.0")
            }
            address = display + address
        }
        guard !address.isEmpty else {
            throw Failure(
                .usage, "cannot open device", at: argument, because: "nothing is named", remedy: device == .v4l2 ? "v4l2:/dev/video0" : "lavfi:testsrc")
        }
        return InputLocation(
            kind: .device(device), url: address, name: device == .v4l2 ? (address as NSString).lastPathComponent : argument,
            uri: "\(device.rawValue):\(address)", protocols: "file,crypto,data", isLive: device.isLive)
    }

    /// FFmpeg's reader of this device.
    /// - Throws: `.unavailable` when this FFmpeg was built without it.
    func format(at uri: String) throws -> UnsafePointer<AVInputFormat> {
        avdevice_register_all()
        guard let format = av_find_input_format(rawValue) else {
            throw Failure(
                .unavailable, "cannot open device", at: uri, because: "this FFmpeg was built without \(rawValue)",
                remedy: "posestream doctor shows what it has")
        }
        return format
    }

    /// The options by which FFmpeg's reader takes the wishes of the user.
    /// - Throws: `.usage` for a wish that this device cannot be told.
    func options(_ options: SourceOptions, at uri: String) throws -> [String: String] {
        func refuse(_ name: String, _ why: String, _ remedy: String) -> Failure {
            Failure(.usage, "cannot open device", at: uri, because: "\(name) \(why)", remedy: remedy)
        }
        var result: [String: String] = [:]
        if let size = options.deviceSize {
            guard self != .lavfi else { throw refuse("a size", "belongs into the graph", "lavfi:testsrc=size=\(size)") }
            result["video_size"] = size
        }
        if let rate = options.deviceRate {
            guard self != .lavfi else { throw refuse("a rate", "belongs into the graph", "lavfi:testsrc=rate=\(rate)") }
            result["framerate"] = rate
        }
        if let format = options.devicePixelFormat {
            switch self {
            case .v4l2: result["input_format"] = format
            case .x11grab: throw refuse("a pixel format", "cannot be chosen: the screen has its own", "leave it out")
            case .lavfi: throw refuse("a pixel format", "belongs into the graph", "lavfi:testsrc,format=\(format)")
            }
        }
        switch self {
        // The time of capture by the clock on the wall, instead of seconds since the machine started.
        case .v4l2: result["timestamps"] = "abs"
        // Asking for the pointer is how FFmpeg notices that the display is gone; without it the last picture would repeat for ever.
        case .x11grab: result["draw_mouse"] = "1"
        case .lavfi: break
        }
        return result
    }
}
