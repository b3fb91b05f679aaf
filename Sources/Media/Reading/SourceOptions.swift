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
    /// Which pictures are wanted: a file then skips by key frames what lies well before them. What it gives may still begin
    /// earlier; `SelectedSource` leaves out the rest.
    public var selection = FrameSelection()
    /// Pictures a second of a folder of pictures.
    public var pictureRate = Rational(25, 1)
    /// Name of the container format as `ffmpeg -formats` lists it, instead of looking at the data.
    public var format: String?
    /// Options of the container or protocol, as `ffmpeg` takes them: `["video_size": "640x480"]`.
    public var formatOptions: [String: String] = [:]
    /// Size that a camera or screen is asked for, as FFmpeg writes it: "640x480", "hd720".
    public var deviceSize: String?
    /// Pictures a second that a camera or screen is asked for: "25", "30000/1001".
    public var deviceRate: String?
    /// Pixel or compressed format that a camera is asked for: "mjpeg", "yuyv422".
    public var devicePixelFormat: String?
    /// Seconds without a byte, while connecting or later, after which a network source or a device counts as gone.
    public var networkTimeout = 10.0
    /// For how many seconds a live source that was lost is tried again before it is given up; 0: not at all.
    public var reconnectFor = 300.0
    /// Try again also when the first connection fails; otherwise that is an error at once, so that a wrong address is noticed.
    public var retriesFirstConnection = false
    /// Told at once, from the thread that reads, of what a user wants to know while it lasts: a lost connection, a new one.
    public var report: (@Sendable (String) -> Void)?
    /// Pictures with more pixels than this are refused, so that a few hostile bytes cannot ask for all memory.
    public var maximumPixels = 1 << 27
    /// Ends a blocked open or read from elsewhere.
    public var interrupt: ReadInterrupt?

    public init() {}
}
