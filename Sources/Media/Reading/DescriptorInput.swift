import CFFmpeg
import CShims
import Diagnostics
import Foundation

/// Reads a pipe, a socket or an open file for FFmpeg, so that a wait for bytes can be ended.
///
/// FFmpeg's own pipe protocol blocks inside `read` and asks nobody. It also cannot go back, which an MP4 needs whose index
/// stands at its end: such an input is kept in an unlinked temporary file as it is read. Other formats need no disk.
final class DescriptorInput {
    /// The context that FFmpeg reads through; owned by this object, which must outlive every use.
    private(set) var context: UnsafeMutablePointer<AVIOContext>?

    private let descriptor: Int32
    private let closes: Bool
    private let interrupt: ReadInterrupt
    /// An open file is read where we want; nil for pipes.
    private let fileStart: Int64?
    /// Bytes that were looked at before FFmpeg came.
    private var head: [UInt8] = []
    private var spill: SpillFile?
    private var position: Int64 = 0
    /// All bytes of a pipe have come.
    private var isComplete = false

    /// - Parameter closes: whether the descriptor is closed with this object.
    /// - Throws: `Failure` when memory or the temporary file cannot be had, `CancellationError` when interrupted.
    init(descriptor: Int32, closes: Bool, interrupt: ReadInterrupt) throws {
        self.descriptor = descriptor
        self.closes = closes
        self.interrupt = interrupt
        var status = stat()
        let isFile = fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
        fileStart = isFile ? max(0, Int64(lseek(descriptor, 0, SEEK_CUR))) : nil
        if fileStart == nil {
            try readHead()
            if ISOBoxes.needSeeking(head) { spill = try SpillFile(holding: head) }
        }
        guard let buffer = av_malloc(Self.bufferSize) else { throw Failure.outOfMemory("cannot read standard input") }
        context = avio_alloc_context(
            buffer.assumingMemoryBound(to: UInt8.self), Int32(Self.bufferSize), 0, Unmanaged.passUnretained(self).toOpaque(),
            { opaque, buffer, size in
                guard let opaque, let buffer, size > 0 else { return ps_averror(EINVAL) }
                return Unmanaged<DescriptorInput>.fromOpaque(opaque).takeUnretainedValue().read(into: buffer, Int(size))
            }, nil,
            { opaque, offset, whence in
                guard let opaque else { return Int64(ps_averror(EINVAL)) }
                return Unmanaged<DescriptorInput>.fromOpaque(opaque).takeUnretainedValue().seek(to: offset, whence)
            })
        guard let context else {
            av_free(buffer)
            throw Failure.outOfMemory("cannot read standard input")
        }
        context.pointee.seekable = fileStart != nil || spill != nil ? Int32(AVIO_SEEKABLE_NORMAL) : 0
    }

    deinit {
        if let context {
            av_free(context.pointee.buffer)  // FFmpeg may have replaced the buffer, so ours is not kept
            avio_context_free(&self.context)
        }
        if closes { close(descriptor) }
    }

    private static let bufferSize = 65536
    private static let headLimit = 65536

    /// Enough bytes to see where an MP4 has its index; the rest is left in the pipe.
    private func readHead() throws {
        var buffer = [UInt8](repeating: 0, count: 4096)
        while head.count < Self.headLimit, ISOBoxes.areUndecided(head) {
            let count = buffer.withUnsafeMutableBufferPointer { $0.baseAddress.map { wait(into: $0, 4096) } ?? 0 }
            if count == Int(ps_averror_exit()), interrupt.isCancelled { throw CancellationError() }
            if count <= 0 {
                isComplete = true
                return
            }
            head += buffer[..<count]
        }
    }

    /// Bytes of the pipe itself; FFmpeg's error code when there are none.
    private func wait(into buffer: UnsafeMutablePointer<UInt8>, _ size: Int) -> Int {
        while true {
            if interrupt.isThrown { return Int(ps_averror_exit()) }
            var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            // A short wait each, since the switch does not wake `poll`.
            let ready = poll(&waiting, 1, 50)
            if ready == 0 || (ready < 0 && errno == EINTR) { continue }
            let count = Glibc.read(descriptor, buffer, size)
            if count > 0 { return count }
            if count == 0 { return Int(ps_averror_eof()) }
            if errno != EINTR, errno != EAGAIN { return Int(ps_averror(errno)) }
        }
    }

    private func read(into buffer: UnsafeMutablePointer<UInt8>, _ size: Int) -> Int32 {
        let count: Int
        if let fileStart {
            count = interrupt.isThrown ? Int(ps_averror_exit()) : pread(descriptor, buffer, size, off_t(fileStart + position))
            if count == 0 { return ps_averror_eof() }
            if count < 0 { return interrupt.isThrown ? ps_averror_exit() : ps_averror(errno) }
        } else if let spill {
            while !isComplete, spill.byteCount <= position {
                let code = fetch(into: spill)
                if code < 0 { return code }
            }
            count = spill.read(into: buffer, size, at: position)
            if count == 0 { return ps_averror_eof() }
            if count < 0 { return ps_averror(EIO) }
        } else if !head.isEmpty {
            count = min(size, head.count)
            head.withUnsafeBufferPointer { bytes in
                if let base = bytes.baseAddress { buffer.update(from: base, count: count) }
            }
            head.removeFirst(count)
        } else {
            count = isComplete ? Int(ps_averror_eof()) : wait(into: buffer, size)
            if count < 0 { return Int32(clamping: count) }
        }
        position += Int64(count)
        return Int32(clamping: count)
    }

