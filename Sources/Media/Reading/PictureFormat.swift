import CFFmpeg
import CKernels
import CShims

/// What FFmpeg's table says of a pixel format, as far as it matters here.
struct PictureFormat: Sendable, Equatable {
    enum Kind: Sendable {
        case gray, yuv, rgb
    }

    /// Where a component starts and how it goes on.
    struct Component: Sendable, Equatable {
        var plane: Int
        /// Bytes from the start of the row to the first sample, and from one sample to the next.
        var offset: Int
        var step: Int
    }

    let format: AVPixelFormat
    let name: String
    let kind: Kind
    /// Significant bits of a sample.
    let depth: Int
    /// Bits of the whole word where the sample lies in its high bits (P010), else `depth`.
    let wordDepth: Int
    /// Gray 1, else 3; alpha is left out.
    let components: [Component]
    /// log2 of the chroma subsampling.
    let shiftX: Int
    let shiftY: Int
    let planeCount: Int
    let isBigEndian: Bool
    /// No palette, no bits across bytes, no floating point, no hardware surface: `ps_image` can describe it as it lies.
    let isDirect: Bool

    /// JPEG's own YUV formats mean the full range whatever the picture says.
    var isAlwaysFullRange: Bool { name.hasPrefix("yuvj") }
    var sampleBytes: Int { wordDepth > 8 ? 2 : 1 }

    init?(_ format: AVPixelFormat) {
        guard let table = av_pix_fmt_desc_get(format), let text = table.pointee.name else { return nil }
        let flags = table.pointee.flags
        func has(_ flag: Int32) -> Bool { flags & UInt64(flag) != 0 }
        self.format = format
        name = String(cString: text)
        let count = Int(table.pointee.nb_components)
        kind = has(AV_PIX_FMT_FLAG_RGB) ? .rgb : count <= 2 ? .gray : .yuv
        let all = [table.pointee.comp.0, table.pointee.comp.1, table.pointee.comp.2].prefix(kind == .gray ? 1 : 3)
        components = all.map { Component(plane: Int($0.plane), offset: Int($0.offset), step: Int($0.step)) }
        let (bits, shift) = (Int(table.pointee.comp.0.depth), Int(table.pointee.comp.0.shift))
        depth = bits
        wordDepth = shift > 0 ? bits + shift : bits
        shiftX = kind == .yuv ? Int(table.pointee.log2_chroma_w) : 0
        shiftY = kind == .yuv ? Int(table.pointee.log2_chroma_h) : 0
        planeCount = max(0, Int(av_pix_fmt_count_planes(format)))
        isBigEndian = has(AV_PIX_FMT_FLAG_BE)
        let isUniform = all.allSatisfy { Int($0.depth) == bits && Int($0.shift) == shift }
        let isPlainData = !has(AV_PIX_FMT_FLAG_PAL) && !has(AV_PIX_FMT_FLAG_BITSTREAM) && !has(AV_PIX_FMT_FLAG_HWACCEL)
            && !has(AV_PIX_FMT_FLAG_BAYER) && !has(AV_PIX_FMT_FLAG_FLOAT)
        let isWholeWord = shift == 0 ? (8...16).contains(bits) : bits + shift == 16
        // XYZ is no YUV, and UYYVYY has no even distance between its luma samples.
        let isOdd = [AV_PIX_FMT_XYZ12LE, AV_PIX_FMT_XYZ12BE, AV_PIX_FMT_UYYVYY411].contains(format)
        isDirect = isPlainData && isUniform && isWholeWord && !isOdd && !isBigEndian && (kind != .rgb || bits == 8)
            && shiftX <= 2 && shiftY <= 2
    }

    /// What swscale should make of a picture that is not direct, losing as little as possible.
    var directCounterpart: AVPixelFormat {
        if isDirect { return format }
        if isBigEndian, kind != .rgb {
            let swapped = av_pix_fmt_swap_endianness(format)
            if let other = PictureFormat(swapped), other.isDirect { return swapped }
        }
        if kind == .gray, let table = av_pix_fmt_desc_get(format) {
            if table.pointee.flags & UInt64(AV_PIX_FMT_FLAG_FLOAT) != 0 { return AV_PIX_FMT_GRAY16LE }
            if table.pointee.flags & UInt64(AV_PIX_FMT_FLAG_PAL) == 0 { return AV_PIX_FMT_GRAY8 }
        }
        // Direct YUV-like formats cover all that decoders give; what is left is RGB in some packing.
        return name.hasPrefix("gbr") ? AV_PIX_FMT_GBRP : AV_PIX_FMT_RGB24
    }

