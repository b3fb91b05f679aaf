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

/// An array of numbers with a shape, row-major and dense: `[N, C, H, W]` for pictures and maps.
public struct Tensor: Sendable {
    public let shape: [Int]
    public let elementType: ElementType
    public let storage: TensorStorage
    /// Where the first element lies in the storage, bytes.
    public let byteOffset: Int

    /// The caller vouches that `count * byteCount` bytes lie behind `byteOffset`.
    public init(shape: [Int], elementType: ElementType, storage: TensorStorage, byteOffset: Int = 0) {
        precondition(byteOffset >= 0 && byteOffset + shape.reduce(1, *) * elementType.byteCount <= storage.byteCount)
        self.shape = shape
        self.elementType = elementType
        self.storage = storage
        self.byteOffset = byteOffset
    }

    /// The elements of a float32 tensor after `change`, which is applied when they are read.
    init(_ source: Tensor, changedBy change: @escaping @Sendable (UnsafeMutableBufferPointer<Float>) -> Void) {
        let storage = TensorStorage(byteCount: source.byteCount, from: source.storage) { bytes in
            let values = bytes.assumingMemoryBound(to: Float.self)
            source.withElements(as: Float.self) { _ = values.update(fromContentsOf: $0) }
            change(UnsafeMutableBufferPointer(start: values.baseAddress, count: source.count))
        }
        self.init(shape: source.shape, elementType: .float32, storage: storage)
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
        return try storage.withBytes { bytes throws(E) in
            try body(UnsafeBufferPointer(start: (bytes + byteOffset).assumingMemoryBound(to: Value.self), count: count))
        }
    }

    /// A copy of the elements of a float32 tensor.
    public var floats: [Float] { withElements(as: Float.self) { Array($0) } }
    /// A copy of the elements of an int64 tensor.
    public var integers: [Int64] { withElements(as: Int64.self) { Array($0) } }
}
