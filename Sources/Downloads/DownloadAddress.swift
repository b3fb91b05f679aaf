import Diagnostics
import Foundation

/// Which addresses a download may read from, at the start and at every redirection.
package struct DownloadAddress: Sendable {
    /// Whether bytes that a stranger on the way has changed would be noticed.
    package let isPinned: Bool

    package init(isPinned: Bool) { self.isPinned = isPinned }

    /// Throws `Failure` of kind `.usage` when the address may not be read.
    func check(_ url: URL) throws {
        if let why = refusal(of: url) {
            throw Failure(.usage, "cannot download", at: Self.text(url), because: why, remedy: "give an address that begins with https://")
        }
    }

    /// Why this address may not be read; nil when it may.
    package func refusal(of url: URL) -> String? {
        guard let host = url.host, !host.isEmpty else { return "the address names no server" }
        switch url.scheme?.lowercased() {
        case "https": return nil
        case "http":
            if isPinned || Self.isThisMachine(host) { return nil }
            return "http is not encrypted, and the file's SHA-256 is not known beforehand"
        case let scheme: return "\(scheme ?? "nothing") is neither https nor http"
        }
    }

    /// Why a redirection may not be followed; nil when it may. Encryption is never given up on the way.
    package func refusal(of url: URL, after previous: URL?) -> String? {
        if previous?.scheme?.lowercased() == "https", url.scheme?.lowercased() != "https" {
            return "it leads from https to \(url.scheme ?? "nothing")"
        }
        return refusal(of: url)
    }

    /// The address for messages, without user and password.
    package static func text(_ url: URL) -> String {
        guard var parts = URLComponents(url: url, resolvingAgainstBaseURL: true) else { return "?" }
        (parts.user, parts.password) = (nil, nil)
        return parts.string ?? "?"
    }

    private static func isThisMachine(_ host: String) -> Bool {
        host == "localhost" || host == "::1" || host == "[::1]" || (host.hasPrefix("127.") && host.allSatisfy { $0.isNumber || $0 == "." })
    }
}
