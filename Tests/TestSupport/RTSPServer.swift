import Foundation

/// A camera on loopback that speaks RTSP over TCP and plays a film again and again, in real time.
///
/// `ffmpeg` makes the RTP packets and sends them to a socket of ours; we wrap them as RFC 2326, section 10.12, says.
public final class RTSPServer: Sendable {
    /// What a camera does after it has played for a while.
    public enum Afterwards: Sendable {
        /// Goes on.
        case nothing
        /// Closes the connection.
        case cut
        /// Keeps the connection and sends nothing.
        case stall
    }

    public let url: String
    private let server: ConnectionServer

    /// - Parameters:
    ///   - film: H.264 without B frames, so that every packet can be sent as it is.
    ///   - play: for how many seconds the connection with that number (from 0) plays, and what comes then; nil refuses it.
    public init(film: URL, in scratch: Scratch, play: @escaping @Sendable (Int) -> (seconds: Double, then: Afterwards)?) throws {
        server = try ConnectionServer { connection in
            guard let plan = play(connection.number) else { return }
            try? Self.serve(connection, film, scratch, plan)
        }
        url = "rtsp://127.0.0.1:\(server.port)/camera"
    }

    public func close() { server.close() }
    public var connections: Int { server.connections }

    private static func serve(
        _ connection: ConnectionServer.Connection, _ film: URL, _ scratch: Scratch, _ plan: (seconds: Double, then: Afterwards)
    ) throws {
        let socket = try DatagramSocket()
        let description = scratch.file("\(connection.number)-\(socket.port).sdp")
        var sender: Background?
        var request: String? = connection.request
        while let text = request {
            let sequence = text.split(separator: "\r\n").first { $0.lowercased().hasPrefix("cseq") } ?? "CSeq: 0"
            func answer(_ more: String = "", body: String = "") {
                connection.send("RTSP/1.0 200 OK\r\n\(sequence)\r\n\(more)Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
            }
            switch text.prefix(while: { $0 != " " }) {
            case "DESCRIBE":
                sender = try Background(
                    ["ffmpeg", "-nostdin", "-loglevel", "error", "-re", "-stream_loop", "-1", "-i", film.path, "-an", "-c:v", "copy", "-f", "rtp",
                     "-sdp_file", description.path, "rtp://127.0.0.1:\(socket.port)"], seconds: 60)
                let deadline = ContinuousClock.now + .seconds(10)
                var session = ""
                while !session.contains("fmtp"), ContinuousClock.now < deadline {
                    usleep(20_000)
                    session = (try? String(contentsOf: description, encoding: .utf8)) ?? ""
                }
                session = session.replacingOccurrences(of: "m=video \(socket.port)", with: "m=video 0")
                    .split(separator: "\n").filter { !$0.hasPrefix("SDP:") }.joined(separator: "\n") + "\na=control:track1\r\n"
                answer("Content-Type: application/sdp\r\n", body: session)
            case "SETUP": answer("Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 1\r\n")
            case "PLAY":
                answer("Session: 1\r\n")
                let end = ContinuousClock.now + .seconds(plan.seconds)
                while plan.then == .nothing || ContinuousClock.now < end {
                    guard let packet = socket.receive() else { continue }
                    guard connection.send(Data([0x24, 0, UInt8(packet.count >> 8), UInt8(packet.count & 255)]) + packet) else { return }
                }
                if plan.then == .stall { sleep(5) }
                return
            case "TEARDOWN": return answer()
            default: answer("Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n")
            }
            request = connection.nextRequest()
        }
        withExtendedLifetime(sender) {}
    }
}

/// A UDP socket on a free port of loopback.
private final class DatagramSocket {
    let port: UInt16
    private let descriptor: Int32

    init() throws {
        guard let socket = LoopbackSocket(SOCK_DGRAM) else { throw Program.TimedOut(description: "no UDP port") }
        (descriptor, port) = (socket.descriptor, socket.port)
        var patience = timeval(tv_sec: 0, tv_usec: 200_000)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    /// The next datagram; nil when none comes for a while.
    func receive() -> Data? {
        var buffer = [UInt8](repeating: 0, count: 65536)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        return count > 0 ? Data(buffer[..<count]) : nil
    }
}
