import CFFmpeg
import CShims
import Diagnostics

// Small translations between FFmpeg's values and ours.

extension Int64 {
    /// FFmpeg's "no time stamp" as nil.
    var asTimestamp: Int64? { self == ps_nopts() ? nil : self }
}

extension Rational {
    init(_ value: AVRational) { self.init(Int(value.num), Int(value.den)) }

    var asAVRational: AVRational { AVRational(num: Int32(clamping: numerator), den: Int32(clamping: denominator)) }

    /// Nil for FFmpeg's "unknown", which is any fraction that is not positive.
    init?(known value: AVRational) {
        guard value.num > 0, value.den > 0 else { return nil }
        self.init(value)
    }
}

extension ColorDescription {
    init(of picture: UnsafeMutablePointer<AVFrame>) {
        self.init(
            range: Int(picture.pointee.color_range.rawValue), matrix: Int(picture.pointee.colorspace.rawValue),
            primaries: Int(picture.pointee.color_primaries.rawValue), transfer: Int(picture.pointee.color_trc.rawValue))
    }
}

extension Failure {
    static func outOfMemory(_ what: String) -> Failure {
        Failure(.unavailable, what, at: "", because: "out of memory")
    }
}

/// FFmpeg's words for one of its negative results: "No such file or directory".
func ffmpegMessage(_ code: Int32) -> String {
    var buffer = [CChar](repeating: 0, count: 128)
    guard av_strerror(code, &buffer, buffer.count) == 0 else { return "error \(code)" }
    return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
}
