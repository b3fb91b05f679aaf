import CFFmpeg
import CKernels
import CShims
import Diagnostics

/// Makes a decoded picture ready to be lent to kernels: in a format that `ps_image` can describe, and upright.
///
/// Ordinary pictures pass through without a copy. Owned by one source, used by one thread at a time.
final class PicturePreparer {
    private let assumesBT601: Bool
    private let isJPEG: Bool
    private var pool = BufferPool()
    private var formats: [Int32: PictureFormat] = [:]
    private var scaler: OpaquePointer?

    init(assumesBT601: Bool, isJPEG: Bool) {
        self.assumesBT601 = assumesBT601
        self.isJPEG = isJPEG
    }

    deinit { sws_freeContext(scaler) }

    /// Takes the picture over from `frame`, which is empty afterwards.
    /// - Returns: the picture with its description; the caller owns the picture.
    func prepare(
        _ frame: UnsafeMutablePointer<AVFrame>, orientation: Orientation
    ) throws -> (picture: UnsafeMutablePointer<AVFrame>, image: ps_image) {
        guard let moved = av_frame_alloc() else { throw Failure.outOfMemory("cannot keep a picture") }
        av_frame_move_ref(moved, frame)
        var picture = OwnedFrame(moved)
        var format = try self.format(of: picture.pointer)
        if !format.isDirect {
            picture = try convert(picture, to: format.directCounterpart)
            format = try self.format(of: picture.pointer)
        }
        var siting = ChromaSiting(
            picture.pointer.pointee.chroma_location, shiftX: format.shiftX, shiftY: format.shiftY, isJPEG: isJPEG)
        if orientation != .upright {
            if format.turned(orientation) == nil {
                picture = try convert(picture, to: format.fullSampling)
                format = try self.format(of: picture.pointer)
                siting = ChromaSiting(AVCHROMA_LOC_UNSPECIFIED, shiftX: 0, shiftY: 0, isJPEG: isJPEG)
            }
            siting = siting.turned(
                orientation, width: Int(picture.pointer.pointee.width), height: Int(picture.pointer.pointee.height),
                shiftX: format.shiftX, shiftY: format.shiftY)
            let color = conversion(of: picture.pointer, format)
            picture = try turn(picture, format, orientation)
            format = try self.format(of: picture.pointer)
            if format.kind == .yuv {
                picture.pointer.pointee.chroma_location = siting.location(shiftX: format.shiftX, shiftY: format.shiftY)
            }
            return try finish(picture, format, color, siting)
        }
        return try finish(picture, format, conversion(of: picture.pointer, format), siting)
    }

    private func finish(
        _ picture: OwnedFrame, _ format: PictureFormat, _ color: ColorConversion, _ siting: ChromaSiting
    ) throws -> (picture: UnsafeMutablePointer<AVFrame>, image: ps_image) {
        guard let image = format.image(of: picture.pointer, color: color, chroma: (siting.x, siting.y)) else {
            throw Failure(
                .internalDefect, "cannot describe a picture", at: format.name, because: "a plane of its is missing",
                remedy: "please report the file's format as ffprobe shows it")
        }
        return (picture.release(), image)
    }

    private func conversion(of frame: UnsafeMutablePointer<AVFrame>, _ format: PictureFormat) -> ColorConversion {
        format.kind == .rgb ? .none : ColorConversion(of: frame, format: format, assumesBT601: assumesBT601)
    }

    private func format(of frame: UnsafeMutablePointer<AVFrame>) throws -> PictureFormat {
        let number = frame.pointee.format
        if let known = formats[number] { return known }
        guard let format = PictureFormat(AVPixelFormat(rawValue: number)) else {
            throw Failure(.data, "cannot read a picture", at: "", because: "unknown pixel format \(number)")
        }
        formats[number] = format
        return format
    }

    /// A picture with buffers of the pool, and everything but size and samples as `original` has it.
    private func blank(
        _ format: AVPixelFormat, _ width: Int32, _ height: Int32, like original: UnsafeMutablePointer<AVFrame>
    ) throws -> OwnedFrame {
        let picture = try pool.picture(format, width, height)
        guard av_frame_copy_props(picture.pointer, original) >= 0 else { throw Failure.outOfMemory("cannot keep a picture") }
        return picture
    }

    private func convert(_ source: OwnedFrame, to target: AVPixelFormat) throws -> OwnedFrame {
        let from = source.pointer
        let (width, height) = (from.pointee.width, from.pointee.height)
        let result = try blank(target, width, height, like: from)
        // Same size, so filters act on chroma alone where its sampling changes.
        let flags = SWS_BILINEAR | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP
        scaler = sws_getCachedContext(
            scaler, width, height, AVPixelFormat(rawValue: from.pointee.format), width, height, target, flags, nil, nil, nil)
        guard let scaler else {
            throw Failure(
                .data, "cannot read a picture", at: "\(width)x\(height)",
                because: "FFmpeg cannot convert its pixel format \(try format(of: from).name)")
        }
        // The samples keep their range: without this swscale stretches what it takes for limited.
        let isFull: Int32 = from.pointee.color_range == AVCOL_RANGE_JPEG || target == AV_PIX_FMT_YUVJ444P ? 1 : 0
        if try format(of: from).kind != .rgb {
            let table = sws_getCoefficients(SWS_CS_DEFAULT)
            sws_setColorspaceDetails(scaler, table, isFull, table, isFull, 0, 1 << 16, 1 << 16)
        }
        let code = sws_scale_frame(scaler, result.pointer, from)
        guard code >= 0 else {
            throw Failure(.data, "cannot read a picture", at: "\(width)x\(height)", because: ffmpegMessage(code))
        }
        return result
    }

