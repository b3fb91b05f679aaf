import Crypto
import Diagnostics
import Foundation

/// The beginning of a file that is being downloaded: `NAME.part` beside its final place, with the SHA-256 of what it holds.
///
/// Owns the descriptor and a lock, so that two processes never write the same part. Used by one thread at a time.
final class PartFile {
    let url: URL
    private(set) var byteCount = 0
    /// Whether some of it was there before.
    private(set) var resumedFrom = 0
    private let descriptor: Int32
    private var hash = SHA256()

    /// Opens or begins the part of a file.
    ///
    /// - Throws: `Failure`: `.cannotCreate` when the folder cannot be written, or another process is at it.
    init(for destination: URL) throws {
        url = destination.appendingPathExtension("part")
        descriptor = open(url.path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard descriptor >= 0 else {
            throw Failure(
                .cannotCreate, "cannot write", at: url.path, because: String(cString: strerror(errno)),
                remedy: "choose another folder with --to")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw Failure(.cannotCreate, "cannot write", at: url.path, because: "another process is downloading it")
        }
        do { try readExisting() } catch {
            close(descriptor)
            throw error
        }
    }

    deinit { close(descriptor) }

    /// SHA-256 of all that is in it, lower-case hex.
    var digest: String { hash.finalize().map { String(format: "%02x", $0) }.joined() }

    private func readExisting() throws {
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw failure("cannot read") }
            if count == 0 { break }
            hash.update(data: buffer[..<count])
            byteCount += count
        }
        resumedFrom = byteCount
    }

    func append(_ data: Data) throws {
        try data.withUnsafeBytes { bytes in
            var rest = bytes
            while !rest.isEmpty {
                let count = write(descriptor, rest.baseAddress, rest.count)
                if count < 0 && errno == EINTR { continue }
                guard count >= 0 else { throw failure("cannot write") }
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            }
        }
        hash.update(data: data)
        byteCount += data.count
    }

    /// Throws away what is there.
    func startOver() throws {
        guard ftruncate(descriptor, 0) == 0, lseek(descriptor, 0, SEEK_SET) == 0 else { throw failure("cannot write") }
        hash = SHA256()
        (byteCount, resumedFrom) = (0, 0)
    }

    /// Throws `Failure` of kind `.inputOutput` when the disk has no room for so many more bytes.
    func checkRoom(for bytes: Int) throws {
        var disk = statvfs()
        guard fstatvfs(descriptor, &disk) == 0 else { return }
        let (free, overflow) = Int(clamping: disk.f_bavail).multipliedReportingOverflow(by: Int(clamping: disk.f_frsize))
        guard !overflow, free < bytes else { return }
        throw Failure(
            .inputOutput, "not enough room", at: url.deletingLastPathComponent().path,
            because: "\(bytes) bytes are still to come, \(free) are free", remedy: "make room or choose another folder with --to")
    }

    /// Gives the finished file its name, at once and lastingly.
    func place(at destination: URL) throws {
        guard fsync(descriptor) == 0, rename(url.path, destination.path) == 0 else { throw failure("cannot finish") }
        let folder = open(destination.deletingLastPathComponent().path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if folder >= 0 {
            _ = fsync(folder)
            close(folder)
        }
    }

    func remove() { unlink(url.path) }

    private func failure(_ what: String) -> Failure {
        let isFull = errno == ENOSPC || errno == EDQUOT
        return Failure(
            .inputOutput, what, at: url.path, because: String(cString: strerror(errno)),
            remedy: isFull ? "make room and run it again: it goes on where it stopped" : nil)
    }
}
