/// What a run writes.
public struct RunOutputs: Sendable {
    /// NDJSON file, "-" for standard output; nil for none.
    public var records: String?
    /// Annotated video; nil for none.
    public var video: String?
    /// Container of the video when the name does not tell it (standard output).
    public var videoFormat: String?
    /// How the video is encoded.
    public var encoding = VideoEncoding()
    /// Replace files that exist.
    public var overwrite: Bool
    /// Go on where an earlier run with the same options stopped; begin when there was none.
    public var resume = false

    public init(records: String? = "-", video: String? = nil, videoFormat: String? = nil, overwrite: Bool = false) {
        self.records = records
        self.video = video
        self.videoFormat = videoFormat
        self.overwrite = overwrite
    }
}
