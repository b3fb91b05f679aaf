import Glibc

/// The kinds of numbers that a tensor can hold.
public enum ElementType: String, Sendable, Hashable, CaseIterable {
    case float32, float64, float16, int64, int32, int8, uint8, bool

    public var byteCount: Int {
        switch self {
        case .float64, .int64: 8
        case .float32, .int32: 4
        case .float16: 2
        case .int8, .uint8, .bool: 1
        }
    }
}

/// Memory of a tensor: 64-byte aligned and owned, or a part of something else (a mapped file) that is kept alive.
///
/// Never written after it has been put into a graph.
public final class TensorStorage: @unchecked Sendable {
    // Safe to share: the bytes are only written by their maker, before the storage is put into a `Tensor` that others see.
    public let bytes: UnsafeMutableRawBufferPointer
    private let keeper: AnyObject?
    private static let largePage = 2 << 20

    /// Fresh memory, zeroed.
    ///
    /// What is large lies in large pages where the system has them: weights are read once a run, from one end to the other,
    /// and with pages of 4 KiB the processor spends a good part of that time on finding the next page.
    public init(byteCount: Int) {
        let isLarge = byteCount >= Self.largePage
        bytes = .allocate(byteCount: max(byteCount, 1), alignment: isLarge ? Self.largePage : 64)
        // Only a wish: where there are none, memory is as it was.
        if isLarge { madvise(bytes.baseAddress, bytes.count / Self.largePage * Self.largePage, MADV_HUGEPAGE) }
        bytes.initializeMemory(as: UInt8.self, repeating: 0)
        keeper = nil
    }

    /// Bytes of another owner, for example a mapped file. Must not be written.
    public init(borrowing bytes: UnsafeRawBufferPointer, from keeper: AnyObject) {
        self.bytes = UnsafeMutableRawBufferPointer(mutating: bytes)
        self.keeper = keeper
    }

    /// The first byte; borrowed memory of no bytes has an address too.
    var start: UnsafeMutableRawPointer { bytes.baseAddress ?? UnsafeMutableRawPointer(bitPattern: 64)! }

    deinit { if keeper == nil { bytes.deallocate() } }
}

/// An array of numbers with a shape, row-major and dense: `[N, C, H, W]` for pictures and maps.
public struct Tensor: Sendable {
    public let shape: [Int]
    public let elementType: ElementType
    public let storage: TensorStorage
    /// Where the first element lies in the storage, bytes.
    public let byteOffset: Int

    /// The caller vouches that `count * byteCount` bytes lie behind `byteOffset`.
    public init(shape: [Int], elementType: ElementType, storage: TensorStorage, byteOffset: Int = 0) {
        precondition(byteOffset >= 0 && byteOffset + shape.reduce(1, *) * elementType.byteCount <= storage.bytes.count)
        self.shape = shape
        self.elementType = elementType
        self.storage = storage
        self.byteOffset = byteOffset
    }

    /// Zeros.
    public init(shape: [Int], elementType: ElementType = .float32) {
        self.init(
            shape: shape, elementType: elementType,
            storage: TensorStorage(byteCount: shape.reduce(1, *) * elementType.byteCount))
    }

    public init(_ values: [Float], shape: [Int]) {
        self.init(copying: values, shape: shape, as: .float32)
    }

    public init(_ values: [Int64], shape: [Int]) {
        self.init(copying: values, shape: shape, as: .int64)
    }

    private init<Value: BitwiseCopyable>(copying values: [Value], shape: [Int], as elementType: ElementType) {
        precondition(values.count == shape.reduce(1, *))
        let storage = TensorStorage(byteCount: values.count * MemoryLayout<Value>.stride)
        values.withUnsafeBytes { storage.bytes.copyMemory(from: $0) }
        self.init(shape: shape, elementType: elementType, storage: storage)
    }

    /// The same elements under another shape of the same count.
    public func reshaped(_ shape: [Int]) -> Tensor {
        precondition(shape.reduce(1, *) == count)
        return Tensor(shape: shape, elementType: elementType, storage: storage, byteOffset: byteOffset)
    }

    public var byteCount: Int { count * elementType.byteCount }

    /// Number of elements.
    public var count: Int { shape.reduce(1, *) }

    /// The elements in place. `Value` must have the size of the element type.
    public func withElements<Value: BitwiseCopyable, Result, E: Error>(
        as type: Value.Type = Value.self, _ body: (UnsafeBufferPointer<Value>) throws(E) -> Result
    ) throws(E) -> Result {
        precondition(MemoryLayout<Value>.stride == elementType.byteCount)
        let start = storage.start.advanced(by: byteOffset).assumingMemoryBound(to: Value.self)
        defer { withExtendedLifetime(storage) {} }
        return try body(UnsafeBufferPointer(start: start, count: count))
    }

    /// A copy of the elements of a float32 tensor.
    public var floats: [Float] { withElements(as: Float.self) { Array($0) } }
    /// A copy of the elements of an int64 tensor.
    public var integers: [Int64] { withElements(as: Int64.self) { Array($0) } }
}
