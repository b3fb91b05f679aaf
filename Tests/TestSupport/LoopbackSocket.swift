import Foundation

/// A socket that is bound to a port of 127.0.0.1; who made it closes it.
struct LoopbackSocket {
    let descriptor: Int32
    let port: UInt16

    /// - Parameter port: 0 for a free one.
    init?(_ kind: __socket_type, port: UInt16 = 0) {
        descriptor = socket(AF_INET, Int32(kind.rawValue), 0)
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let socket = descriptor
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                bind(socket, generic, length) == 0 && getsockname(socket, generic, &length) == 0
            }
        }
        guard descriptor >= 0, isBound else {
            close(descriptor)
            return nil
        }
        self.port = UInt16(bigEndian: address.sin_port)
    }
}

/// A port of loopback that nobody uses at this moment.
public func freePort(datagrams: Bool) -> UInt16 {
    guard let socket = LoopbackSocket(datagrams ? SOCK_DGRAM : SOCK_STREAM) else { return 0 }
    close(socket.descriptor)
    return socket.port
}
