/// How a source is opened and decoded.
public struct SourceOptions: Sendable {
    /// Threads of the decoder; nil chooses by the machine. The networks compete with them for the cores.
    public var decoderThreads: Int?
    /// Take BT.601 for a video that does not name its colour matrix, whatever its size, as OpenCV and swscale do.
    /// Otherwise pictures from 1280 columns or 720 rows on count as BT.709.
    public var assumesBT601 = false
    /// Keep audio and subtitle packets for a writer (`VideoFrame.companions`).
    public var keepsOtherStreams = false
    /// Let the decoder leave its motion vectors with each frame (`VideoFrame.motionVectors`). Costs a tenth of the decoding or more, and
    /// keeps the decoder from working on several frames at a time, which would leave vectors out by chance.
    public var exportsMotionVectors = false
    /// Pictures a second of a folder of pictures.
    public var pictureRate = Rational(25, 1)
    /// Name of the container format as `ffmpeg -formats` lists it, instead of looking at the data.
    public var format: String?
    /// Options of the container or protocol, as `ffmpeg` takes them: `["video_size": "640x480"]`.
    public var formatOptions: [String: String] = [:]
    /// Seconds without a byte after which a network source counts as gone.
    public var networkTimeout = 10.0
    /// Pictures with more pixels than this are refused, so that a few hostile bytes cannot ask for all memory.
    public var maximumPixels = 1 << 27
    /// Ends a blocked open or read from elsewhere.
    public var interrupt: ReadInterrupt?

    public init() {}
}
