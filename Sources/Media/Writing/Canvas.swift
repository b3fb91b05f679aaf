import CKernels

/// A picture to draw on: the three planes of an 8-bit 4:2:0 frame and what their samples mean.
///
/// It borrows memory that its maker owns, so it cannot be copied and must not outlive the call that lends it.
/// Coordinates are pixels, x to the right, y down; the centre of the first pixel is (0, 0).
public struct Canvas: ~Copyable {
    /// Pixels.
    public let width: Int
    public let height: Int
    /// How colours become samples.
    public let encoding: SampleEncoding
    /// The planes as the drawing kernels take them.
    package let planes: ps_canvas

    /// Borrows three planes: Y has `width` x `height` bytes, U and V half of each, rounded up.
    ///
    /// - Parameter rows: bytes from one row to the next, for each plane.
    public init(
        y: UnsafeMutablePointer<UInt8>, u: UnsafeMutablePointer<UInt8>, v: UnsafeMutablePointer<UInt8>, rows: (Int, Int, Int), width: Int,
        height: Int, encoding: SampleEncoding
    ) {
        self.width = width
        self.height = height
        self.encoding = encoding
        planes = ps_canvas(plane: (y, u, v), row: rows, width: Int32(clamping: width), height: Int32(clamping: height))
    }
}

/// How red, green and blue become Y, U and V in 8 bits (ITU-T H.273).
public struct SampleEncoding: Sendable, Hashable {
    public enum Matrix: Sendable, Hashable {
        case bt601, bt709, bt2020

        /// Weights of red and blue in luma.
        var weights: (red: Float, blue: Float) {
            switch self {
            case .bt601: (0.299, 0.114)
            case .bt709: (0.2126, 0.0722)
            case .bt2020: (0.2627, 0.0593)
            }
        }
    }

    public var matrix: Matrix
    /// Samples use 0 to 255; otherwise Y is 16 to 235 and U, V are 16 to 240.
    public var isFullRange: Bool

    public init(matrix: Matrix, isFullRange: Bool) {
        self.matrix = matrix
        self.isFullRange = isFullRange
    }

    /// Y, U and V of a colour whose parts are 0 to 1.
    public func samples(red: Float, green: Float, blue: Float) -> (y: UInt8, u: UInt8, v: UInt8) {
        let (kr, kb) = matrix.weights
        let y = kr * red + (1 - kr - kb) * green + kb * blue
        let u = (blue - y) / (2 * (1 - kb))
        let v = (red - y) / (2 * (1 - kr))
        func byte(_ value: Float) -> UInt8 { value > 0 ? UInt8(min(value, 255).rounded()) : 0 }
        return isFullRange
            ? (byte(255 * y), byte(128 + 255 * u), byte(128 + 255 * v))
            : (byte(16 + 219 * y), byte(128 + 224 * u), byte(128 + 224 * v))
    }
}
