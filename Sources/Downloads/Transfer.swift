import Diagnostics
import Foundation
import FoundationNetworking

/// One request: asks the server for what a part still lacks and appends what comes.
final class Transfer: NSObject, URLSessionDataDelegate, @unchecked Sendable {
    // Safe to share: all state is touched only on the session's delegate queue, which runs one operation at a time, until
    // `done` is signalled, and only by the waiting thread after that.

    enum Outcome {
        /// The server has said all it has to say.
        case complete
        /// The file is elsewhere, at an address that may be read.
        case redirected(URL)
        /// The part is not the beginning of what the server has: it has to be fetched anew.
        case mustStartOver
        /// The connection broke, or the server is busy for now.
        case interrupted(String)
    }

    private let part: PartFile
    private let address: DownloadAddress
    private let expected: Int?
    private let largest: Int
    private let report: @Sendable (_ bytes: Int, _ total: Int?) -> Void
    private let done = DispatchSemaphore(value: 0)

    private var total: Int?
    private var offset = 0
    private var outcome: Outcome?
    private var failure: Failure?

    /// - Parameters:
    ///   - expected: The file's size, when it is known.
    ///   - largest: More bytes than this are never taken.
    init(
        into part: PartFile, address: DownloadAddress, expected: Int?, largest: Int,
        reporting report: @escaping @Sendable (_ bytes: Int, _ total: Int?) -> Void
    ) {
        self.part = part
        self.address = address
        self.expected = expected
        self.largest = largest
        self.report = report
        total = expected
    }

    /// - Parameter patience: Seconds of silence after which the connection counts as broken.
    /// - Throws: `Failure` when trying again would not help.
    func run(_ url: URL, patience: TimeInterval) throws -> Outcome {
        let configuration = URLSessionConfiguration.ephemeral
        configuration.timeoutIntervalForRequest = patience
        configuration.urlCache = nil
        configuration.httpShouldSetCookies = false
        let queue = OperationQueue()
        queue.maxConcurrentOperationCount = 1
        let session = URLSession(configuration: configuration, delegate: self, delegateQueue: queue)
        offset = part.byteCount
        session.dataTask(with: request(url)).resume()
        done.wait()
        session.invalidateAndCancel()
        if let failure { throw failure }
        return outcome ?? .interrupted("the connection ended without an answer")
    }

    private func request(_ url: URL) -> URLRequest {
        var request = URLRequest(url: url)
        request.setValue("posestream", forHTTPHeaderField: "User-Agent")
        // A compressed answer would have another size and could not be resumed.
        request.setValue("identity", forHTTPHeaderField: "Accept-Encoding")
        if offset > 0 { request.setValue("bytes=\(offset)-", forHTTPHeaderField: "Range") }
        return request
    }

    private func keep(_ error: any Error) {
        failure = failure ?? error as? Failure ?? Failure(.inputOutput, "cannot download", at: part.url.path, because: "\(error)")
    }

    // MARK: - What the session tells

    /// Redirections are followed one by one by the caller, where each can be looked at and refused.
    func urlSession(
        _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
        newRequest: URLRequest, completionHandler: @escaping @Sendable (URLRequest?) -> Void
    ) {
        redirect(by: response)
        completionHandler(nil)
    }

    private func redirect(by response: HTTPURLResponse) {
        let target = response.value(forHTTPHeaderField: "Location").flatMap { URL(string: $0, relativeTo: response.url)?.absoluteURL }
        let place = response.url.map(DownloadAddress.text) ?? "?"
        if let target, let why = address.refusal(of: target, after: response.url) {
            failure = failure ?? Failure(
                .unavailable, "cannot download", at: place, because: "the server redirects to \(DownloadAddress.text(target)): \(why)")
        }
        outcome = target.map { .redirected($0) } ?? .interrupted("the server redirects to nowhere")
    }

    func urlSession(
        _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
        completionHandler: @escaping @Sendable (URLSession.ResponseDisposition) -> Void
    ) {
        do {
            let isBody = try accept(response)
            completionHandler(isBody ? .allow : .cancel)
        } catch {
            keep(error)
            completionHandler(.cancel)
        }
    }

