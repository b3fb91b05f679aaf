import CFFmpeg

/// What the FFmpeg libraries on this machine are and can do, for `doctor` and `--version`.
public enum FFmpegFacts {
    /// "5.1.9-0+deb12u1"
    public static var version: String { String(cString: av_version_info()) }

    /// Licence under which these libraries were built: "GPL version 3 or later".
    public static var licence: String { String(cString: avcodec_license()) }

    /// Names and versions of the libraries: ("libavcodec", "59.37.100").
    public static var libraries: [(name: String, version: String)] {
        [
            ("libavformat", avformat_version()), ("libavcodec", avcodec_version()), ("libavutil", avutil_version()),
            ("libswscale", swscale_version()), ("libavdevice", avdevice_version()),
        ].map { ($0.0, "\($0.1 >> 16).\($0.1 >> 8 & 255).\($0.1 & 255)") }
    }

    /// Which of these encoders are in this FFmpeg.
    public static func encoders(of names: [String]) -> [String] {
        names.filter { avcodec_find_encoder_by_name($0) != nil }
    }

    /// Which of these decoders are in this FFmpeg.
    public static func decoders(of names: [String]) -> [String] {
        names.filter { avcodec_find_decoder_by_name($0) != nil }
    }

    /// Which of these protocols can be read from.
    public static func protocols(of names: [String]) -> [String] {
        var present: Set<String> = []
        var state: UnsafeMutableRawPointer?
        while let name = avio_enum_protocols(&state, 0) { present.insert(String(cString: name)) }
        return names.filter(present.contains)
    }
}
