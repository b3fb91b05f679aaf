/// Where frames come from: a file, standard input, a folder of pictures, a camera, a network stream.
///
/// A source is used by one stage at a time and owns its decoder. `next()` blocks; `cancel()` may be called from
/// any thread and makes a blocked `next()` return nil soon.
public protocol FrameSource: AnyObject {
    /// What is known before the first picture.
    var description: SourceDescription { get }
    /// What was counted so far.
    var statistics: DecodeStatistics { get }
    /// The next picture in presentation order; nil at the end.
    func next() throws -> VideoFrame?
    func cancel()
}

/// What the header record says of a source.
public struct SourceDescription: Sendable, Equatable {
    /// Last part of the path, or the host, for people to read.
    public var name: String
    /// As given by the user, without credentials.
    public var uri: String
    /// Size as shown (rotation applied), pixels.
    public var width: Int
    public var height: Int
    /// Degrees clockwise by which the stored picture was turned to stand upright: 0, 90, 180, 270.
    public var rotation: Int
    /// Seconds a tick, as a fraction: [1, 12800].
    public var timeBase: Rational
    /// Average frames a second; nil when unknown.
    public var frameRate: Double?
    /// Number of frames if the container says it; nil when unknown.
    public var frames: Int?
    /// Container start time in seconds.
    public var startTime: Double
    public var isLive: Bool

    public init(
        name: String, uri: String, width: Int, height: Int, rotation: Int, timeBase: Rational, frameRate: Double?, frames: Int?,
        startTime: Double, isLive: Bool
    ) {
        self.name = name
        self.uri = uri
        self.width = width
        self.height = height
        self.rotation = rotation
        self.timeBase = timeBase
        self.frameRate = frameRate
        self.frames = frames
        self.startTime = startTime
        self.isLive = isLive
    }
}

/// A fraction of two whole numbers.
public struct Rational: Sendable, Hashable {
    public var numerator: Int
    public var denominator: Int

    public init(_ numerator: Int, _ denominator: Int) {
        self.numerator = numerator
        self.denominator = denominator
    }

    public var value: Double { Double(numerator) / Double(denominator) }
}

/// What a decoder met on its way, for the end record and the warnings.
public struct DecodeStatistics: Sendable, Equatable {
    /// Pictures that came out.
    public var decoded = 0
    /// Packets that the decoder refused and pictures that it marked as damaged.
    public var corrupt = 0
    /// Time stamps that had to be made or moved.
    public var repairedTimestamps = 0
    /// The file ended before the container said it would.
    public var isTruncated = false

    public init() {}
}
