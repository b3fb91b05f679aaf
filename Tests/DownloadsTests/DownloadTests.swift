import Diagnostics
import Downloads
import Foundation
import Synchronization
import TestSupport
import Testing

@Suite("Downloads from a server on loopback")
struct DownloadTests {
    private let scratch: Scratch
    /// Bytes without a pattern that a shifted resume could hide in.
    private static let content = Data((0..<300_000).map { UInt8(truncatingIfNeeded: ($0 &* 2_654_435_761) >> 13) })

    init() throws {
        scratch = try Scratch()
    }

    private var destination: URL { scratch.file("model.onnx") }
    private var part: URL { scratch.file("model.onnx.part") }

    /// The SHA-256 that another program computes.
    private func digest(_ data: Data) throws -> String {
        let result = try #require(Program(named: "sha256sum")).run([], input: data)
        return String(result.text.prefix(64))
    }

    private func download(
        _ server: LoopbackServer, path: String = "/model.onnx", to destination: URL? = nil, fingerprint: Fingerprint? = nil, bytes: Int? = nil
    ) throws -> Download {
        var download = Download(
            from: server.url(path), to: destination ?? self.destination, fingerprint: try fingerprint ?? .sha256(digest(Self.content)),
            expectedBytes: bytes)
        download.delays = [0.01, 0.01, 0.01]
        download.patience = 5
        return download
    }

    private func refusal(_ download: Download) -> Failure? {
        do {
            _ = try download.run()
            return nil
        } catch { return error as? Failure }
    }

    private func exists(_ url: URL) -> Bool { FileManager.default.fileExists(atPath: url.path) }

