/// How a video is written.
public struct VideoWriterOptions: Sendable, Equatable {
    /// Container: "mp4", "mov", "matroska", "webm", "avi" or "mpegts"; nil: from the file's ending, Matroska on standard output.
    public var format: String?
    /// FFmpeg's name of the encoder: "libx264"; nil: the first that this FFmpeg has and the container takes, H.264 before others.
    public var encoder: String?
    /// Speed of an encoder that knows presets: "ultrafast" to "veryslow" for libx264. Nil: "veryfast", "ultrafast" for live sources.
    public var preset: String?
    /// Constant quality in the encoder's own scale, smaller is better: CRF for H.264 (23 is usual) and VP9, the quantiser for MPEG-4 and
    /// Motion JPEG. Nil: the usual value.
    public var quality: Double?
    /// Encoder threads; 0: as many as there are cores, at most 4.
    public var threads = 0
    /// Replace an existing file.
    public var overwrite = false
    /// Give each picture out as soon as it is encoded, for people who watch; nil: for live sources and on standard output.
    public var lowLatency: Bool?
    /// Time of the source, in seconds, that becomes the output's zero; nil: the source's own start.
    public var startTime: Double?
    /// Turn a finished MP4 or MOV into a plain one that starts fast. Otherwise it stays fragmented, as it is while it grows.
    public var plainWhenFinished = true

    public init() {}
}

/// What a `VideoWriter` has written.
public struct VideoWriterSummary: Sendable, Equatable {
    /// Pictures.
    public var frames: Int
    /// Size of the output.
    public var bytes: Int64
    /// The encoder that was used.
    public var encoder: String
    /// What a user should be told, one line each: a stream that this container cannot hold, for example.
    public var notes: [String]
}