    private func turn(_ source: OwnedFrame, _ format: PictureFormat, _ orientation: Orientation) throws -> OwnedFrame {
        let from = source.pointer
        let (width, height) = (Int(from.pointee.width), Int(from.pointee.height))
        let size = orientation.size(ofStored: width, height)
        let target = format.turned(orientation) ?? format.format
        let result = try blank(target, Int32(size.width), Int32(size.height), like: from)
        let to = result.pointer
        for plane in 0..<format.planeCount {
            // An alpha plane is left as the pool gives it: nobody looks at alpha.
            guard let bytes = format.groupBytes(ofPlane: plane), let read = ps_plane(from, Int32(plane)),
                let write = ps_plane(to, Int32(plane))
            else { continue }
            let isChroma = format.kind == .yuv && format.components[0].plane != plane
            let (shiftX, shiftY) = isChroma ? (format.shiftX, format.shiftY) : (0, 0)
            let columns = (width + (1 << shiftX) - 1) >> shiftX
            let rows = (height + (1 << shiftY) - 1) >> shiftY
            let row = Int(ps_stride(from, Int32(plane)))
            let first = read + (orientation.mirrorsX ? (columns - 1) * bytes : 0) + (orientation.mirrorsY ? (rows - 1) * row : 0)
            let alongX = orientation.mirrorsX ? -bytes : bytes
            let alongY = orientation.mirrorsY ? -row : row
            let out = orientation.size(ofStored: columns, rows)
            ps_turn_plane(
                first, orientation.transposes ? alongY : alongX, orientation.transposes ? alongX : alongY, write,
                Int(ps_stride(to, Int32(plane))), Int32(out.width), Int32(out.height), Int32(bytes))
        }
        // It is upright now: nobody may turn it again.
        av_frame_remove_side_data(to, AV_FRAME_DATA_DISPLAYMATRIX)
        if orientation.transposes {
            let aspect = from.pointee.sample_aspect_ratio
            to.pointee.sample_aspect_ratio = AVRational(num: aspect.den, den: aspect.num)
            if aspect.num == 0 { to.pointee.sample_aspect_ratio = aspect }
        }
        return result
    }
}

extension PictureFormat {
    /// The format after turning; nil when its planes cannot be turned as they lie.
    fileprivate func turned(_ orientation: Orientation) -> AVPixelFormat? {
        guard orientation.transposes else {
            return (0..<planeCount).allSatisfy { groupBytes(ofPlane: $0) != nil || isAlpha(plane: $0) } ? format : nil
        }
        return quarterTurned
    }
}

/// The one owner of an AVFrame until `release()`.
final class OwnedFrame {
    let pointer: UnsafeMutablePointer<AVFrame>
    private var isOwned = true

    init(_ pointer: UnsafeMutablePointer<AVFrame>) { self.pointer = pointer }

    func release() -> UnsafeMutablePointer<AVFrame> {
        isOwned = false
        return pointer
    }

    deinit {
        guard isOwned else { return }
        var frame: UnsafeMutablePointer<AVFrame>? = pointer
        av_frame_free(&frame)
    }
}

/// Buffers for pictures of one size after another; a buffer comes back when the last reference to its picture goes.
private struct BufferPool: ~Copyable {
    private var pool: OpaquePointer?
    private var byteCount: Int32 = 0

    deinit {
        var pool = pool
        av_buffer_pool_uninit(&pool)  // lives on until its last buffer is back
    }

    mutating func picture(_ format: AVPixelFormat, _ width: Int32, _ height: Int32) throws -> OwnedFrame {
        let alignment: Int32 = 64
        let needed = av_image_get_buffer_size(format, width, height, alignment)
        guard needed > 0 else {
            throw Failure(.data, "cannot read a picture", at: "\(width)x\(height)", because: "it is too large")
        }
        if needed != byteCount {
            av_buffer_pool_uninit(&pool)
            // Kernels and swscale may read a vector beyond the last sample.
            pool = av_buffer_pool_init(Int(needed) + 64, nil)
            byteCount = needed
        }
        guard let pool, let buffer = av_buffer_pool_get(pool) else { throw Failure.outOfMemory("cannot keep a picture") }
        guard let frame = av_frame_alloc() else {
            var owned: UnsafeMutablePointer<AVBufferRef>? = buffer
            av_buffer_unref(&owned)
            throw Failure.outOfMemory("cannot keep a picture")
        }
        let picture = OwnedFrame(frame)
        frame.pointee.buf.0 = buffer
        frame.pointee.format = format.rawValue
        frame.pointee.width = width
        frame.pointee.height = height
        let code = ps_fill_planes(frame, buffer.pointee.data, alignment)
        guard code >= 0 else { throw Failure(.data, "cannot read a picture", at: "\(width)x\(height)", because: ffmpegMessage(code)) }
        return picture
    }
}