    @Test("A file arrives whole, with its SHA-256, and nothing else is left", arguments: [nil, content.count])
    func whole(bytes: Int?) throws {
        let server = try LoopbackServer { request, _ in .file(Self.content, for: request) }
        let seen = Mutex<[Download.Progress]>([])
        let result = try download(server, bytes: bytes).run { progress in seen.withLock { $0.append(progress) } }
        #expect(try Data(contentsOf: destination) == Self.content)
        #expect(try result.sha256 == digest(Self.content))
        #expect(result.bytes == Self.content.count && result.resumedFrom == 0)
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.folder.path) == ["model.onnx"])
        let last = try #require(seen.withLock { $0.last })
        #expect(last.bytes == Self.content.count && last.total == Self.content.count)
    }

    @Test("The first eight digits of a file's name decide where no more is known")
    func prefix() throws {
        let server = try LoopbackServer { request, _ in .file(Self.content, for: request) }
        let digest = try digest(Self.content)
        let found = try download(server, fingerprint: .prefix(String(digest.prefix(8)))).run()
        #expect(found.sha256 == digest)
        try FileManager.default.removeItem(at: destination)
        let failure = try #require(refusal(download(server, fingerprint: .prefix("00000000"))))
        #expect(failure.kind == .data && failure.why.contains(digest) && failure.why.contains("00000000"))
        #expect(!exists(destination))
    }

    @Test("Another file than the one that was asked for is refused, and nothing of it is kept")
    func wrongFile() throws {
        var other = Self.content
        other[200_000] ^= 1
        let wrong = other
        let server = try LoopbackServer { request, _ in .file(wrong, for: request) }
        let failure = try #require(refusal(download(server)))
        #expect(failure.kind == .data && failure.description.contains("SHA-256"))
        #expect(!exists(destination) && !exists(part))
    }

    @Test("Another size than the known one is refused before the body is read")
    func wrongSize() throws {
        let server = try LoopbackServer { request, _ in .file(Self.content, for: request) }
        let failure = try #require(refusal(download(server, bytes: Self.content.count - 1)))
        #expect(failure.kind == .data && failure.why.contains("\(Self.content.count - 1)"))
        #expect(!exists(destination) && !exists(part))
    }

    @Test("A connection that breaks is taken up where it broke", arguments: [1, 65_536, 299_999])
    func cutTransfer(at place: Int) throws {
        let server = try LoopbackServer { request, count in .file(Self.content, for: request, sentBytes: count == 0 ? place : nil) }
        let result = try download(server).run()
        #expect(try Data(contentsOf: destination) == Self.content)
        #expect(result.bytes == Self.content.count)
        #expect(server.requests.count == 2 && server.requests[0].rangeStart == nil && server.requests[1].rangeStart == place)
    }

    @Test("What an earlier run left is not fetched again")
    func resume() throws {
        try Self.content.prefix(123_456).write(to: part)
        let server = try LoopbackServer { request, _ in .file(Self.content, for: request) }
        let result = try download(server).run()
        #expect(try Data(contentsOf: destination) == Self.content)
        #expect(result.resumedFrom == 123_456)
        #expect(server.requests.map(\.rangeStart) == [123_456])
    }

    @Test("A server that cannot resume sends the whole file, and the old part is thrown away")
    func serverWithoutRanges() throws {
        try Data(repeating: 7, count: 1000).write(to: part)
        let server = try LoopbackServer { _, _ in .init(200, body: Self.content) }
        _ = try download(server).run()
        #expect(try Data(contentsOf: destination) == Self.content)
    }

    @Test("A part that is of another file is noticed at the end, and the file is fetched once more from the beginning")
    func foreignPart() throws {
        try Data(repeating: 7, count: 1000).write(to: part)
        let server = try LoopbackServer { request, _ in .file(Self.content, for: request) }
        _ = try download(server).run()
        #expect(try Data(contentsOf: destination) == Self.content)
        #expect(server.requests.map(\.rangeStart) == [1000, nil])
    }

    @Test("A part longer than the file, and a range that was not asked for, begin anew")
    func contradictions() throws {
        try Data(repeating: 7, count: Self.content.count + 5).write(to: part)
        let long = try LoopbackServer { request, _ in .file(Self.content, for: request) }
        _ = try download(long).run()
        #expect(try Data(contentsOf: destination) == Self.content)
        try FileManager.default.removeItem(at: destination)
        try Self.content.prefix(100).write(to: part)
        let shifted = try LoopbackServer { request, _ in
            request.rangeStart == nil
                ? .init(200, body: Self.content)
                : .init(206, headers: ["Content-Range": "bytes 90-299999/300000"], body: Self.content.suffix(from: 90))
        }
        _ = try download(shifted).run()
        #expect(try Data(contentsOf: destination) == Self.content)
    }

    @Test("A server that breaks off every time is given up after the allowed tries; what came is kept")
    func givesUp() throws {
        let server = try LoopbackServer { request, count in
            count == 0 ? .file(Self.content, for: request, sentBytes: 5000) : .init(503)
        }
        let failure = try #require(refusal(download(server)))
        #expect(failure.kind == .unavailable && failure.why.contains("503"))
        #expect(server.requests.count == 5)
        #expect(try Data(contentsOf: part) == Self.content.prefix(5000))
    }

    @Test("A file that is not there says so at once", arguments: [404, 410, 403])
    func missing(status: Int) throws {
        let server = try LoopbackServer { _, _ in .init(status, body: Data("<html>no</html>".utf8)) }
        let failure = try #require(refusal(download(server)))
        #expect(failure.kind == .unavailable && failure.why.contains("\(status)"))
        #expect(server.requests.count == 1 && !exists(destination))
    }

    @Test("Nobody at the port is said after the tries")
    func nobody() throws {
        // A port that was free a moment ago.
        let port = try LoopbackServer { _, _ in .init(200) }.port
        var download = Download(
            from: URL(string: "http://127.0.0.1:\(port)/x")!, to: destination, fingerprint: .sha256(String(repeating: "0", count: 64)))
        download.delays = [0.01]
        #expect(refusal(download)?.kind == .unavailable)
    }

    @Test("A redirection is followed, also with a range; a row of them without end is not")
    func redirection() throws {
        try Self.content.prefix(1000).write(to: part)
        let server = try LoopbackServer { request, _ in
            request.path == "/model.onnx" ? .init(302, headers: ["Location": "/there.onnx"]) : .file(Self.content, for: request)
        }
        _ = try download(server).run()
        #expect(try Data(contentsOf: destination) == Self.content)
        #expect(server.requests.map(\.rangeStart) == [1000, 1000])
        let loop = try LoopbackServer { _, count in .init(302, headers: ["Location": "/\(count)"]) }
        let failure = try #require(refusal(download(loop, to: scratch.file("loop.onnx"))))
        #expect(failure.kind == .unavailable && loop.requests.count < 20)
    }

    @Test("A redirection to another kind of address is refused", arguments: ["file:///etc/passwd", "ftp://127.0.0.1/x", "data:text/plain,x"])
    func foreignRedirection(target: String) throws {
        let server = try LoopbackServer { _, _ in .init(302, headers: ["Location": target]) }
        let failure = try #require(refusal(download(server)))
        #expect(failure.kind == .unavailable && !exists(destination))
    }

    @Test("Only https is read where the SHA-256 is not known; encryption is never given up on the way")
    func addresses() throws {
        let (pinned, open) = (DownloadAddress(isPinned: true), DownloadAddress(isPinned: false))
        func url(_ text: String) throws -> URL { try #require(URL(string: text)) }
        #expect(try pinned.refusal(of: url("http://example.org/x")) == nil)
        #expect(try open.refusal(of: url("http://example.org/x")) != nil)
        #expect(try open.refusal(of: url("http://127.0.0.1:8000/x")) == nil)
        #expect(try open.refusal(of: url("http://127.example.org/x")) != nil)
        #expect(try open.refusal(of: url("https://example.org/x")) == nil)
        for text in ["file:///x", "ftp://example.org/x", "https:///x", "x"] { #expect(try pinned.refusal(of: url(text)) != nil) }
        #expect(try pinned.refusal(of: url("http://example.org/x"), after: url("https://example.org/x")) != nil)
        #expect(try pinned.refusal(of: url("https://example.org/x"), after: url("http://example.org/x")) == nil)
        #expect(DownloadAddress.text(try url("https://me:secret@example.org/x")) == "https://example.org/x")
    }

    @Test("A disk without room is said before anything is fetched; one that fills up keeps what came", .enabled(if: SmallDisk.isPossible, Comment(rawValue: SmallDisk.impossible)))
    func fullDisk() throws {
        let disk = try #require(SmallDisk(kilobytes: 128))
        let target = disk.folder.appendingPathComponent("model.onnx")
        let server = try LoopbackServer { request, _ in .file(Self.content, for: request) }
        let early = try #require(refusal(download(server, to: target)))
        #expect(early.kind == .inputOutput && early.what == "not enough room")
        // A server that does not say how much will come.
        let silent = try LoopbackServer { _, _ in
            .init(200, headers: ["Content-Length": "-1"], body: Self.content)
        }
        let late = try #require(refusal(download(silent, to: target)))
        #expect(late.kind == .inputOutput && late.remedy?.contains("goes on") == true, "\(late)")
        let kept = try Data(contentsOf: target.appendingPathExtension("part"))
        #expect(kept.count > 0 && kept == Self.content.prefix(kept.count))
        #expect(!exists(target))
    }

    @Test("A folder that cannot be written is said", .enabled(if: SmallDisk.isPossible, Comment(rawValue: SmallDisk.impossible)))
    func readOnlyFolder() throws {
        let disk = try #require(SmallDisk(kilobytes: 128, isReadOnly: true))
        let server = try LoopbackServer { request, _ in .file(Self.content, for: request) }
        let failure = try #require(refusal(download(server, to: disk.folder.appendingPathComponent("model.onnx"))))
        #expect(failure.kind == .cannotCreate && failure.remedy?.contains("--to") == true)
        #expect(server.requests.isEmpty)
    }

    @Test("Two downloads of one file do not disturb each other")
    func twice() throws {
        let server = try LoopbackServer { request, _ in .file(Self.content, for: request) }
        let descriptor = open(part.path, O_RDWR | O_CREAT, 0o644)
        defer { close(descriptor) }
        #expect(flock(descriptor, LOCK_EX) == 0)
        let failure = try #require(refusal(download(server)))
        #expect(failure.kind == .cannotCreate && failure.why.contains("another process"))
    }
}
