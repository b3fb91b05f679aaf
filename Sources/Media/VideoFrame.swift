import CFFmpeg
import CKernels

/// One decoded picture in its own planes, upright, with its time.
///
/// The samples stay where the decoder put them; a person's crop is warped straight from the planes.
public final class VideoFrame: @unchecked Sendable {
    // Safe to share: the frame is the only owner of its AVFrame reference, nothing writes to it after `init`,
    // and FFmpeg counts references to the buffers atomically.

    /// Number of the decoded picture in its source, from 0.
    public let index: Int
    /// Presentation time stamp in ticks of the source's time base; nil when the source has none.
    public let pts: Int64?
    /// Seconds from the source's first picture.
    public let time: Double
    /// Seconds that the picture is shown; nil when unknown.
    public let duration: Double?
    /// Size in pixels as the picture is seen (rotation applied, sample aspect ratio not).
    public let width: Int
    public let height: Int
    /// The decoder marked the picture as damaged.
    public let isCorrupt: Bool

    /// Sole owned reference to FFmpeg's picture.
    let picture: UnsafeMutablePointer<AVFrame>
    private let image: ps_image

    /// Takes over `picture`, which must already be upright and in a format that `ps_image` can describe.
    init(
        taking picture: UnsafeMutablePointer<AVFrame>, image: ps_image, index: Int, pts: Int64?, time: Double, duration: Double?,
        isCorrupt: Bool
    ) {
        self.picture = picture
        self.image = image
        self.index = index
        self.pts = pts
        self.time = time
        self.duration = duration
        self.width = Int(image.width)
        self.height = Int(image.height)
        self.isCorrupt = isCorrupt
    }

    deinit {
        var frame: UnsafeMutablePointer<AVFrame>? = picture
        av_frame_free(&frame)
    }

    /// Lends the planes to a kernel. The pointers inside are good until `body` returns.
    public func withImage<Result, E: Error>(_ body: (borrowing ps_image) throws(E) -> Result) throws(E) -> Result {
        defer { withExtendedLifetime(self) {} }
        return try body(image)
    }
}
