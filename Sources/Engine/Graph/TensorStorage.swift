import Glibc
import Synchronization

/// Memory of a tensor: 64-byte aligned and owned, a part of something else (a mapped file) that is kept alive, or made from
/// another tensor when it is read.
///
/// Never written after it has been put into a graph.
public final class TensorStorage: @unchecked Sendable {
    // Safe to share: the bytes are only written by their maker, before the storage is put into a `Tensor` that others see;
    // deferred ones are made under a lock.
    private let fixed: UnsafeMutableRawBufferPointer?
    private let keeper: AnyObject?
    private let deferred: Deferred?
    private let made = Mutex<SendableBytes?>(nil)
    public let byteCount: Int
    private static let largePage = 2 << 20

    private struct Deferred {
        let source: TensorStorage
        let make: @Sendable (UnsafeMutableRawBufferPointer) -> Void
    }

    private struct SendableBytes: @unchecked Sendable {
        // Safe to share: see the class.
        let bytes: UnsafeMutableRawBufferPointer
    }

    /// Fresh memory, zeroed.
    public init(byteCount: Int) {
        fixed = Self.fresh(byteCount)
        keeper = nil
        deferred = nil
        self.byteCount = byteCount
    }

    /// Bytes of another owner, for example a mapped file. Must not be written.
    public init(borrowing bytes: UnsafeRawBufferPointer, from keeper: AnyObject) {
        fixed = UnsafeMutableRawBufferPointer(mutating: bytes)
        self.keeper = keeper
        deferred = nil
        byteCount = bytes.count
    }

    /// Bytes that `make` writes, from those of `source`, when somebody reads them: weights that are only packed take no memory
    /// of their own for longer than that.
    init(byteCount: Int, from source: TensorStorage, make: @escaping @Sendable (UnsafeMutableRawBufferPointer) -> Void) {
        fixed = nil
        keeper = nil
        deferred = Deferred(source: source, make: make)
        self.byteCount = byteCount
    }

    deinit {
        if let fixed, keeper == nil { fixed.deallocate() }
        made.withLock { $0?.bytes.deallocate() }
    }

    /// The bytes, for as long as the storage lives.
    public var bytes: UnsafeMutableRawBufferPointer {
        if let fixed { return fixed }
        return made.withLock { made in
            if let made { return made.bytes }
            let bytes = Self.fresh(byteCount)
            deferred?.make(bytes)
            made = SendableBytes(bytes: bytes)
            return bytes
        }
    }

    /// The first byte; borrowed memory of no bytes has an address too.
    var start: UnsafeMutableRawPointer { bytes.baseAddress ?? UnsafeMutableRawPointer(bitPattern: 64)! }

    /// The bytes during `body` only; what is deferred is made for it and thrown away.
    func withBytes<Result, E: Error>(_ body: (UnsafeRawPointer) throws(E) -> Result) throws(E) -> Result {
        defer { withExtendedLifetime(self) {} }
        guard let deferred, made.withLock({ $0 == nil }) else { return try body(start) }
        let bytes = Self.fresh(byteCount)
        defer { bytes.deallocate() }
        deferred.make(bytes)
        return try body(UnsafeRawPointer(bytes.baseAddress ?? start))
    }

    /// Says that the bytes were read and will hardly be read again: a mapped file's pages leave memory until they are.
    func recede() {
        if let deferred { return deferred.source.recede() }
        if let fixed { (keeper as? any RecedingBytes)?.recede(UnsafeRawBufferPointer(fixed)) }
    }

    private static func fresh(_ byteCount: Int) -> UnsafeMutableRawBufferPointer {
        // What is large lies in large pages where the system has them: weights are read once a run, from one end to the
        // other, and pages of 4 KiB make the processor search for the next one all the time. It is only a wish.
        let isLarge = byteCount >= largePage
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: max(byteCount, 1), alignment: isLarge ? largePage : 64)
        if isLarge { madvise(bytes.baseAddress, byteCount / largePage * largePage, MADV_HUGEPAGE) }
        bytes.initializeMemory(as: UInt8.self, repeating: 0)
        return bytes
    }
}

/// An owner of borrowed bytes that can let go of their memory and bring them back when they are read again.
public protocol RecedingBytes: AnyObject {
    func recede(_ bytes: UnsafeRawBufferPointer)
}
