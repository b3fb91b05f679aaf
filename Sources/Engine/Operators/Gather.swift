import Diagnostics

/// Index tensors, int32 or int64.
private struct Indices {
    private let wide: UnsafeMutableBufferPointer<Int64>?
    private let narrow: UnsafeMutableBufferPointer<Int32>?

    init(_ view: TensorView) {
        wide = view.elementType == .int64 ? view.elements(Int64.self) : nil
        narrow = view.elementType == .int32 ? view.elements(Int32.self) : nil
    }

    subscript(_ i: Int) -> Int { wide.map { Int($0[i]) } ?? narrow.map { Int($0[i]) } ?? 0 }
}

extension Operator {
    /// An index counted from the front.
    fileprivate func checkedIndex(_ index: Int, size: Int) throws -> Int {
        guard index >= -size, index < size else { throw misfit("index \(index) of \(size)") }
        return index < 0 ? index + size : index
    }
}

/// Takes slices along an axis: the result's shape is the data's with `axis` replaced by the shape of the indices.
public struct Gather: Operator {
    public var axis: Int
    public init(axis: Int = 0) { self.axis = axis }

    public func infer(_ inputs: [ValueInfo?]) throws -> [ValueInfo] {
        let (data, indices) = (try required(inputs, 0), try required(inputs, 1))
        try requireType(indices, among: ElementType.indices)
        let axis = try checkedAxis(axis, rank: data.shape.count)
        let shape = try checked(data.shape[..<axis] + indices.shape + data.shape[(axis + 1)...])
        if let constant = indices.constant {
            try constant.check(self, size: data.shape[axis])
        }
        return [ValueInfo(data.elementType, shape)]
    }

    public func compute(_ inputs: [TensorView?], into outputs: [TensorView], scratch: UnsafeMutableRawBufferPointer) throws {
        let (data, picked) = (try required(inputs, 0), try required(inputs, 1))
        let axis = try checkedAxis(axis, rank: data.shape.count)
        let indices = Indices(picked)
        let outer = data.shape[..<axis].reduce(1, *)
        let block = data.shape[(axis + 1)...].reduce(data.elementType.byteCount, *)
        let size = data.shape[axis]
        guard block > 0 else { return }
        var to = outputs[0].bytes
        for i in 0..<outer {
            let from = data.bytes + i * size * block
            for j in 0..<picked.count {
                to.copyMemory(from: from + (try checkedIndex(indices[j], size: size)) * block, byteCount: block)
                to += block
            }
        }
    }
}

extension Tensor {
    /// Throws unless all elements are indices of an axis of this size, so that a damaged model is refused before it runs.
    fileprivate func check(_ op: Gather, size: Int) throws {
        switch elementType {
        case .int64: try withElements(as: Int64.self) { for index in $0 { _ = try op.checkedIndex(Int(index), size: size) } }
        case .int32: try withElements(as: Int32.self) { for index in $0 { _ = try op.checkedIndex(Int(index), size: size) } }
        default: break
        }
    }
}

/// Takes single elements: the result has the shape of the indices, which replace the element's own position along `axis`.
public struct GatherElements: Operator {
    public var axis: Int
    public init(axis: Int = 0) { self.axis = axis }

    public func infer(_ inputs: [ValueInfo?]) throws -> [ValueInfo] {
        let (data, indices) = (try required(inputs, 0), try required(inputs, 1))
        try requireType(indices, among: ElementType.indices)
        let axis = try checkedAxis(axis, rank: data.shape.count)
        guard indices.shape.count == data.shape.count,
            data.shape.indices.allSatisfy({ $0 == axis || indices.shape[$0] <= data.shape[$0] })
        else { throw misfit("indices of shape \(Shape.text(indices.shape)) for data of shape \(Shape.text(data.shape))") }
        return [ValueInfo(data.elementType, try checked(indices.shape))]
    }

    public func compute(_ inputs: [TensorView?], into outputs: [TensorView], scratch: UnsafeMutableRawBufferPointer) throws {
        let (data, picked) = (try required(inputs, 0), try required(inputs, 1))
        let axis = try checkedAxis(axis, rank: data.shape.count)
        let indices = Indices(picked)
        let (steps, own) = (Shape.strides(data.shape), Shape.strides(picked.shape))
        let element = data.elementType.byteCount
        for i in 0..<picked.count {
            var (rest, from) = (i, 0)
            for d in picked.shape.indices {
                let position = rest / own[d]
                rest %= own[d]
                from += (d == axis ? try checkedIndex(indices[i], size: data.shape[axis]) : position) * steps[d]
            }
            (outputs[0].bytes + i * element).copyMemory(from: data.bytes + from * element, byteCount: element)
        }
    }
}

/// Takes slices at positions whose coordinates lie along the last axis of the indices; the first `batchDimensions` axes are
/// common to both.
public struct GatherND: Operator {
    public var batchDimensions: Int
    public init(batchDimensions: Int = 0) { self.batchDimensions = batchDimensions }

    public func infer(_ inputs: [ValueInfo?]) throws -> [ValueInfo] {
        let (data, indices) = (try required(inputs, 0), try required(inputs, 1))
        try requireType(indices, among: ElementType.indices)
        let b = batchDimensions
        guard let depth = indices.shape.last, b >= 0, b < indices.shape.count, b < data.shape.count, depth >= 1,
            depth <= data.shape.count - b, data.shape[..<b] == indices.shape[..<b]
        else { throw misfit("indices of shape \(Shape.text(indices.shape)) for data of shape \(Shape.text(data.shape))") }
        return [ValueInfo(data.elementType, try checked(indices.shape.dropLast() + data.shape[(b + depth)...]))]
    }

    public func compute(_ inputs: [TensorView?], into outputs: [TensorView], scratch: UnsafeMutableRawBufferPointer) throws {
        let (data, picked) = (try required(inputs, 0), try required(inputs, 1))
        let (b, depth) = (batchDimensions, picked.shape.last ?? 0)
        let indices = Indices(picked)
        let steps = Shape.strides(data.shape)
        let element = data.elementType.byteCount
        let block = data.shape[(b + depth)...].reduce(element, *)
        let batches = data.shape[..<b].reduce(1, *)
        let batch = data.shape[b...].reduce(1, *)
        let picks = picked.shape[b...].dropLast().reduce(1, *)
        guard block > 0 else { return }
        for i in 0..<batches * picks {
            var from = i / max(picks, 1) * batch
            for d in 0..<depth { from += try checkedIndex(indices[i * depth + d], size: data.shape[b + d]) * steps[b + d] }
            (outputs[0].bytes + i * block).copyMemory(from: data.bytes + from * element, byteCount: block)
        }
    }
}
