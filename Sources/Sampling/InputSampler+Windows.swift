import CKernels
import Geometry

/// A part of a picture in whole pixels, which may reach beyond it.
public struct PictureWindow: Sendable, Hashable {
    public var x: Int
    public var y: Int
    public var width: Int
    public var height: Int

    public init(x: Int, y: Int, width: Int, height: Int) {
        self.x = x
        self.y = y
        self.width = width
        self.height = height
    }

    public var box: Box { Box(x: Double(x), y: Double(y), width: Double(width), height: Double(height)) }
}

extension InputSampler {
    /// The window, stretched over the whole input; where it lies outside the picture it shows `border` (bytes in the
    /// normalization's channel order).
    ///
    /// OpenCV's `resize` of a part of a padded picture, bilinear (spec: networks-topdown 8.1). The window must have a size
    /// and lie within ±2^30.
    public func resize(
        _ image: ps_image, window: PictureWindow, border: SIMD3<UInt8>, into planes: UnsafeMutableBufferPointer<Float>
    ) {
        var part = ps_part(
            x: Int32(clamping: window.x), y: Int32(clamping: window.y), width: Int32(clamping: max(window.width, 1)),
            height: Int32(clamping: max(window.height, 1)), scale_x: 1, scale_y: 1)
        part.scale_x = Double(width) / Double(part.width)
        part.scale_y = Double(height) / Double(part.height)
        let colour = (border.x, border.y, border.z)
        withUnsafePointer(to: image) { image in
            withUnsafeBytes(of: colour) { colour in
                ps_resize_window_u8(
                    image, &part, colour.assumingMemoryBound(to: UInt8.self).baseAddress, Int32(width), Int32(height), order,
                    bytes.baseAddress, width * 3)
            }
        }
        normalize(into: planes)
    }

    /// The picture scaled by `scale`, `contentWidth` x `contentHeight` pixels of it from (`left`, `top`) on; the rest is
    /// `fill` (a byte). The content must fit.
    ///
    /// OpenCV's `resize` with factors, which are used as they are where sizes were rounded.
    public func place(
        _ image: ps_image, scale: Double, contentWidth: Int, contentHeight: Int, left: Int, top: Int, fill: UInt8,
        into planes: UnsafeMutableBufferPointer<Float>
    ) {
        precondition(left >= 0 && top >= 0 && left + contentWidth <= width && top + contentHeight <= height)
        var whole = ps_part(x: 0, y: 0, width: image.width, height: image.height, scale_x: scale, scale_y: scale)
        bytes.update(repeating: fill)
        guard let start = bytes.baseAddress, contentWidth > 0, contentHeight > 0 else { return }
        withUnsafePointer(to: image) { image in
            let unused: (UInt8, UInt8, UInt8) = (0, 0, 0)
            withUnsafeBytes(of: unused) { unused in
                ps_resize_window_u8(
                    image, &whole, unused.assumingMemoryBound(to: UInt8.self).baseAddress, Int32(contentWidth), Int32(contentHeight),
                    order, start + (top * width + left) * 3, width * 3)
            }
        }
        normalize(into: planes)
    }
}

extension PixelNormalization {
    /// The whole picture, scaled without rounding to bytes, into the left upper corner of `planes` [3, size.height,
    /// size.width]; the rest becomes `rest`.
    ///
    /// Bilinear with half-pixel centres and no low pass: PyTorch's `interpolate`, OpenCV's `resize` on floats.
    ///
    /// - Parameters:
    ///   - scale: output pixels for each of the picture's, across and down.
    ///   - content: pixels of the input that the picture covers.
    ///   - rest: per channel, normalized.
    public func resize(
        _ image: ps_image, scale: (x: Double, y: Double), content: InputSize, rest: SIMD3<Float>, size: InputSize,
        into planes: UnsafeMutableBufferPointer<Float>
    ) {
        precondition(planes.count >= 3 * size.width * size.height)
        withUnsafePointer(to: image) { image in
            withUnsafeBytes(of: (self.scale, bias, rest)) { values in
                let values = values.assumingMemoryBound(to: Float.self).baseAddress
                // A vector of three has the room of four.
                ps_resize_f32(
                    image, scale.x, scale.y, Int32(content.width), Int32(content.height), Int32(size.width), Int32(size.height),
                    order.kernelOrder, values, values.map { $0 + 4 }, values.map { $0 + 8 }, planes.baseAddress)
            }
        }
    }
}

/// Mirrors planes [rows, width] in place: the crop of the mirrored picture, for a flip test.
public func mirrorRows(_ planes: UnsafeMutableBufferPointer<Float>, width: Int) {
    guard width > 0 else { return }
    ps_mirror_rows(planes.baseAddress, planes.count / width, Int32(width))
}
