import CFFmpeg

/// How the samples of a picture become RGB (spec/media.md, section 2.4).
struct ColorConversion: Sendable, Equatable {
    var yOffset: Float = 0
    var yScale: Float = 1
    var vToR: Float = 0
    var uToG: Float = 0
    var vToG: Float = 0
    var uToB: Float = 0

    /// Samples are RGB, or gray of the full range.
    static let none = ColorConversion()

    /// - Parameters:
    ///   - isFullRange: 0 to 255 rather than 16 to 235.
    ///   - redWeight, blueWeight: Kr and Kb, the share of red and blue in luma.
    ///   - depth: significant bits of a sample. In 8-bit units the largest value of 10 bits is 255.75: full range allows for it.
    init(isFullRange: Bool, redWeight kr: Double, blueWeight kb: Double, depth: Int) {
        let full = 255 * Double(1 << (depth - 8)) / Double((1 << depth) - 1)
        let luma = isFullRange ? full : 255.0 / 219
        let chroma = isFullRange ? full : 255.0 / 224
        let kg = 1 - kr - kb
        yOffset = isFullRange ? 0 : 16
        yScale = Float(luma)
        vToR = Float(chroma * 2 * (1 - kr))
        uToG = Float(-chroma * 2 * (1 - kb) * kb / kg)
        vToG = Float(-chroma * 2 * (1 - kr) * kr / kg)
        uToB = Float(chroma * 2 * (1 - kb))
    }

    private init() {}

    /// Kr and Kb of a matrix code point; nil for one that is unspecified or is no such matrix.
    static func weights(of matrix: AVColorSpace) -> (red: Double, blue: Double)? {
        switch matrix {
        case AVCOL_SPC_BT709: (0.2126, 0.0722)
        case AVCOL_SPC_FCC: (0.30, 0.11)
        case AVCOL_SPC_BT470BG, AVCOL_SPC_SMPTE170M: (0.299, 0.114)
        case AVCOL_SPC_SMPTE240M: (0.212, 0.087)
        case AVCOL_SPC_BT2020_NCL, AVCOL_SPC_BT2020_CL: (0.2627, 0.0593)
        default: nil
        }
    }

    /// For a YUV or gray picture of `format`.
    /// - Parameter assumesBT601: for an unspecified matrix, instead of a guess by the size.
    init(of frame: UnsafeMutablePointer<AVFrame>, format: PictureFormat, assumesBT601: Bool) {
        let range = frame.pointee.color_range
        let isFullRange: Bool
        if format.kind == .gray {
            isFullRange = range != AVCOL_RANGE_MPEG
        } else {
            isFullRange = format.isAlwaysFullRange || range == AVCOL_RANGE_JPEG
        }
        let isLarge = frame.pointee.width >= 1280 || frame.pointee.height >= 720
        let guess = Self.weights(of: isLarge && !assumesBT601 ? AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M) ?? (0.299, 0.114)
        let (red, blue) = Self.weights(of: frame.pointee.colorspace) ?? guess
        self.init(isFullRange: isFullRange, redWeight: red, blueWeight: blue, depth: format.depth)
    }
}
