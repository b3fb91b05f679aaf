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

    public struct NoSocket: Error {}

    public let port: UInt16
    private let socket: Int32
    private let seen = Mutex<[Request]>([])

    /// All requests so far, in order.
    public var requests: [Request] { seen.withLock { $0 } }

    public func url(_ path: String) -> URL { URL(string: "http://127.0.0.1:\(port)\(path)")! }

    /// - Parameter answer: what to say, given the request and how many there were before it.
    public init(_ answer: @escaping @Sendable (Request, Int) -> Answer) throws {
        let listener = Foundation.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isReady = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, size) == 0 && listen(listener, 8) == 0 && getsockname(listener, $0, &size) == 0
            }
        }
        guard listener >= 0, isReady else {
            close(listener)
            throw NoSocket()
        }
        socket = listener
        port = UInt16(bigEndian: address.sin_port)
        let thread = Thread { [weak self] in
            while true {
                let connection = accept(listener, nil, nil)
                guard connection >= 0 else { return }
                // Nobody waits for ever for a client that says nothing.
                var patience = timeval(tv_sec: 10, tv_usec: 0)
                setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
                setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
                if let request = Self.read(connection), let count = self?.remember(request) {
                    Self.write(answer(request, count), to: connection)
                }
                close(connection)
            }
        }
        thread.start()
    }

    deinit {
        shutdown(socket, Int32(SHUT_RDWR))
        close(socket)
    }

    private func remember(_ request: Request) -> Int {
        seen.withLock { seen in
            seen.append(request)
            return seen.count - 1
        }
    }

    private static func read(_ connection: Int32) -> Request? {
        var text: [UInt8] = [], byte: UInt8 = 0
        while !text.suffix(4).elementsEqual("\r\n\r\n".utf8) {
            guard text.count < 1 << 16, recv(connection, &byte, 1, 0) == 1 else { return nil }
            text.append(byte)
        }
        let lines = String(decoding: text, as: UTF8.self).components(separatedBy: "\r\n")
        let words = lines[0].split(separator: " ")
        guard words.count == 3 else { return nil }
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            if parts.count == 2 { headers[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces) }
        }
        return Request(path: String(words[1]), headers: headers)
    }

    private static func write(_ answer: Answer, to connection: Int32) {
        var head = "HTTP/1.1 \(answer.status) Answer\r\nConnection: close\r\n"
        let headers = answer.headers.merging(["Content-Length": "\(answer.body.count)"]) { own, _ in own }.filter { $0.value != "-1" }
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        var bytes = Data((head + "\r\n").utf8)
        bytes.append(answer.body.prefix(answer.sentBytes ?? answer.body.count))
        bytes.withUnsafeBytes { (buffer: UnsafeRawBufferPointer) -> Void in
            var rest = buffer
            while !rest.isEmpty {
                let count = send(connection, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
                guard count > 0 else { return }
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            }
        }
    }
}
