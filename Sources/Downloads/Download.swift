import Diagnostics
import Foundation

/// A file from a server, taken only when it is the one that was asked for.
///
/// The bytes collect in `NAME.part` beside the destination. A connection that breaks is taken up again where it broke, in
/// this run or in a later one; the file gets its name only when all of it is there and its SHA-256 fits. Nothing else is
/// ever sent or stored: no cookies, no cache.
public struct Download: Sendable {
    public var source: URL
    public var destination: URL
    public var fingerprint: Fingerprint
    /// The file's size when it is known beforehand; another size is refused.
    public var expectedBytes: Int?
    /// What no model exceeds: more is not stored, whatever the server says.
    public var largest = 8 << 30
    /// Seconds to wait before each further try when no byte came; a try that brings bytes starts the row anew.
    public var delays: [Double] = [0.5, 1, 2, 4]
    /// Seconds of silence after which a connection counts as broken.
    public var patience: Double = 30

    public init(from source: URL, to destination: URL, fingerprint: Fingerprint, expectedBytes: Int? = nil) {
        self.source = source
        self.destination = destination
        self.fingerprint = fingerprint
        self.expectedBytes = expectedBytes
    }

    public struct Progress: Sendable {
        public var bytes: Int
        public var total: Int?
        /// How many bytes an earlier run had left.
        public var resumedFrom: Int
        /// A broken connection is being taken up again, for this reason.
        public var interruption: String?
    }

    public struct Result: Sendable {
        public var sha256: String
        public var bytes: Int
        /// How many of them an earlier run had left.
        public var resumedFrom: Int
    }

    /// Fetches the file. Blocks until it is there.
    ///
    /// - Parameter report: Told of progress, on a queue of the transfer.
    /// - Throws: `Failure`: `.unavailable` when the server cannot be reached or has no such file, `.data` when it is another
    ///   file than was asked for (nothing is kept), `.cannotCreate` when the folder cannot be written, `.inputOutput` when the
    ///   disk is full (what came is kept for the next run).
    public func run(reporting report: @escaping @Sendable (Progress) -> Void = { _ in }) throws -> Result {
        let address = DownloadAddress(isPinned: fingerprint.isPinned)
        try address.check(source)
        let part = try PartFile(for: destination)
        var wasResumed = part.byteCount > 0
        while true {
            let resumedFrom = part.resumedFrom
            if part.byteCount == expectedBytes, wasResumed {
                // An earlier run was ended between the last byte and the name.
            } else {
                try fetch(into: part, address: address) { bytes, total, interruption in
                    report(Progress(bytes: bytes, total: total, resumedFrom: resumedFrom, interruption: interruption))
                }
            }
            let digest = part.digest
            if fingerprint.accepts(digest) {
                try part.place(at: destination)
                return Result(sha256: digest, bytes: part.byteCount, resumedFrom: part.resumedFrom)
            }
            guard wasResumed else {
                part.remove()
                throw wrongFile(digest, bytes: part.byteCount)
            }
            // The old part may have been of another file: once more from the beginning.
            wasResumed = false
            try part.startOver()
        }
    }

    private func fetch(
        into part: PartFile, address: DownloadAddress, reporting report: @escaping @Sendable (Int, Int?, String?) -> Void
    ) throws {
        var tries = 0, restarts = 0, redirections = 0
        var source = source
        while true {
            let before = part.byteCount
            let transfer = Transfer(into: part, address: address, expected: expectedBytes, largest: largest) { report($0, $1, nil) }
            let outcome: Transfer.Outcome
            do { outcome = try transfer.run(source, patience: patience) } catch {
                // What is certainly of another file must not be taken up by a later run.
                if let failure = error as? Failure, failure.kind == .data { part.remove() }
                throw error
            }
            let reason: String
            switch outcome {
            case .complete: return
            case .redirected(let target):
                redirections += 1
                guard redirections <= 10 else {
                    throw Failure(.unavailable, "cannot download", at: place, because: "the server redirects without end")
                }
                source = target
                continue
            case .mustStartOver:
                restarts += 1
                guard restarts <= 2 else {
                    throw Failure(.unavailable, "cannot download", at: place, because: "the server contradicts itself about the file's size")
                }
                try part.startOver()
                continue
            case .interrupted(let why): reason = why
            }
            tries = part.byteCount > before ? 0 : tries + 1
            guard tries <= delays.count else {
                throw Failure(
                    .unavailable, "cannot download", at: place, because: "\(reason), \(tries) times",
                    remedy: part.byteCount > 0 ? "run it again: it goes on after \(part.byteCount) bytes" : "a mirror can be named with --mirror")
            }
            // The next try begins where the publisher says: a redirection may have been for this time only.
            (source, redirections) = (self.source, 0)
            report(part.byteCount, expectedBytes, reason)
            if !delays.isEmpty { Thread.sleep(forTimeInterval: delays[max(tries - 1, 0)]) }
        }
    }

    private var place: String { DownloadAddress.text(source) }

    private func wrongFile(_ digest: String, bytes: Int) -> Failure {
        let wanted: String
        switch fingerprint {
        case .sha256(let whole): wanted = "its SHA-256 is \(digest), it should be \(whole)"
        case .prefix(let digits): wanted = "its SHA-256 is \(digest), it should begin with \(digits)"
        case .unknown: wanted = "its SHA-256 is \(digest)"
        }
        return Failure(
            .data, "wrong file", at: place, because: "\(wanted) (\(bytes) bytes)",
            remedy: "nothing was kept; the server, or something on the way, gives another file than was published")
    }
}
