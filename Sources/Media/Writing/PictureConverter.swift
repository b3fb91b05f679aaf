import CFFmpeg
import CKernels
import CShims
import Diagnostics

/// Any decoded picture as 8-bit 4:2:0 planes of one size, ready to be drawn on and encoded.
///
/// The picture that it returns is written anew at the next call; an encoder that keeps it gets a reference.
final class PictureConverter {
    let width: Int
    let height: Int
    private let isFullRange: Bool
    private let matrix: SampleEncoding.Matrix
    private let output: OwnedPicture
    /// For pictures of another size: drawn on in their own pixels, then scaled into the output.
    private var detour: OwnedPicture?
    private var toPlanes = PlaneScaler()
    private var toOutput = PlaneScaler()

    /// - Parameters:
    ///   - width: even, pixels; likewise `height`. A picture one pixel larger is cropped, any other is fitted in with black bars.
    init(width: Int, height: Int, encoding: SampleEncoding) throws {
        self.width = width
        self.height = height
        isFullRange = encoding.isFullRange
        matrix = encoding.matrix
        output = try OwnedPicture(width: width, height: height)
    }

    /// Converts `frame`, lends it for drawing in the frame's own pixels, and returns the picture for the encoder.
    func convert(_ frame: VideoFrame, drawing: (borrowing Canvas) throws -> Void) throws -> UnsafeMutablePointer<AVFrame> {
        try output.makeWritable()
        let fits = even(frame.width) == width && even(frame.height) == height
        guard !fits else {
            try fill(output, from: frame)
            try lend(output, to: drawing)
            return output.pointer
        }
        let size = (width: even(frame.width), height: even(frame.height))
        let between: OwnedPicture
        if let detour, detour.width == size.width, detour.height == size.height {
            between = detour
        } else {
            between = try OwnedPicture(width: size.width, height: size.height)
            detour = between
        }
        try fill(between, from: frame)
        try lend(between, to: drawing)
        try letterbox(between)
        return output.pointer
    }

    private func lend(_ picture: OwnedPicture, to drawing: (borrowing Canvas) throws -> Void) throws {
        let p = picture.pointer
        guard let y = p.pointee.data.0, let u = p.pointee.data.1, let v = p.pointee.data.2 else { return }
        let rows = (Int(p.pointee.linesize.0), Int(p.pointee.linesize.1), Int(p.pointee.linesize.2))
        try drawing(
            Canvas(
                y: y, u: u, v: v, rows: rows, width: picture.width, height: picture.height,
                encoding: SampleEncoding(matrix: matrix, isFullRange: isFullRange)))
    }

    /// The frame's left upper part of even size, as planes.
    private func fill(_ target: OwnedPicture, from frame: VideoFrame) throws {
        let source = frame.picture
        let format = planar(AVPixelFormat(rawValue: source.pointee.format))
        let sourceIsFull = frame.withImage { $0.kind == PS_IMAGE_RGB || $0.y_offset == 0 }
        if format == AV_PIX_FMT_YUV420P, sourceIsFull == isFullRange, frame.width >= target.width, frame.height >= target.height {
            for plane in 0..<3 {
                let shift = plane == 0 ? 0 : 1
                av_image_copy_plane(
                    ps_plane(target.pointer, Int32(plane)), ps_stride(target.pointer, Int32(plane)), ps_plane(source, Int32(plane)),
                    ps_stride(source, Int32(plane)), Int32(target.width >> shift), Int32(target.height >> shift))
            }
            return
        }
        // The same size on both sides, unless the frame is a single column or row.
        try toPlanes.run(
            PlaneScaler.Setting(
                width: min(frame.width, target.width), height: min(frame.height, target.height), format: format, isFullRange: sourceIsFull,
                targetWidth: target.width, targetHeight: target.height, targetIsFullRange: isFullRange, matrix: coefficients),
            from: source, to: target.pointer)
    }

    private func letterbox(_ picture: OwnedPicture) throws {
        let factor = min(Double(width) / Double(picture.width), Double(height) / Double(picture.height))
        let w = min(width, even(Int((Double(picture.width) * factor).rounded())))
        let h = min(height, even(Int((Double(picture.height) * factor).rounded())))
        output.blacken(isFullRange: isFullRange)
        try toOutput.run(
            PlaneScaler.Setting(
                width: picture.width, height: picture.height, format: AV_PIX_FMT_YUV420P, isFullRange: isFullRange, targetWidth: w,
                targetHeight: h, targetIsFullRange: isFullRange, matrix: coefficients),
            from: picture.pointer, to: output.pointer, x: (width - w) / 4 * 2, y: (height - h) / 4 * 2)
    }

    private var coefficients: Int32 {
        switch matrix {
        case .bt601: SWS_CS_ITU601
        case .bt709: SWS_CS_ITU709
        case .bt2020: SWS_CS_BT2020
        }
    }

    /// The old names for full-range formats as the plain ones; the range is told apart.
    private func planar(_ format: AVPixelFormat) -> AVPixelFormat {
        switch format {
        case AV_PIX_FMT_YUVJ420P: AV_PIX_FMT_YUV420P
        case AV_PIX_FMT_YUVJ422P: AV_PIX_FMT_YUV422P
        case AV_PIX_FMT_YUVJ444P: AV_PIX_FMT_YUV444P
        case AV_PIX_FMT_YUVJ440P: AV_PIX_FMT_YUV440P
        case AV_PIX_FMT_YUVJ411P: AV_PIX_FMT_YUV411P
        default: format
        }
    }
}

/// Rounded down to an even number, at least 2: what H.264 can encode.
func even(_ size: Int) -> Int { max(2, size & ~1) }

/// A 4:2:0 picture with memory of its own.
private final class OwnedPicture {
    let width: Int
    let height: Int
    let pointer: UnsafeMutablePointer<AVFrame>

    init(width: Int, height: Int) throws {
        guard let frame = av_frame_alloc() else { throw Failure.outOfMemory("cannot make a picture") }
        (self.width, self.height, pointer) = (width, height, frame)
        frame.pointee.format = AV_PIX_FMT_YUV420P.rawValue
        frame.pointee.width = Int32(clamping: width)
        frame.pointee.height = Int32(clamping: height)
        guard av_frame_get_buffer(frame, 0) >= 0 else { throw Failure.outOfMemory("cannot make a picture") }
    }

    deinit {
        var owned: UnsafeMutablePointer<AVFrame>? = pointer
        av_frame_free(&owned)
    }

    /// New memory only when an encoder still holds the last picture.
    func makeWritable() throws {
        guard av_frame_make_writable(pointer) >= 0 else { throw Failure.outOfMemory("cannot make a picture") }
    }

    func blacken(isFullRange: Bool) {
        for plane in 0..<3 {
            guard let base = ps_plane(pointer, Int32(plane)) else { continue }
            let count = Int(ps_stride(pointer, Int32(plane))) * (plane == 0 ? height : height / 2)
            base.update(repeating: plane > 0 ? 128 : isFullRange ? 0 : 16, count: count)
        }
    }
}
