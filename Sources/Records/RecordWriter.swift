import Diagnostics
import Glibc
import Synchronization

/// Writes records to a file or to standard output, each line whole and at once: nothing waits in a buffer, so whatever was
/// written is there however the program ends, and the reader of a pipe sees each frame when it is done.
///
/// May be called from several threads; lines never mix.
public final class RecordWriter: Sendable {
    /// Where the lines go.
    public enum Destination: Hashable, Sendable {
        case standardOutput
        /// A file; one that exists is refused unless `overwrite`. Devices and named pipes are opened as they are.
        case file(String, overwrite: Bool)
        /// A file of whole lines that is cut after so many bytes and continued there.
        case continuing(String, after: Int)
    }

    /// What became of a line.
    public enum Outcome: Hashable, Sendable {
        case written
        /// The reader of the pipe went away (`… | head`): no error, but there is no use in writing more.
        case readerClosed
    }

    private struct State {
        var encoder = RecordEncoder()
        /// Bytes of the file, with those that were there before.
        var bytesWritten = 0
        var isReaderGone = false
        var isClosed = false
    }

    private let descriptor: CInt
    private let name: String
    /// Regular files can be cut back to their last whole line; pipes can raise SIGPIPE.
    private let isRegularFile: Bool
    private let closesDescriptor: Bool
    private let state = Mutex(State())

    /// Opens the destination. Throws `.cannotCreate` when the file exists already, its folder is missing or not writable.
    public init(_ destination: Destination) throws(Failure) {
        switch destination {
        case .standardOutput:
            name = "standard output"
            descriptor = STDOUT_FILENO
            closesDescriptor = false
        case .file(let path, let overwrite):
            name = path
            descriptor = try Self.create(path, overwrite: overwrite)
            closesDescriptor = true
        case .continuing(let path, let bytes):
            name = path
            descriptor = try Self.reopen(path, after: bytes)
            closesDescriptor = true
        }
        var status = stat()
        isRegularFile = fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
        if case .continuing(_, let bytes) = destination { state.withLock { $0.bytesWritten = bytes } }
    }

    deinit {
        if closesDescriptor, !state.withLock({ $0.isClosed }) { _ = Glibc.close(descriptor) }
    }

    private static func create(_ path: String, overwrite: Bool) throws(Failure) -> CInt {
        var status = stat()
        let exists = stat(path, &status) == 0
        let isSpecial = exists && status.st_mode & S_IFMT != S_IFREG && status.st_mode & S_IFMT != S_IFDIR
        var flags = O_WRONLY | O_CLOEXEC
        if !isSpecial { flags |= overwrite ? O_CREAT | O_TRUNC : O_CREAT | O_EXCL }
        var descriptor: CInt
        repeat { descriptor = open(path, flags, 0o666) } while descriptor < 0 && errno == EINTR
        guard descriptor < 0 else { return descriptor }
        let what = "cannot create output"
        switch errno {
        case EEXIST where status.st_mode & S_IFMT == S_IFDIR, EISDIR:
            throw Failure(.cannotCreate, what, at: path, because: "it is a folder")
        case EEXIST: throw Failure(.cannotCreate, what, at: path, because: "it exists already", remedy: "use --overwrite (-y)")
        case ENOENT:
            throw Failure(.cannotCreate, what, at: path, because: "its folder does not exist", remedy: "create the folder first")
        case let number: throw Failure(.cannotCreate, what, at: path, because: reason(number))
        }
    }

    private static func reopen(_ path: String, after bytes: Int) throws(Failure) -> CInt {
        var descriptor: CInt
        repeat { descriptor = open(path, O_WRONLY | O_CLOEXEC) } while descriptor < 0 && errno == EINTR
        guard descriptor >= 0 else { throw Failure(.cannotCreate, "cannot continue output", at: path, because: reason(errno)) }
        guard ftruncate(descriptor, bytes) == 0, lseek(descriptor, bytes, SEEK_SET) == bytes else {
            let why = reason(errno)
            _ = Glibc.close(descriptor)
            throw Failure(.inputOutput, "cannot continue output", at: path, because: why)
        }
        return descriptor
    }

    /// Bytes of the file's lines, with those that were there before.
    public var bytesWritten: Int { state.withLock { $0.bytesWritten } }

    /// Whether a later run can go on with this output: a file, no pipe or device.
    public var canBeContinued: Bool { isRegularFile && closesDescriptor }

