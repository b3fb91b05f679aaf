import Foundation
import Synchronization

/// A web server on loopback whose every answer the test decides, also wrong ones and ones that break off.
public final class LoopbackServer: Sendable {
    public struct Request: Sendable {
        public var path: String
        public var headers: [String: String]

        /// The first byte of `Range: bytes=N-`.
        public var rangeStart: Int? {
            headers["range"].flatMap { $0.hasPrefix("bytes=") ? Int($0.dropFirst(6).prefix { $0.isNumber }) : nil }
        }
    }

    public struct Answer: Sendable {
        public var status: Int
        public var headers: [String: String]
        public var body: Data
        /// Only so many bytes of the body are sent before the connection is closed.
        public var sentBytes: Int?

        public init(_ status: Int, headers: [String: String] = [:], body: Data = Data(), sentBytes: Int? = nil) {
            self.status = status
            self.headers = headers
            self.body = body
            self.sentBytes = sentBytes
        }

        /// A file as good servers give it: whole, or from where it was asked for.
        public static func file(_ content: Data, for request: Request, sentBytes: Int? = nil) -> Answer {
            guard let start = request.rangeStart else { return Answer(200, body: content, sentBytes: sentBytes) }
            guard start < content.count else { return Answer(416, headers: ["Content-Range": "bytes */\(content.count)"]) }
            return Answer(
                206, headers: ["Content-Range": "bytes \(start)-\(content.count - 1)/\(content.count)"],
                body: content.subdata(in: start..<content.count), sentBytes: sentBytes)
        }
    }

    private final class Seen: Sendable { let requests = Mutex<[Request]>([]) }

    private let server: ConnectionServer
    private let seen: Seen

    /// All requests so far, in order.
    public var requests: [Request] { seen.requests.withLock { $0 } }

    public var port: UInt16 { server.port }
    public func url(_ path: String) -> URL { URL(string: "http://127.0.0.1:\(port)\(path)")! }

    /// - Parameter answer: what to say, given the request and how many there were before it.
    public init(_ answer: @escaping @Sendable (Request, Int) -> Answer) throws {
        let seen = Seen()
        self.seen = seen
        server = try ConnectionServer { connection in
            guard let request = Request(connection) else { return }
            let count = seen.requests.withLock { seen in
                seen.append(request)
                return seen.count - 1
            }
            Self.send(answer(request, count), over: connection)
        }
    }

    private static func send(_ answer: Answer, over connection: ConnectionServer.Connection) {
        var head = "HTTP/1.1 \(answer.status) Answer\r\nConnection: close\r\n"
        let headers = answer.headers.merging(["Content-Length": "\(answer.body.count)"]) { own, _ in own }.filter { $0.value != "-1" }
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        connection.send(Data((head + "\r\n").utf8) + answer.body.prefix(answer.sentBytes ?? answer.body.count))
    }
}

extension LoopbackServer.Request {
    /// Nil for what is no request of HTTP.
    fileprivate init?(_ connection: ConnectionServer.Connection) {
        let lines = connection.request.components(separatedBy: "\r\n")
        guard lines.count > 2, lines[0].split(separator: " ").count == 3 else { return nil }
        path = connection.path
        headers = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            if parts.count == 2 { headers[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces) }
        }
    }
}
