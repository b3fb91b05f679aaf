import CFFmpeg
import CKernels
import Diagnostics

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

    /// What only a live source knows; nil for a file.
    public let live: LiveMark?
    /// Audio and subtitle packets that stood before this picture in the file, in file order.
    public let companions: [PassthroughPacket]

    /// How blocks of the picture moved as the file has it; empty unless asked for (`SourceOptions.exportsMotionVectors`), in key
    /// frames, and for codecs that do not tell.
    public let motionVectors: [MotionVector]

    /// Sole owned reference to FFmpeg's picture.
    let picture: UnsafeMutablePointer<AVFrame>
    private let image: ps_image

    /// Takes over `picture`, which must already be upright and in a format that `ps_image` can describe.
    init(
        taking picture: UnsafeMutablePointer<AVFrame>, image: ps_image, index: Int, pts: Int64?, time: Double, duration: Double?,
        isCorrupt: Bool, companions: [PassthroughPacket] = [], motionVectors: [MotionVector] = [], live: LiveMark? = nil
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
        self.companions = companions
        self.motionVectors = motionVectors
        self.live = live
    }

    /// The same samples (shared, not copied) at another place in time.
    init(
        _ other: VideoFrame, index: Int, pts: Int64?, time: Double, duration: Double?, live: LiveMark? = nil,
        preceding: [PassthroughPacket] = []
    ) throws {
        guard let picture = av_frame_clone(other.picture) else { throw Failure.outOfMemory("cannot keep a picture") }
        self.picture = picture
        image = other.image
        (width, height) = (other.width, other.height)
        (self.index, self.pts, self.time, self.duration) = (index, pts, time, duration)
        isCorrupt = other.isCorrupt
        companions = preceding + other.companions
        motionVectors = other.motionVectors
        self.live = live ?? other.live
    }

    /// The same picture with another live mark, and with the sound of pictures before it that were dropped.
    package convenience init(_ other: VideoFrame, live: LiveMark, preceding: [PassthroughPacket] = []) throws {
        try self.init(
            other, index: other.index, pts: other.pts, time: other.time, duration: other.duration, live: live, preceding: preceding)
    }

    /// The same picture with the sound of pictures before it that were left out.
    package convenience init(_ other: VideoFrame, preceding: [PassthroughPacket]) throws {
        try self.init(other, index: other.index, pts: other.pts, time: other.time, duration: other.duration, preceding: preceding)
    }

    /// The part of the picture with its left upper corner at (`left`, `top`), sharing its samples; what lies outside the picture
    /// is cut off, and the corner moves up and left to whole chroma samples. Nil when nothing is left.
    /// - Returns: the part, and where its corner came to lie.
    package func cropped(left: Int, top: Int, width: Int, height: Int) throws -> (frame: VideoFrame, left: Int, top: Int)? {
        let columns = [image.c.0.shift_x, image.c.1.shift_x, image.c.2.shift_x].max() ?? 0
        let rows = [image.c.0.shift_y, image.c.1.shift_y, image.c.2.shift_y].max() ?? 0
        let x = (max(0, left) >> Int(columns)) << Int(columns)
        let y = (max(0, top) >> Int(rows)) << Int(rows)
        let (right, overflowX) = left.addingReportingOverflow(width)
        let (bottom, overflowY) = top.addingReportingOverflow(height)
        let size = (x: min(overflowX ? .max : right, self.width) - x, y: min(overflowY ? .max : bottom, self.height) - y)
        guard x < self.width, y < self.height, size.x > 0, size.y > 0 else { return nil }
        func moved(_ component: ps_component) -> ps_component {
            var component = component
            guard let base = component.base else { return component }
            component.base = base + (y >> Int(component.shift_y)) * component.row + (x >> Int(component.shift_x)) * Int(component.step)
            return component
        }
        var part = image
        part.width = Int32(size.x)
        part.height = Int32(size.y)
        part.c = (moved(image.c.0), moved(image.c.1), moved(image.c.2))
        guard let picture = av_frame_clone(picture) else { throw Failure.outOfMemory("cannot keep a picture") }
        let frame = VideoFrame(
            taking: picture, image: part, index: index, pts: pts, time: time, duration: duration, isCorrupt: isCorrupt,
            live: live)
        return (frame, x, y)
    }

    /// A picture from packed RGB bytes (row by row, top left first), copied: `rgb.count == 3 * width * height`.
    public convenience init(
        rgb: [UInt8], width: Int, height: Int, index: Int = 0, pts: Int64? = nil, time: Double = 0, duration: Double? = nil
    ) throws {
        let (pixels, overflow) = width.multipliedReportingOverflow(by: height)
        guard width > 0, height > 0, width <= 32768, height <= 32768, !overflow, rgb.count == 3 * pixels else {
            throw Failure(
                .usage, "cannot make a picture", at: "\(width)x\(height)", because: "\(rgb.count) bytes do not fill it with RGB")
        }
        var owned: UnsafeMutablePointer<AVFrame>? = av_frame_alloc()
        guard let frame = owned else { throw Failure.outOfMemory("cannot make a picture") }
        frame.pointee.format = AV_PIX_FMT_RGB24.rawValue
        frame.pointee.width = Int32(width)
        frame.pointee.height = Int32(height)
        guard av_frame_get_buffer(frame, 0) >= 0, let base = frame.pointee.data.0 else {
            av_frame_free(&owned)
            throw Failure.outOfMemory("cannot make a picture")
        }
        let row = Int(frame.pointee.linesize.0)
        rgb.withUnsafeBytes { bytes in
            for y in 0..<height {
                UnsafeMutableRawBufferPointer(start: base + y * row, count: 3 * width)
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[(3 * width * y)..<(3 * width * (y + 1))]))
            }
        }
        func component(_ offset: Int) -> ps_component {
            ps_component(base: UnsafePointer(base) + offset, row: row, step: 3, shift_x: 0, shift_y: 0)
        }
        let image = ps_image(
            width: Int32(width), height: Int32(height), sample_bytes: 1, depth: 8, kind: PS_IMAGE_RGB,
            c: (component(0), component(1), component(2)), y_offset: 0, y_scale: 1, v_to_r: 0, u_to_g: 0, v_to_g: 0, u_to_b: 0,
            chroma_x: 0, chroma_y: 0)
        self.init(taking: frame, image: image, index: index, pts: pts, time: time, duration: duration, isCorrupt: false)
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