    /// The line that was written last, its newline included.
    public var lastLine: [UInt8] { state.withLock { $0.encoder.line } }

    /// Brings what was written to the disk, so that it outlives the machine as well as the process.
    public func synchronize() {
        guard isRegularFile else { return }
        state.withLock { if !$0.isClosed { _ = fdatasync(descriptor) } }
    }

    /// Writes one line. Throws `.inputOutput` when that fails, for example on a full disk; a file then still ends with its
    /// last whole line, and the writer can be used on (for the `end` record).
    public func write(_ record: Record) throws(Failure) -> Outcome {
        // Mutex.withLock has no typed throws that the compiler infers here, so the result carries the failure.
        try state.withLock { state in
            state.encoder.encode(record)
            return self.put(&state)
        }.get()
    }

    /// Writes one frame line; no allocation once the buffer has grown to the longest line.
    public func write(_ frame: FrameRecord) throws(Failure) -> Outcome {
        try state.withLock { state in
            state.encoder.encode(frame)
            return self.put(&state)
        }.get()
    }

    /// Closes the file; the failures that some file systems tell only then are thrown. Writing afterwards is an error.
    public func close() throws(Failure) {
        let error: CInt = state.withLock { state in
            guard closesDescriptor, !state.isClosed else { return 0 }
            state.isClosed = true
            return Glibc.close(descriptor) == 0 || errno == EINTR ? 0 : errno
        }
        guard error == 0 else { throw Failure(.inputOutput, "cannot write records", at: name, because: reason(error)) }
    }

    private func put(_ state: inout State) -> Result<Outcome, Failure> {
        guard !state.isClosed else {
            return .failure(Failure(.internalDefect, "cannot write records", at: name, because: "the writer was closed"))
        }
        guard !state.isReaderGone else { return .success(.readerClosed) }
        var written = 0
        let error = isRegularFile ? putAll(state.encoder, &written) : withoutPipeSignal { putAll(state.encoder, &written) }
        switch error {
        case 0:
            state.bytesWritten += state.encoder.count
            return .success(.written)
        case EPIPE, ECONNRESET:
            state.isReaderGone = true
            return .success(.readerClosed)
        default:
            if isRegularFile { takeBack(written) }
            let remedy = error == ENOSPC || error == EDQUOT ? "make room on the disk" : nil
            return .failure(Failure(.inputOutput, "cannot write records", at: name, because: reason(error), remedy: remedy))
        }
    }

    /// Cuts half a line off the file, which would make it unreadable; only when nothing follows (others may write there too).
    private func takeBack(_ written: Int) {
        var status = stat()
        let place = lseek(descriptor, 0, SEEK_CUR)
        guard written > 0, place >= written, fstat(descriptor, &status) == 0, status.st_size == place,
            ftruncate(descriptor, place - written) == 0
        else { return }
        lseek(descriptor, place - written, SEEK_SET)
    }

    /// Writes the whole line; the error number, 0 for success.
    private func putAll(_ encoder: borrowing RecordEncoder, _ written: inout Int) -> CInt {
        encoder.withLine { line in
            var rest = line
            while !rest.isEmpty {
                let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
                if count >= 0 {
                    written += count
                    rest = UnsafeRawBufferPointer(rebasing: rest[count...])
                    continue
                }
                switch errno {
                case EINTR: continue
                case EAGAIN:
                    // Another program made this pipe non-blocking: wait until there is room.
                    var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                    _ = poll(&ready, 1, -1)
                case let number: return number
                }
            }
            return 0
        }
    }
}

/// Runs `body` so that a pipe without a reader is an error number and not the end of the process, leaving the process's
/// signal handlers alone: SIGPIPE from write(2) goes to the writing thread, which blocks and then swallows it.
private func withoutPipeSignal(_ body: () -> CInt) -> CInt {
    var pipeSignal = sigset_t()
    var pending = sigset_t()
    var before = sigset_t()
    sigemptyset(&pipeSignal)
    sigaddset(&pipeSignal, SIGPIPE)
    sigpending(&pending)
    guard sigismember(&pending, SIGPIPE) == 0 else { return body() }
    pthread_sigmask(SIG_BLOCK, &pipeSignal, &before)
    let result = body()
    if result == EPIPE {
        var now = timespec(tv_sec: 0, tv_nsec: 0)
        while sigtimedwait(&pipeSignal, nil, &now) < 0, errno == EINTR {}
    }
    pthread_sigmask(SIG_SETMASK, &before, nil)
    return result
}
