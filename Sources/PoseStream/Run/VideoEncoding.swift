import Media

/// How an annotated video is encoded.
public struct VideoEncoding: Sendable, Equatable {
    /// FFmpeg's name of the encoder: "libx264"; nil: the first that this FFmpeg has and the container takes, H.264 before others.
    public var encoder: String?
    /// Constant quality in the encoder's own scale, smaller is better; nil: the usual value.
    public var quality: Double?
    /// Speed of an encoder that knows presets; nil: "veryfast", and "ultrafast" for live sources.
    public var preset: String?

    public init(encoder: String? = nil, quality: Double? = nil, preset: String? = nil) {
        (self.encoder, self.quality, self.preset) = (encoder, quality, preset)
    }

    func apply(to options: inout VideoWriterOptions) {
        (options.encoder, options.quality, options.preset) = (encoder, quality, preset)
    }
}
