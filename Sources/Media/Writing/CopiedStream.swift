import CFFmpeg
import CShims
import Diagnostics

/// One stream of the output whose packets come from the source unchanged, but for their times.
final class CopiedStream {
    let source: PassthroughStream
    let stream: UnsafeMutablePointer<AVStream>
    /// Ticks of the source's time base that become zero.
    private let offset: Int64
    private var lastDecodeTime = Int64.min
    /// Takes the ADTS header off AAC from a transport stream, which MP4 describes in its index instead.
    private var filter: UnsafeMutablePointer<AVBSFContext>?

    /// Packets that reached the file.
    var count: Int64 { stream.pointee.nb_frames }

    /// - Parameter start: seconds of the source that become zero.
    init(_ source: PassthroughStream, in context: UnsafeMutablePointer<AVFormatContext>, container: OutputContainer, start: Double) throws {
        guard let stream = avformat_new_stream(context, nil), avcodec_parameters_copy(stream.pointee.codecpar, source.parameters) >= 0
        else { throw Failure.outOfMemory("cannot write video") }
        self.source = source
        self.stream = stream
        offset = Int64(exactly: (start / source.timeBase.value).rounded()) ?? 0
        if container.isFragmented, source.parameters.pointee.codec_id == AV_CODEC_ID_AAC, source.parameters.pointee.extradata_size == 0,
            let bitstreamFilter = av_bsf_get_by_name("aac_adtstoasc"), av_bsf_alloc(bitstreamFilter, &filter) >= 0, let filter
        {
            filter.pointee.time_base_in = source.timeBase.asAVRational
            guard avcodec_parameters_copy(filter.pointee.par_in, source.parameters) >= 0, av_bsf_init(filter) >= 0,
                avcodec_parameters_copy(stream.pointee.codecpar, filter.pointee.par_out) >= 0
            else { throw Failure.outOfMemory("cannot write video") }
        }
        // The container chooses its own tag and time base; ours is a wish.
        stream.pointee.codecpar.pointee.codec_tag = 0
        stream.pointee.time_base = source.timeBase.asAVRational
    }

    deinit { av_bsf_free(&filter) }

    /// Whether `container` can hold the stream.
    static func fits(_ source: PassthroughStream, in container: OutputContainer, _ format: UnsafePointer<AVOutputFormat>) -> Bool {
        // Text comes seldom, and a fragmented file would wait for its first line; it goes where that does no harm.
        guard source.kind == .audio || container == .matroska || container == .webm else { return false }
        guard source.timeBase.numerator > 0, source.timeBase.denominator > 0 else { return false }
        return container.holds(source.parameters.pointee.codec_id, format)
    }

    /// Makes `packet`, which is empty, a packet of this stream.
    ///
    /// - Returns: false for a packet that no container takes: without time, out of order, or damaged.
    func prepare(_ passing: PassthroughPacket, into packet: UnsafeMutablePointer<AVPacket>) -> Bool {
        let original = passing.packet
        guard let presented = original.pointee.pts.asTimestamp ?? original.pointee.dts.asTimestamp else { return false }
        let decoded = original.pointee.dts.asTimestamp ?? presented
        let (pts, overflow) = presented.subtractingReportingOverflow(offset)
        let (dts, overflows) = decoded.subtractingReportingOverflow(offset)
        guard !overflow, !overflows, pts >= dts, av_packet_ref(packet, original) >= 0 else { return false }
        if let filter {
            guard av_bsf_send_packet(filter, packet) >= 0, av_bsf_receive_packet(filter, packet) >= 0 else { return false }
        }
        packet.pointee.pts = pts
        packet.pointee.dts = dts
        packet.pointee.pos = -1
        packet.pointee.stream_index = stream.pointee.index
        av_packet_rescale_ts(packet, source.timeBase.asAVRational, stream.pointee.time_base)
        guard packet.pointee.dts > lastDecodeTime else { return false }
        lastDecodeTime = packet.pointee.dts
        return true
    }
}

extension OutputContainer {
    /// Whether packets of a codec may go into this container.
    func holds(_ codec: AVCodecID, _ format: UnsafePointer<AVOutputFormat>) -> Bool {
        let answer = avformat_query_codec(format, codec, FF_COMPLIANCE_NORMAL)
        guard answer < 0, self == .mpegts else { return answer == 1 }
        // The transport stream's muxer does not answer; these have a stream type of their own (ISO/IEC 13818-1 and DVB).
        return [
            AV_CODEC_ID_H264, AV_CODEC_ID_HEVC, AV_CODEC_ID_MPEG4, AV_CODEC_ID_MPEG2VIDEO, AV_CODEC_ID_AAC, AV_CODEC_ID_MP2,
            AV_CODEC_ID_MP3, AV_CODEC_ID_AC3, AV_CODEC_ID_EAC3, AV_CODEC_ID_DTS, AV_CODEC_ID_OPUS,
        ].contains(codec)
    }
}
