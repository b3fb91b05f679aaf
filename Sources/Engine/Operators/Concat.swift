import Diagnostics

/// Tensors one after the other along an axis; all other sizes are equal.
public struct Concat: Operator {
    public var axis: Int
    public init(axis: Int) { self.axis = axis }

    public func infer(_ inputs: [ValueInfo?]) throws -> [ValueInfo] {
        let first = try required(inputs, 0)
        let axis = try checkedAxis(axis, rank: first.shape.count)
        var shape = try checked(first.shape)
        for index in inputs.indices.dropFirst() {
            let next = try required(inputs, index)
            guard next.elementType == first.elementType else {
                throw misfit("types \(first.elementType.rawValue) and \(next.elementType.rawValue) differ")
            }
            guard next.shape.count == shape.count, shape.indices.allSatisfy({ $0 == axis || next.shape[$0] == shape[$0] }) else {
                throw misfit("shapes \(first.shape) and \(next.shape) differ beside axis \(axis)")
            }
            shape[axis] += try checked(next.shape)[axis]
        }
        return [ValueInfo(first.elementType, try checked(shape))]
    }

    public func compute(_ inputs: [TensorView?], into outputs: [TensorView], scratch: UnsafeMutableRawBufferPointer) throws {
        let output = outputs[0]
        let axis = try checkedAxis(axis, rank: output.shape.count)
        let element = output.elementType.byteCount
        let outer = output.shape[..<axis].reduce(1, *)
        let row = output.shape[axis...].reduce(element, *)
        var column = 0
        for index in inputs.indices {
            let input = try required(inputs, index)
            let part = input.shape[axis...].reduce(element, *)
            guard part > 0 else { continue }
            for i in 0..<outer { (output.bytes + i * row + column).copyMemory(from: input.bytes + i * part, byteCount: part) }
            column += part
        }
    }
}

/// Parts of a tensor along an axis. The sizes are an attribute or a second input; without them all parts are equal, the
/// last one smaller where that does not come out even (opset 18).
public struct Split: Operator {
    public var axis: Int
    public var sizes: [Int]?
    public var numberOfParts: Int

    private static let largestNumberOfParts = 1 << 16

    public init(axis: Int = 0, sizes: [Int]? = nil, numberOfParts: Int) {
        self.axis = axis
        self.sizes = sizes
        self.numberOfParts = numberOfParts
    }

    public func infer(_ inputs: [ValueInfo?]) throws -> [ValueInfo] {
        let input = try required(inputs, 0)
        let axis = try checkedAxis(axis, rank: input.shape.count)
        let whole = try checked(input.shape)[axis]
        guard numberOfParts > 0 else { throw misfit("no outputs") }
        let parts: [Int]
        if let sizes = try integers(sizes, orConstant: optional(inputs, 1), "the list of sizes") {
            parts = sizes
            guard parts.count == numberOfParts else { throw misfit("\(parts.count) sizes for \(numberOfParts) outputs") }
            guard parts.allSatisfy({ $0 >= 0 && $0 <= whole }), parts.reduce(0, +) == whole else {
                throw misfit("sizes \(parts) are not \(whole) together")
            }
        } else {
            let part = whole / numberOfParts + (whole % numberOfParts == 0 ? 0 : 1)
            let (before, overflow) = part.multipliedReportingOverflow(by: numberOfParts - 1)
            guard !overflow, whole >= before, numberOfParts <= Self.largestNumberOfParts else {
                throw misfit("\(whole) cannot be split into \(numberOfParts) parts")
            }
            parts = [Int](repeating: part, count: numberOfParts - 1) + [whole - before]
        }
        return parts.map { size in
            var shape = input.shape
            shape[axis] = size
            return ValueInfo(input.elementType, shape)
        }
    }

    public func compute(_ inputs: [TensorView?], into outputs: [TensorView], scratch: UnsafeMutableRawBufferPointer) throws {
        let input = try required(inputs, 0)
        let axis = try checkedAxis(axis, rank: input.shape.count)
        let element = input.elementType.byteCount
        let outer = input.shape[..<axis].reduce(1, *)
        let row = input.shape[axis...].reduce(element, *)
        var column = 0
        for output in outputs {
            let part = output.shape[axis...].reduce(element, *)
            guard part > 0 else { continue }
            for i in 0..<outer { (output.bytes + i * part).copyMemory(from: input.bytes + i * row + column, byteCount: part) }
            column += part
        }
    }
}
