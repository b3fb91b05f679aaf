import CFFmpeg
import Diagnostics

/// One audio or subtitle stream that is copied unchanged from the source to an annotated video.
public final class PassthroughStream: @unchecked Sendable {
    // Safe to share: the parameters are a copy of our own that nobody writes to after `init`.

    public enum Kind: Sendable {
        case audio, subtitle
    }

    /// Number of the stream in its source.
    public let index: Int
    public let kind: Kind
    /// Seconds a tick of its packets' time stamps.
    public let timeBase: Rational
    /// FFmpeg's name of the codec, for people to read: "aac".
    public let codecName: String

    /// Our copy of the codec parameters, for `avcodec_parameters_copy` into an output stream.
    let parameters: UnsafeMutablePointer<AVCodecParameters>

    /// Copies what a muxer needs to know of `stream`; nil for anything but audio and subtitles.
    init?(of stream: UnsafeMutablePointer<AVStream>) throws {
        guard let original = stream.pointee.codecpar else { return nil }
        switch original.pointee.codec_type {
        case AVMEDIA_TYPE_AUDIO: kind = .audio
        case AVMEDIA_TYPE_SUBTITLE: kind = .subtitle
        default: return nil
        }
        guard let copy = avcodec_parameters_alloc() else { throw Failure.outOfMemory("cannot copy an audio stream") }
        parameters = copy
        index = Int(stream.pointee.index)
        timeBase = Rational(stream.pointee.time_base)
        codecName = String(cString: avcodec_get_name(original.pointee.codec_id))
        guard avcodec_parameters_copy(copy, original) >= 0 else { throw Failure.outOfMemory("cannot copy an audio stream") }
    }

    deinit {
        var owned: UnsafeMutablePointer<AVCodecParameters>? = parameters
        avcodec_parameters_free(&owned)
    }
}

/// One encoded packet of a `PassthroughStream`, on its way from the source to the writer.
public final class PassthroughPacket: @unchecked Sendable {
    // Safe to share: the packet is the only owner of its reference and nobody writes to it after `init`;
    // a writer takes a reference of its own (`av_packet_ref`) before it changes the time stamps.

    public let stream: PassthroughStream
    /// Bytes of encoded data.
    public let byteCount: Int
    /// Presentation time stamp in ticks of the stream's time base; nil when the packet has none.
    public let pts: Int64?

    /// Read it, reference it, never change it.
    let packet: UnsafeMutablePointer<AVPacket>

    /// Takes the data over from `source`, which is empty afterwards and can be used for the next packet.
    init(taking source: UnsafeMutablePointer<AVPacket>, of stream: PassthroughStream) throws {
        guard let packet = av_packet_alloc() else { throw Failure.outOfMemory("cannot keep an audio packet") }
        av_packet_move_ref(packet, source)
        self.packet = packet
        self.stream = stream
        byteCount = Int(packet.pointee.size)
        pts = packet.pointee.pts.asTimestamp
    }

    deinit {
        var owned: UnsafeMutablePointer<AVPacket>? = packet
        av_packet_free(&owned)
    }
}
