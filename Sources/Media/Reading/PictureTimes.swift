import CFFmpeg
import CShims
import Diagnostics

/// The presentation times of a file's pictures, read from its packets without decoding any: with them a reader knows the number of
/// the picture that it jumps to, also at a variable frame rate and with B-frames, where no rate can tell it.
///
/// A packet's rank in order of presentation is its picture's number as long as each packet holds one picture and says when it is
/// shown. Where that is not certain the times are refused, and the reader decodes from the start.
struct PictureTimes {
    /// Ticks of the stream's time base, increasing, from the first picture on.
    let ticks: [Int64]

    /// Codecs whose packets hold one shown picture each. VP8 and MPEG-4 part 2 have packets that show nothing.
    private static let codecs: Set<UInt32> = Set(
        [
            AV_CODEC_ID_H264, AV_CODEC_ID_HEVC, AV_CODEC_ID_VP9, AV_CODEC_ID_AV1, AV_CODEC_ID_MPEG1VIDEO, AV_CODEC_ID_MPEG2VIDEO,
            AV_CODEC_ID_MJPEG, AV_CODEC_ID_PRORES, AV_CODEC_ID_DNXHD, AV_CODEC_ID_FFV1, AV_CODEC_ID_HUFFYUV, AV_CODEC_ID_RAWVIDEO,
        ].map(\.rawValue))

    /// A file of 4 billion packets is no film.
    private static let limit = 1 << 28

    /// Reads packets up to the first picture at `target`.
    ///
    /// - Parameters:
    ///   - first: ticks of the first picture that the decoder gives; what comes before cannot be decoded.
    ///   - isBefore: whether a picture at these ticks lies before the target.
    /// - Returns: nil when the packets cannot tell the pictures' numbers.
    init?(
        of location: InputLocation, options: SourceOptions, interrupt: ReadInterrupt, first: Int64, isBefore: (Int64) -> Bool
    ) throws {
        var options = options
        options.keepsOtherStreams = false
        let demuxer = try Demuxer(location, options: options, interrupt: interrupt, log: FFmpegLog())
        guard let parameters = demuxer.stream.pointee.codecpar, Self.codecs.contains(parameters.pointee.codec_id.rawValue),
            [AV_FIELD_UNKNOWN, AV_FIELD_PROGRESSIVE].contains(parameters.pointee.field_order),
            let packet = av_packet_alloc()
        else { return nil }
        var owned: UnsafeMutablePointer<AVPacket>? = packet
        defer { av_packet_free(&owned) }
        var found: [Int64] = []
        // Decoding order: once the decoding time has passed a picture, nothing earlier can follow.
        var nearest: Int64?
        while true {
            let code = demuxer.read(into: packet)
            if interrupt.isCancelled { throw CancellationError() }
            if code == ps_averror_eof() { break }
            guard code >= 0 else { return nil }
            defer { av_packet_unref(packet) }
            guard packet.pointee.stream_index == demuxer.stream.pointee.index else { continue }
            if packet.pointee.flags & AV_PKT_FLAG_DISCARD != 0 { continue }
            guard packet.pointee.flags & AV_PKT_FLAG_CORRUPT == 0, let pts = packet.pointee.pts.asTimestamp, found.count < Self.limit
            else { return nil }
            if let nearest, let dts = packet.pointee.dts.asTimestamp, dts > nearest { break }
            if pts >= first { found.append(pts) }
            if !isBefore(pts) { nearest = min(nearest ?? pts, pts) }
        }
        found.sort()
        guard found.first == first, zip(found, found.dropFirst()).allSatisfy(<) else { return nil }
        ticks = found
    }
}
