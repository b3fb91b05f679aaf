import Media

/// How an input is opened, beyond its name.
public struct InputOptions: Sendable, Equatable {
    /// Size, rate and format that a camera or screen is asked for, as FFmpeg writes them: "1280x720", "30", "mjpeg".
    public var deviceSize: String?
    public var deviceRate: String?
    public var deviceFormat: String?
    /// FFmpeg's name of the container format, instead of looking at the data: "rawvideo".
    public var format: String?
    /// Options for FFmpeg's reader: `["rtsp_transport": "udp"]`.
    public var options: [String: String] = [:]
    /// Seconds without a byte after which a stream or camera counts as lost.
    public var timeout = 10.0
    /// Seconds for which a lost stream or camera is tried again; infinity for ever.
    public var reconnect = 300.0
    /// Try again also when it cannot be reached in the first place.
    public var retry = false
    /// What happens to pictures that come faster than they are processed; nil: `latest` for live sources, `block` for others.
    public var policy: LivePolicy?

    public init() {}

    /// What happens to pictures of this source that come too fast.
    func policy(for source: SourceDescription) -> LivePolicy { policy ?? (source.isLive ? .latest : .block) }

    /// A film under a live policy plays at its own pace, as if it were a camera: otherwise it would be dropped as fast as it can be read.
    func paced(_ source: sending any FrameSource, under policy: LivePolicy) -> sending any FrameSource {
        policy == .block || source.description.isLive ? source : PacedSource(source)
    }

    /// As the media room takes them.
    func sourceOptions(report: @escaping @Sendable (String) -> Void) -> SourceOptions {
        var result = SourceOptions()
        (result.deviceSize, result.deviceRate, result.devicePixelFormat) = (deviceSize, deviceRate, deviceFormat)
        (result.format, result.formatOptions) = (format, options)
        (result.networkTimeout, result.reconnectFor, result.retriesFirstConnection) = (timeout, reconnect, retry)
        result.report = report
        return result
    }
}

/// What happens to pictures that come faster than they are processed.
public enum LivePolicy: Sendable, Equatable {
    /// Only the newest picture waits: the answer is late by one frame interval and the processing, never more.
    case latest
    /// So many pictures wait; when one more comes the oldest is dropped.
    case queue(Int)
    /// The source waits: nothing is dropped.
    case block

    /// Reads "latest", "queue=N" or "block"; nil for anything else.
    public init?(_ text: String) {
        switch text {
        case "latest": self = .latest
        case "block": self = .block
        default:
            guard text.hasPrefix("queue="), let length = Int(text.dropFirst(6)), 1...10_000 ~= length else { return nil }
            self = .queue(length)
        }
    }
}
