import Diagnostics
import Engine
import Foundation

/// Read-only memory with one owner: a mapped file, an unpacked archive member, or a part of the program. Tensors that borrow from it
/// keep it alive.
final class ByteOwner: RecedingBytes, @unchecked Sendable {
    // Safe to share: the bytes are never written after init, and are released only when nobody refers to the owner any more.
    let bytes: UnsafeRawBufferPointer
    private let origin: Origin

    private enum Origin {
        case mapped, allocated
        /// Part of the program: nobody releases it.
        case program
    }

    /// Maps a regular file. Throws `Failure` of kind `.noInput` when there is no such file or it cannot be read.
    ///
    /// Pages are loaded when they are first touched, so opening a large file costs nothing. As with every mapped file, it
    /// must not be shortened while it is in use.
    init(mapping url: URL) throws {
        func fail(_ why: String) -> Failure { Failure(.noInput, "cannot read weights", at: url.relativePath, because: why) }

        // Without O_NONBLOCK, opening a named pipe would wait for its writer.
        let descriptor = open(url.path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw fail(String(cString: strerror(errno))) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw fail(String(cString: strerror(errno))) }
        guard status.st_mode & S_IFMT != S_IFDIR else { throw fail("it is a folder") }
        guard status.st_mode & S_IFMT == S_IFREG else { throw fail("it is not a regular file") }

        origin = .mapped
        guard status.st_size > 0 else {
            bytes = UnsafeRawBufferPointer(start: nil, count: 0)
            return
        }
        let address = mmap(nil, Int(status.st_size), PROT_READ, MAP_PRIVATE, descriptor, 0)
        guard let address, address != MAP_FAILED else { throw fail(String(cString: strerror(errno))) }
        bytes = UnsafeRawBufferPointer(start: address, count: Int(status.st_size))
    }

    /// Fresh memory, filled by `fill`.
    init(byteCount: Int, fill: (UnsafeMutableRawBufferPointer) throws -> Void) throws {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: max(byteCount, 1), alignment: 64)
        do { try fill(UnsafeMutableRawBufferPointer(rebasing: memory[..<byteCount])) } catch {
            memory.deallocate()
            throw error
        }
        origin = .allocated
        bytes = UnsafeRawBufferPointer(rebasing: memory[..<byteCount])
    }

    /// Constant memory that lives as long as the program.
    init(program bytes: UnsafeRawBufferPointer) {
        origin = .program
        self.bytes = bytes
    }

    /// Drops a mapped file's pages from memory; they are read again when they are touched.
    func recede(_ part: UnsafeRawBufferPointer) {
        guard case .mapped = origin, let start = part.baseAddress else { return }
        // Whole pages inside the part only: its neighbours may be in use.
        let page = Int(getpagesize()), address = Int(bitPattern: start)
        let first = (address + page - 1) / page * page, last = (address + part.count) / page * page
        if last > first { madvise(UnsafeMutableRawPointer(bitPattern: first), last - first, MADV_DONTNEED) }
    }

    deinit {
        guard let start = bytes.baseAddress else { return }
        switch origin {
        case .mapped: munmap(UnsafeMutableRawPointer(mutating: start), bytes.count)
        case .allocated: start.deallocate()
        case .program: break
        }
    }
}
