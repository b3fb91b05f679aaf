import Diagnostics
import Foundation

/// One video to open: where it lies, and what FFmpeg may touch while it reads it (spec/media.md, section 3.3).
struct InputLocation: Sendable, Equatable {
    enum Kind: Sendable, Equatable {
        case file
        case descriptor(Int32)
        case network
        case device(DeviceInput)
    }

    let kind: Kind
    /// What FFmpeg opens.
    let url: String
    /// For people: the last part of the path, or the host.
    let name: String
    /// As given, without credentials.
    let uri: String
    /// Protocols that FFmpeg may use, also for what a playlist names.
    let protocols: String
    /// The sender sets the pace.
    let isLive: Bool

    /// A file by its path, whatever characters that holds.
    static func file(_ path: String) -> InputLocation {
        InputLocation(
            kind: .file, url: "file:" + path, name: (path as NSString).lastPathComponent, uri: path, protocols: "file,crypto,data",
            isLive: false)
    }

    /// An open descriptor. Only what comes through it is read: a playlist there can open nothing.
    static func descriptor(_ number: Int32, name: String, uri: String) -> InputLocation {
        InputLocation(kind: .descriptor(number), url: "", name: name, uri: uri, protocols: "pipe", isLive: false)
    }

    /// A network address; nil when its protocol is not one of those that may be read.
    static func network(_ address: String) -> InputLocation? {
        guard let separator = address.range(of: "://") else { return nil }
        let (protocols, isLive): (String, Bool)
        // What a playlist or a redirection may lead to is limited to the same kind of address.
        switch address[..<separator.lowerBound].lowercased() {
        case "rtsp", "rtsps": (protocols, isLive) = ("rtsp,rtsps,rtp,srtp,udp,tcp,tls,http,https,httpproxy", true)
        case "http", "https": (protocols, isLive) = ("http,https,tls,tcp,httpproxy,crypto,data", false)
        case "udp": (protocols, isLive) = ("udp", true)
        case "srt": (protocols, isLive) = ("srt,udp", true)
        case "rtmp", "rtmps": (protocols, isLive) = ("rtmp,rtmps,tcp,tls", true)
        default: return nil
        }
        let masked = Credentials.masked(address)
        let rest = masked[separator.upperBound...]
        let authority = rest.prefix { !"/?#".contains($0) }
        let host = authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] } ?? authority
        return InputLocation(
            kind: .network, url: address, name: host.isEmpty ? masked : String(host), uri: masked, protocols: protocols,
            isLive: isLive)
    }

    var isDevice: Bool { if case .device = kind { true } else { false } }

    /// How FFmpeg is to use the network here, unless the user says otherwise (spec/media.md, section 3.2).
    func networkOptions(_ options: SourceOptions) -> [String: String] {
        var result: [String: String] = [:]
        switch url.prefix(while: { $0 != ":" }).lowercased() {
        case "rtsp", "rtsps":
            // Over UDP a busy network costs pictures; a camera that has no TCP is still asked for UDP.
            result["rtsp_flags"] = "prefer_tcp"
            if !options.keepsOtherStreams { result["allowed_media_types"] = "video" }
        case "http", "https":
            // A film whose connection breaks is read on from the same byte.
            result["reconnect"] = "1"
            result["reconnect_delay_max"] = "4"
            result["rw_timeout"] = String(Int(min(max(options.networkTimeout, 0.1), 1e6) * 1e6))
        case "udp": result["overrun_nonfatal"] = "1"
        case "srt": result["connect_timeout"] = String(Int(min(max(options.networkTimeout, 0.1), 1e6) * 1000))
        default: break
        }
        // How long FFmpeg looks at a stream before the first picture; whatever comes meanwhile is old then.
        if isLive { result["analyzeduration"] = "2000000" }
        return result
    }

    /// Container formats that may come through a pipe or from a network, where no file name vouches for what it is.
    /// Names are FFmpeg's; single pictures and rows of them are among them.
    static let trustedFormats = [
        "mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "mpegts", "hls", "avi", "flv", "mpeg", "mpegvideo", "h264", "hevc", "m4v", "obu",
        "av1", "ivf", "ogg", "asf", "mjpeg", "image2pipe", "jpeg_pipe", "png_pipe", "bmp_pipe", "webp_pipe", "tiff_pipe", "pgm_pipe",
        "ppm_pipe", "mpjpeg", "yuv4mpegpipe", "gif", "apng", "nut", "mxf", "dv", "rawvideo", "rtsp", "rtp", "sdp", "live_flv",
    ].joined(separator: ",")
}
