import CFFmpeg

/// A block of a picture, and how its content moved since the picture that the encoder took it from.
///
/// Written by the encoder to save bits, not to tell the truth: a seed for a search, never a result. The reference is the
/// frame before only in streams without B-frames and with one reference; which one it was is not told.
public struct MotionVector: Sendable, Hashable {
    /// Centre of the block in the picture as shown, pixels.
    public var x: Float
    public var y: Float
    /// Size of the block, pixels.
    public var width: Float
    public var height: Float
    /// What the content moved by from the reference to this picture, pixels.
    public var dx: Float
    public var dy: Float
    /// The reference is shown before this picture.
    public var isFromPast: Bool

    public init(x: Float, y: Float, width: Float, height: Float, dx: Float, dy: Float, isFromPast: Bool) {
        (self.x, self.y, self.width, self.height) = (x, y, width, height)
        (self.dx, self.dy, self.isFromPast) = (dx, dy, isFromPast)
    }

    /// A vector of FFmpeg's in a stored picture of `width` x `height` that is shown turned; nil for one without a meaning.
    init?(_ vector: AVMotionVector, turned orientation: Orientation, width: Float, height: Float) {
        guard vector.motion_scale > 0, vector.source != 0, vector.w > 0, vector.h > 0 else { return nil }
        let scale = Float(vector.motion_scale)
        // The block's middle lies between two pixels; motion points back to where the block was taken from.
        var (x, y) = (Float(vector.dst_x) - 0.5, Float(vector.dst_y) - 0.5)
        var (dx, dy) = (-Float(vector.motion_x) / scale, -Float(vector.motion_y) / scale)
        if orientation.mirrorsX { (x, dx) = (width - 1 - x, -dx) }
        if orientation.mirrorsY { (y, dy) = (height - 1 - y, -dy) }
        let size = (Float(vector.w), Float(vector.h))
        if orientation.transposes {
            self.init(x: y, y: x, width: size.1, height: size.0, dx: dy, dy: dx, isFromPast: vector.source < 0)
        } else {
            self.init(x: x, y: y, width: size.0, height: size.1, dx: dx, dy: dy, isFromPast: vector.source < 0)
        }
    }

    /// The vectors that the decoder left with a picture; none where there are none (key frames, codecs that do not export them).
    static func all(of frame: UnsafeMutablePointer<AVFrame>, turned orientation: Orientation) -> [MotionVector] {
        guard let side = av_frame_get_side_data(frame, AV_FRAME_DATA_MOTION_VECTORS), let data = side.pointee.data else { return [] }
        let count = Int(side.pointee.size) / MemoryLayout<AVMotionVector>.stride
        let (width, height) = (Float(frame.pointee.width), Float(frame.pointee.height))
        return (0..<count).compactMap { n in
            let vector = UnsafeRawPointer(data).loadUnaligned(
                fromByteOffset: n * MemoryLayout<AVMotionVector>.stride, as: AVMotionVector.self)
            return MotionVector(vector, turned: orientation, width: width, height: height)
        }
    }
}