    /// Moves the next bytes of the pipe to the temporary file; a negative code of FFmpeg on failure, 0 otherwise.
    private func fetch(into spill: SpillFile) -> Int32 {
        let count = withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Self.bufferSize) { chunk -> Int in
            guard let base = chunk.baseAddress else { return Int(ps_averror(ENOMEM)) }
            let count = wait(into: base, Self.bufferSize)
            guard count > 0 else { return count }
            return spill.append(base, count) ? count : Int(ps_averror(ENOSPC))
        }
        if count == Int(ps_averror_eof()) {
            isComplete = true
            return 0
        }
        return count < 0 ? Int32(clamping: count) : 0
    }

    private func seek(to offset: Int64, _ whence: Int32) -> Int64 {
        let target: Int64
        switch whence & ~AVSEEK_FORCE {
        case SEEK_SET: target = offset
        case SEEK_CUR: target = position.addingReportingOverflow(offset).partialValue
        case SEEK_END:
            let end = size()
            guard end >= 0 else { return end }
            target = end.addingReportingOverflow(offset).partialValue
        case AVSEEK_SIZE: return size()
        default: return Int64(ps_averror(EINVAL))
        }
        guard fileStart != nil || spill != nil else { return Int64(ps_averror(ESPIPE)) }
        guard target >= 0, target < Int64.max / 2 else { return Int64(ps_averror(EINVAL)) }
        position = target  // a read beyond what has come waits for it
        return target
    }

    private func size() -> Int64 {
        if let fileStart {
            var status = stat()
            guard fstat(descriptor, &status) == 0 else { return Int64(ps_averror(errno)) }
            return max(0, Int64(status.st_size) - fileStart)
        }
        guard let spill else { return Int64(ps_averror(ENOSYS)) }
        while !isComplete {
            let code = fetch(into: spill)
            if code < 0 { return Int64(code) }
        }
        return spill.byteCount
    }
}

/// The bytes of a pipe that came so far, in a file without a name, which the system removes with us however we end.
private final class SpillFile {
    private let descriptor: Int32
    private(set) var byteCount: Int64 = 0

    init(holding head: [UInt8]) throws {
        let folder = ProcessInfo.processInfo.environment["TMPDIR"].flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
        var path = Array("\(folder)/posestream-XXXXXX".utf8CString)
        descriptor = mkstemp(&path)
        guard descriptor >= 0 else {
            throw Failure(
                .inputOutput, "cannot keep an MP4 whose index stands at its end", at: folder,
                because: String(cString: strerror(errno)), remedy: "set TMPDIR to a folder with space, or give the file by its name")
        }
        unlink(path)
        let isKept = head.withUnsafeBufferPointer { bytes in
            bytes.baseAddress.map { append($0, bytes.count) } ?? true
        }
        guard isKept else {
            throw Failure(
                .inputOutput, "cannot keep an MP4 whose index stands at its end", at: folder, because: "the disk is full",
                remedy: "set TMPDIR to a folder with space, or give the file by its name")
        }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    func append(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> Bool {
        var done = 0
        while done < count {
            let written = pwrite(descriptor, bytes + done, count - done, off_t(byteCount))
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { return false }
            done += written
            byteCount += Int64(written)
        }
        return true
    }

    func read(into buffer: UnsafeMutablePointer<UInt8>, _ size: Int, at position: Int64) -> Int {
        pread(descriptor, buffer, size, off_t(position))
    }
}

/// As much of the ISO base media format (MP4, MOV) as tells whether the index comes before the samples.
enum ISOBoxes {
    private enum Verdict {
        case undecided, indexFirst, samplesFirst, otherFormat
    }

    /// More bytes are needed for a verdict.
    static func areUndecided(_ head: [UInt8]) -> Bool { verdict(head) == .undecided }

    /// The samples come before the index, or it is an MP4 and the head does not tell.
    static func needSeeking(_ head: [UInt8]) -> Bool {
        let verdict = verdict(head)
        return verdict == .samplesFirst || (verdict == .undecided && head.count >= 8)
    }

    private static func verdict(_ head: [UInt8]) -> Verdict {
        var offset = 0
        while head.count - offset >= 8 {
            let size = head[offset..<(offset + 4)].reduce(0) { $0 << 8 | Int($1) }
            switch String(decoding: head[(offset + 4)..<(offset + 8)], as: UTF8.self) {
            case "moov", "moof": return .indexFirst
            case "mdat": return .samplesFirst
            case "ftyp", "free", "skip", "wide", "pnot", "styp", "sidx", "uuid", "pdin", "meta", "udta":
                guard size >= 8 else { return offset == 0 ? .otherFormat : .samplesFirst }
                // Beyond the head it does not matter where: keep all and be able to go back.
                guard size <= head.count - offset || size < 65536 else { return .samplesFirst }
                offset += size
                if offset > head.count { return .undecided }
            default: return offset == 0 ? .otherFormat : .samplesFirst
            }
        }
        return .undecided
    }
}