    /// Whether the body is what the part lacks. Sets `outcome` where it is not.
    private func accept(_ response: URLResponse) throws -> Bool {
        guard let answer = response as? HTTPURLResponse else {
            outcome = .interrupted("the server does not speak HTTP")
            return false
        }
        let place = answer.url.map(DownloadAddress.text) ?? "?"
        switch answer.statusCode {
        case 200:
            if offset > 0 {
                // The server sends the whole file, whatever was asked for.
                try part.startOver()
                offset = 0
            }
        case 206:
            guard let range = ContentRange(answer.value(forHTTPHeaderField: "Content-Range") ?? ""), range.start == offset else {
                outcome = .mustStartOver
                return false
            }
            total = range.total ?? total
        case 416:
            outcome = .mustStartOver
            return false
        case 301, 302, 303, 307, 308:
            redirect(by: answer)
            return false
        case 408, 425, 429, 500...599:
            outcome = .interrupted("the server answers \(answer.statusCode)")
            return false
        default:
            let why = switch answer.statusCode {
            case 404: "there is no such file (404)"
            case 410: "the file is gone (410)"
            default: "the server answers \(answer.statusCode)"
            }
            throw Failure(.unavailable, "cannot download", at: place, because: why)
        }
        if answer.expectedContentLength >= 0 {
            let (whole, overflow) = offset.addingReportingOverflow(Int(clamping: answer.expectedContentLength))
            if let expected, overflow || whole != expected {
                throw Failure(
                    .data, "wrong file", at: place, because: "it has \(whole) bytes, \(expected) are expected", remedy: "nothing was kept")
            }
            guard !overflow, whole <= largest else {
                throw Failure(.data, "wrong file", at: place, because: "it has \(whole) bytes, which is too large for a model")
            }
            total = whole
            try part.checkRoom(for: whole - offset)
        }
        report(part.byteCount, total)
        return true
    }

    func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
        guard failure == nil, outcome == nil else { return }
        do {
            guard part.byteCount + data.count <= (total ?? largest) else {
                throw Failure(
                    .data, "wrong file", at: dataTask.currentRequest?.url.map(DownloadAddress.text) ?? "?",
                    because: "the server sends more than \(total ?? largest) bytes")
            }
            try part.append(data)
            report(part.byteCount, total)
        } catch {
            keep(error)
            dataTask.cancel()
        }
    }

    func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
        defer { done.signal() }
        guard failure == nil, outcome == nil else { return }
        if let error = error as? URLError {
            let place = task.currentRequest?.url.map(DownloadAddress.text) ?? "?"
            switch error.code {
            case .cannotFindHost, .dnsLookupFailed:
                failure = Failure(
                    .unavailable, "cannot download", at: place, because: "the server's name is not known here",
                    remedy: "is there a network? a mirror can be named with --mirror")
            case .serverCertificateUntrusted, .serverCertificateHasBadDate, .serverCertificateHasUnknownRoot,
                .serverCertificateNotYetValid, .secureConnectionFailed, .clientCertificateRejected:
                failure = Failure(.unavailable, "cannot download", at: place, because: "the server could not prove who it is (TLS)")
            case .timedOut: outcome = .interrupted("the server fell silent")
            case .cannotConnectToHost: outcome = .interrupted("the server does not answer")
            default: outcome = .interrupted("the connection broke (\(error.code.rawValue))")
            }
        } else if let error {
            outcome = .interrupted("the connection broke: \(error)")
        } else if let total, part.byteCount < total {
            outcome = .interrupted("the connection ended early")
        } else {
            outcome = .complete
        }
    }
}

/// `Content-Range: bytes 100-199/200`
private struct ContentRange {
    let start: Int
    let total: Int?

    init?(_ text: String) {
        guard text.hasPrefix("bytes ") else { return nil }
        let parts = text.dropFirst(6).split(separator: "/", maxSplits: 1)
        guard parts.count == 2, let first = parts[0].split(separator: "-", maxSplits: 1).first, let start = Int(first) else { return nil }
        self.start = start
        total = Int(parts[1])
    }
}
