import Foundation

/// Answers HTTP and raw TCP requests on a free port of loopback, each on a thread of its own, until it is let go.
public final class ConnectionServer: @unchecked Sendable {
    // Safe to share: `port`, `listener` and `handler` never change, the count and the list of connections are locked.

    /// One connection of a client.
    public final class Connection: Sendable {
        /// What the client asked for: the first line of an HTTP request, "GET /clip.mp4 HTTP/1.1", and its headers.
        public let request: String
        /// How many came before this one.
        public let number: Int
        private let descriptor: Int32

        init(request: String, number: Int, descriptor: Int32) {
            (self.request, self.number, self.descriptor) = (request, number, descriptor)
        }

        /// "/clip.mp4"
        public var path: String { request.split(separator: " ").dropFirst().first.map(String.init) ?? "" }

        /// The next request on the same connection; nil when the client is gone.
        public func nextRequest() -> String? {
            let head = ConnectionServer.readHead(descriptor)
            return head.isEmpty ? nil : head
        }

        /// The first byte that a Range header asks for.
        public var rangeStart: Int {
            guard let range = request.range(of: "bytes=") else { return 0 }
            return Int(request[range.upperBound...].prefix { $0.isNumber }) ?? 0
        }

        /// False when the client is gone.
        @discardableResult
        public func send(_ data: Data) -> Bool {
            var rest = data[...]
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
                if count <= 0 { return false }
                rest = rest.dropFirst(count)
            }
            return true
        }

        @discardableResult
        public func send(_ text: String) -> Bool { send(Data(text.utf8)) }

        /// A whole answer.
        public func answer(_ body: Data, type: String = "application/octet-stream", status: String = "200 OK") {
            send("HTTP/1.1 \(status)\r\nContent-Type: \(type)\r\nContent-Length: \(body.count)\r\nConnection: close\r\n\r\n")
            send(body)
        }
    }

    public let port: UInt16
    private let listener: Int32
    private let handler: @Sendable (Connection) -> Void
    private let lock = NSLock()
    private var open: Set<Int32> = []
    private var count = 0
    private var isClosed = false

    /// - Parameters:
    ///   - port: a port to take, for a server that comes back; 0 for a free one.
    ///   - handler: called for each connection, on a thread of its own; the connection is closed when it returns.
    public init(port: UInt16 = 0, _ handler: @escaping @Sendable (Connection) -> Void) throws {
        guard let socket = LoopbackSocket(SOCK_STREAM, port: port), listen(socket.descriptor, 16) == 0 else {
            throw Program.TimedOut(description: "cannot listen on loopback: \(String(cString: strerror(errno)))")
        }
        let descriptor = socket.descriptor
        (listener, self.port) = (descriptor, socket.port)
        self.handler = handler
        Thread.detachNewThread { [weak self] in
            while true {
                let client = accept(descriptor, nil, nil)
                guard client >= 0, let self else { return }
                self.serve(client)
            }
        }
    }

    public func url(_ path: String) -> String { "http://127.0.0.1:\(port)/\(path)" }

    /// Connections so far.
    public var connections: Int { lock.withLock { count } }

    /// Takes no more connections and cuts those that are open.
    public func close() {
        lock.withLock {
            guard !isClosed else { return }
            isClosed = true
            shutdown(listener, Int32(SHUT_RDWR))
            Glibc.close(listener)
            for client in open { shutdown(client, Int32(SHUT_RDWR)) }
        }
    }

    deinit { close() }

    /// Up to and with the empty line.
    fileprivate static func readHead(_ client: Int32) -> String {
        var head = [UInt8]()
        var byte: UInt8 = 0
        while head.count < 1 << 16, recv(client, &byte, 1, 0) == 1 {
            head.append(byte)
            if head.suffix(4) == [13, 10, 13, 10] { break }
        }
        return String(decoding: head, as: UTF8.self)
    }

    private func serve(_ client: Int32) {
        let number = lock.withLock {
            open.insert(client)
            count += 1
            return count - 1
        }
        // Nobody waits for ever for a client that says or takes nothing.
        var patience = timeval(tv_sec: 30, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(client, SOL_SOCKET, option, &patience, socklen_t(MemoryLayout<timeval>.size))
        }
        Thread.detachNewThread { [weak self, handler] in
            handler(Connection(request: Self.readHead(client), number: number, descriptor: client))
            self?.lock.withLock { _ = self?.open.remove(client) }
            Glibc.close(client)
        }
    }
}