    /// Bytes of one sample group of a plane when all of the plane is made of equal groups at one subsampling, else nil:
    /// YUYV interleaves luma and chroma, so its plane cannot be turned as it lies.
    func groupBytes(ofPlane plane: Int) -> Int? {
        let members = components.indices.filter { components[$0].plane == plane }
        guard let first = members.first else { return nil }
        guard members.allSatisfy({ components[$0].step == components[first].step }) else { return nil }
        let isMixed = kind == .yuv && members.contains(0) && members.count > 1 && (shiftX > 0 || shiftY > 0)
        return isMixed ? nil : components[first].step
    }

    /// The format of the picture after a quarter turn, where the two subsamplings change places; nil when FFmpeg has none.
    var quarterTurned: AVPixelFormat? {
        guard (0..<planeCount).allSatisfy({ groupBytes(ofPlane: $0) != nil || isAlpha(plane: $0) }) else { return nil }
        if shiftX == shiftY { return format }
        let pairs = [
            (AV_PIX_FMT_YUV422P, AV_PIX_FMT_YUV440P), (AV_PIX_FMT_YUVJ422P, AV_PIX_FMT_YUVJ440P),
            (AV_PIX_FMT_YUV422P10LE, AV_PIX_FMT_YUV440P10LE), (AV_PIX_FMT_YUV422P12LE, AV_PIX_FMT_YUV440P12LE),
        ]
        for (wide, tall) in pairs {
            if format == wide { return tall }
            if format == tall { return wide }
        }
        return nil
    }

    /// A plane that no colour component lives in.
    func isAlpha(plane: Int) -> Bool { !components.contains { $0.plane == plane } }

    /// Planar YUV without subsampling that holds every sample of this format: for turning what cannot be turned as it lies.
    var fullSampling: AVPixelFormat {
        if isAlwaysFullRange { return AV_PIX_FMT_YUVJ444P }
        return switch depth {
        case 8: AV_PIX_FMT_YUV444P
        case 9, 10: AV_PIX_FMT_YUV444P10LE
        case 11, 12: AV_PIX_FMT_YUV444P12LE
        default: AV_PIX_FMT_YUV444P16LE
        }
    }
}

extension PictureFormat {
    /// Describes `frame`, which is of this format, to the kernels; nil when a plane is missing.
    func image(
        of frame: UnsafeMutablePointer<AVFrame>, color: ColorConversion, chroma: (x: Float, y: Float)
    ) -> ps_image? {
        guard isDirect, frame.pointee.width > 0, frame.pointee.height > 0 else { return nil }
        var described: [ps_component] = []
        for (index, component) in components.enumerated() {
            guard let base = ps_plane(frame, Int32(component.plane)) else { return nil }
            let isChroma = kind == .yuv && index > 0
            described.append(
                ps_component(
                    base: UnsafePointer(base) + component.offset, row: Int(ps_stride(frame, Int32(component.plane))),
                    step: Int32(component.step), shift_x: isChroma ? UInt8(shiftX) : 0, shift_y: isChroma ? UInt8(shiftY) : 0))
        }
        while described.count < 3 { described.append(described[0]) }
        let imageKind = switch kind {
        case .gray: PS_IMAGE_GRAY
        case .yuv: PS_IMAGE_YUV
        case .rgb: PS_IMAGE_RGB
        }
        return ps_image(
            width: frame.pointee.width, height: frame.pointee.height, sample_bytes: Int32(sampleBytes), depth: Int32(wordDepth),
            kind: imageKind, c: (described[0], described[1], described[2]), y_offset: color.yOffset, y_scale: color.yScale,
            v_to_r: color.vToR, u_to_g: color.uToG, v_to_g: color.vToG, u_to_b: color.uToB, chroma_x: chroma.x,
            chroma_y: chroma.y)
    }
}
