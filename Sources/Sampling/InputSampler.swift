import CKernels
import Geometry

/// Cuts network inputs of one size out of pictures.
///
/// Owns the crop's bytes, so that nothing is allocated for a frame or a person; used by one thread at a time.
public final class InputSampler {
    /// Size of the network's input, pixels.
    public let width: Int
    public let height: Int
    public let normalization: PixelNormalization
    let bytes: UnsafeMutableBufferPointer<UInt8>

    /// `width` and `height` must be positive and below 2^15.
    public init(width: Int, height: Int, normalization: PixelNormalization) {
        precondition((1..<1 << 15).contains(width) && (1..<1 << 15).contains(height))
        self.width = width
        self.height = height
        self.normalization = normalization
        bytes = .allocate(capacity: width * height * 3)
        bytes.initialize(repeating: 0)
    }

    deinit { bytes.deallocate() }

    /// Number of floats of an input: `[3, height, width]`.
    public var count: Int { width * height * 3 }

    /// The last crop as bytes `[height, width, 3]`, in the normalization's channel order. Good until the next call.
    public var crop: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(bytes) }

    /// The crop that `map` (picture to input, pixels) shows, bilinear, black outside the picture.
    ///
    /// Fixed-point arithmetic of OpenCV 4's `warpAffine` (spec: networks-topdown 7.3).
    /// - Parameters:
    ///   - mirrored: the crop's columns in reverse, for the flip test.
    ///   - planes: receives `[3, height, width]`, normalized.
    public func warp(
        _ image: ps_image, through map: Affine, mirrored: Bool = false, into planes: UnsafeMutableBufferPointer<Float>
    ) {
        let forward = (map.a, map.b, map.tx, map.c, map.d, map.ty)
        withUnsafePointer(to: image) { image in
            withUnsafeBytes(of: forward) { matrix in
                ps_warp_u8(
                    image, matrix.assumingMemoryBound(to: Double.self).baseAddress, Int32(width), Int32(height), order,
                    mirrored ? 1 : 0, bytes.baseAddress)
            }
        }
        normalize(into: planes)
    }

    /// The whole picture, scaled to `contentWidth` x `contentHeight` pixels in the left upper corner; the rest is `fill`
    /// (a byte, before normalization).
    ///
    /// Bilinear with half-pixel centres and no low pass, like OpenCV's `resize` with INTER_LINEAR.
    public func letterbox(
        _ image: ps_image, contentWidth: Int, contentHeight: Int, fill: UInt8,
        into planes: UnsafeMutableBufferPointer<Float>
    ) {
        let colour = (fill, fill, fill)
        withUnsafePointer(to: image) { image in
            withUnsafeBytes(of: colour) { colour in
                ps_letterbox_u8(
                    image, Int32(clamping: contentWidth), Int32(clamping: contentHeight), Int32(width), Int32(height), order,
                    colour.assumingMemoryBound(to: UInt8.self).baseAddress, bytes.baseAddress)
            }
        }
        normalize(into: planes)
    }

    var order: ps_order { normalization.order.kernelOrder }

    func normalize(into planes: UnsafeMutableBufferPointer<Float>) {
        precondition(planes.count >= count)
        withUnsafeBytes(of: normalization.scale) { scale in
            withUnsafeBytes(of: normalization.bias) { bias in
                ps_normalize_u8(
                    bytes.baseAddress, width * height, scale.assumingMemoryBound(to: Float.self).baseAddress,
                    bias.assumingMemoryBound(to: Float.self).baseAddress, planes.baseAddress)
            }
        }
    }
}

extension ChannelOrder {
    var kernelOrder: ps_order { self == .rgb ? PS_ORDER_RGB : PS_ORDER_BGR }
}
