import ArgumentParser
import Diagnostics
import PoseStream

/// The options of `run` that say how an input is opened.
struct InputArguments: ParsableArguments {
    @Option(help: "Pictures that come faster than they are processed: latest (only the newest waits; usual for live sources), queue=N (the oldest of N is dropped), block (the source waits; usual for files). With latest or queue a file plays at its own pace.")
    var policy: String?

    @Option(help: ArgumentHelp("Seconds without a byte after which a stream or camera counts as lost.", valueName: "seconds"))
    var timeout: Double = 10

    @Option(help: ArgumentHelp("For how long a lost stream or camera is tried again: seconds, 0 or inf.", valueName: "seconds"))
    var reconnect: Double = 300

    @Flag(help: "Try again as well when a stream or camera cannot be reached at the start.")
    var retry = false

    @Option(help: ArgumentHelp("Size asked of a camera or screen.", valueName: "WxH"))
    var deviceSize: String?

    @Option(help: ArgumentHelp("Pictures a second asked of a camera or screen.", valueName: "rate"))
    var deviceRate: String?

    @Option(help: ArgumentHelp("Pixel or compressed format asked of a camera: mjpeg, yuyv422, h264.", valueName: "format"))
    var deviceFormat: String?

    @Option(help: ArgumentHelp("Container format of the input as FFmpeg names it, instead of looking at the data: rawvideo.", valueName: "format"))
    var inputFormat: String?

    @Option(name: .customLong("input-option"), help: ArgumentHelp("Option for FFmpeg's reader: rtsp_transport=udp (repeatable).", valueName: "key=value"))
    var inputOptions: [String] = []

    /// - Throws: `.usage` for a value that cannot be meant.
    func resolved() throws -> InputOptions {
        var result = InputOptions()
        (result.deviceSize, result.deviceRate, result.deviceFormat) = (deviceSize, deviceRate, deviceFormat)
        result.format = inputFormat
        for option in inputOptions {
            guard let equals = option.firstIndex(of: "="), equals > option.startIndex else {
                throw Failure(.usage, "wrong input option", at: "--input-option \(option)", because: "it is not of the form key=value")
            }
            result.options[String(option[..<equals])] = String(option[option.index(after: equals)...])
        }
        guard timeout > 0, timeout <= 86_400 else {
            throw Failure(.usage, "wrong time", at: "--timeout \(timeout)", because: "it is not between 0 and a day")
        }
        guard reconnect >= 0 else {
            throw Failure(.usage, "wrong time", at: "--reconnect \(reconnect)", because: "it is not 0 or more seconds", remedy: "inf tries for ever")
        }
        (result.timeout, result.reconnect, result.retry) = (timeout, reconnect, retry)
        if let policy {
            guard let known = LivePolicy(policy) else {
                throw Failure(.usage, "unknown policy", at: "--policy \(policy)", because: "it is not latest, queue=N or block")
            }
            result.policy = known
        }
        return result
    }
}
