/// Where frames come from: a file, standard input, a folder of pictures, a camera, a network stream.
///
/// A source is used by one stage at a time and owns its decoder. `next()` blocks; `cancel()` may be called from
/// any thread and makes a blocked `next()` return nil soon.
public protocol FrameSource: AnyObject {
    /// What is known before the first picture.
    var description: SourceDescription { get }
    /// What was counted so far.
    var statistics: DecodeStatistics { get }
    /// The next picture in presentation order; nil at the end and after `cancel()`.
    func next() throws -> VideoFrame?
    func cancel()
    /// The audio and subtitle streams whose packets ride along with the pictures (`VideoFrame.companions`).
    var passthroughStreams: [PassthroughStream] { get }
    /// Packets of those streams that stood after the last picture; complete once `next()` has returned nil.
    var trailingPackets: [PassthroughPacket] { get }
    /// What a user should be told, one line each, a kind of trouble once: "this file ends too early".
    var warnings: [String] { get }
}

extension FrameSource {
    public var passthroughStreams: [PassthroughStream] { [] }
    public var trailingPackets: [PassthroughPacket] { [] }
    public var warnings: [String] { [] }
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
    /// Average frames a second as the fraction that the container gives: 30000/1001; nil when unknown.
    public var averageFrameRate: Rational?
    /// Width of a pixel divided by its height, as the picture is seen; nil when unknown (then take it as square).
    public var sampleAspectRatio: Rational?
    /// How the samples stand for colours.
    public var color: ColorDescription

    public init(
        name: String, uri: String, width: Int, height: Int, rotation: Int, timeBase: Rational, frameRate: Double?, frames: Int?,
        startTime: Double, isLive: Bool, averageFrameRate: Rational? = nil, sampleAspectRatio: Rational? = nil,
        color: ColorDescription = ColorDescription()
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
        self.averageFrameRate = averageFrameRate
        self.sampleAspectRatio = sampleAspectRatio
        self.color = color
    }
}

/// Code points of ISO/IEC 23091-2 (H.273), which are also FFmpeg's numbers; 2 means unspecified.
public struct ColorDescription: Sendable, Hashable {
    /// 0 unspecified, 1 limited (16 to 235), 2 full.
    public var range: Int
    /// Matrix coefficients: 1 BT.709, 5 and 6 BT.601, 9 BT.2020.
    public var matrix: Int
    public var primaries: Int
    public var transfer: Int

    public init(range: Int = 0, matrix: Int = 2, primaries: Int = 2, transfer: Int = 2) {
        self.range = range
        self.matrix = matrix
        self.primaries = primaries
        self.transfer = transfer
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
