import Engine

/// How a tensor lies in the bytes of its storage, as a file declares it: nothing of it is believed before `check`.
struct TensorLayout {
    var type: StoredType
    var shape: [Int]
    /// In elements.
    var offset: Int
    /// In elements, one a dimension.
    var strides: [Int]

    static let largestRank = 32

    /// Row-major without gaps.
    static func dense(_ type: StoredType, shape: [Int]) throws(Malformed) -> TensorLayout {
        _ = try elementCount(shape)
        var strides = [Int](repeating: 1, count: shape.count)
        for axis in shape.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * max(shape[axis + 1], 1) }
        return TensorLayout(type: type, shape: shape, offset: 0, strides: strides)
    }

    /// The number of elements of a shape; throws when it is no shape or its size overflows.
    static func elementCount(_ shape: [Int]) throws(Malformed) -> Int {
        guard shape.count <= largestRank else { throw Malformed("it has \(shape.count) dimensions") }
        var (count, extent) = (1, 1)
        for size in shape {
            guard size >= 0 else { throw Malformed("its shape \(shape) has a negative size") }
            // The extent ignores zeros, so that no product over any part of the shape can overflow later.
            let (product, overflow) = extent.multipliedReportingOverflow(by: max(size, 1))
            guard !overflow, product <= Int.max / 16 else { throw Malformed("its shape \(shape) is larger than any memory") }
            extent = product
            count *= size
        }
        return count
    }

    /// The tensor, over `storage`: borrowed where its elements lie there as the engine wants them, else copied, which
    /// draws on the budget. Throws when it does not lie inside the storage.
    func tensor(over storage: ByteSlice, budget: inout CopyBudget) throws(Malformed) -> Tensor {
        let count = try Self.elementCount(shape)
        guard strides.count == shape.count else { throw Malformed("it has \(shape.count) sizes but \(strides.count) strides") }
        guard offset >= 0, strides.allSatisfy({ $0 >= 0 }) else { throw Malformed("it has a negative offset or stride") }
        guard count > 0 else { return Tensor(shape: shape, elementType: type.elementType) }

        var last = offset
        for (size, stride) in zip(shape, strides) {
            let (reach, overflow) = (size - 1).multipliedReportingOverflow(by: stride)
            let (sum, overflowOfSum) = last.addingReportingOverflow(reach)
            guard !overflow, !overflowOfSum else { throw Malformed("its strides reach beyond any memory") }
            last = sum
        }
        guard last < storage.count / type.byteCount else {
            throw Malformed("it needs element \(last) of a storage of \(storage.count / type.byteCount)")
        }

        let part = try storage.part(at: offset * type.byteCount, count: (last - offset + 1) * type.byteCount)
        let isAligned = UInt(bitPattern: part.bytes.baseAddress) % UInt(type.byteCount) == 0
        if isDense, isAligned, !type.isWidened {
            return Tensor(
                shape: shape, elementType: type.elementType, storage: TensorStorage(borrowing: part.bytes, from: part.owner))
        }
        try budget.draw(count * type.elementType.byteCount)
        let copy = TensorStorage(byteCount: count * type.elementType.byteCount)
        withExtendedLifetime(part.owner) { self.copy(part.bytes, into: copy.bytes, count: count) }
        return Tensor(shape: shape, elementType: type.elementType, storage: copy)
    }

    private var isDense: Bool {
        var expected = 1
        for (size, stride) in zip(shape, strides).reversed() where size != 1 {
            guard stride == expected else { return false }
            expected *= size
        }
        return true
    }

    private func copy(_ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer, count: Int) {
        switch type {
        case .bfloat16: gather(source, into: target, count) { (bits: UInt16) in UInt32(bits) << 16 }
        case .int16: gather(source, into: target, count) { (value: Int16) in Int32(value) }
        default:
            switch type.byteCount {
            case 8: gather(source, into: target, count) { (bits: UInt64) in bits }
            case 4: gather(source, into: target, count) { (bits: UInt32) in bits }
            case 2: gather(source, into: target, count) { (bits: UInt16) in bits }
            default: gather(source, into: target, count) { (bits: UInt8) in bits }
            }
        }
    }

    /// Walks the elements in row-major order; `source` begins at the first one and holds the last one.
    private func gather<Stored: BitwiseCopyable, Wanted: BitwiseCopyable>(
        _ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer, _ count: Int, _ convert: (Stored) -> Wanted
    ) {
        let target = target.assumingMemoryBound(to: Wanted.self)
        let (innerSize, innerStride) = (shape.last ?? 1, strides.last ?? 1)
        var position = [Int](repeating: 0, count: max(shape.count - 1, 0))
        var (row, written) = (0, 0)
        while written < count {
            for i in 0..<innerSize {
                let value = source.loadUnaligned(fromByteOffset: (row + i * innerStride) * MemoryLayout<Stored>.stride, as: Stored.self)
                target[written + i] = convert(value)
            }
            written += innerSize
            for axis in position.indices.reversed() {
                position[axis] += 1
                // Wrapping, as the stride of a dimension of size 1 is arbitrary; it cancels out.
                row &+= strides[axis]
                if position[axis] < shape[axis] { break }
                row &-= strides[axis] &* shape[axis]
                position[axis] = 0
            }
        }
    }
}

/// How much memory reading a file may take beyond the file itself.
///
/// Views that repeat elements (stride 0) and packed archive members can declare far more than a file holds, so what they
/// may cost is bounded by the file's size.
struct CopyBudget {
    private var bytesLeft: Int

    init(fileSize: Int) { bytesLeft = (64 << 20) + 4 * min(fileSize, Int.max / 8) }

    mutating func draw(_ count: Int) throws(Malformed) {
        guard count <= bytesLeft else { throw Malformed("it unpacks to far more than the file holds") }
        bytesLeft -= count
    }
}
