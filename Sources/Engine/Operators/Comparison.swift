import Diagnostics

/// Compares two tensors element by element, broadcast as numpy does; the result is `bool`.
public struct Comparison: Operator {
    public enum Relation: String, Sendable, CaseIterable {
        case equal = "Equal", greater = "Greater", less = "Less", greaterOrEqual = "GreaterOrEqual", lessOrEqual = "LessOrEqual"
    }

    public var relation: Relation
    public init(_ relation: Relation) { self.relation = relation }
    public var name: String { relation.rawValue }

    public func infer(_ inputs: [ValueInfo?]) throws -> [ValueInfo] {
        let (a, b) = (try required(inputs, 0), try required(inputs, 1))
        guard a.elementType == b.elementType else {
            throw misfit("types \(a.elementType.rawValue) and \(b.elementType.rawValue) differ")
        }
        try requireType(a, among: relation == .equal ? ElementType.numbers + [.bool, .uint8, .int8] : ElementType.numbers + [.uint8, .int8])
        return [ValueInfo(.bool, try broadcastShape([a.shape, b.shape]))]
    }

    public func compute(_ inputs: [TensorView?], into outputs: [TensorView], scratch: UnsafeMutableRawBufferPointer) throws {
        let (a, b) = (try required(inputs, 0), try required(inputs, 1))
        switch a.elementType {
        case .float32: compare(a, b, into: outputs[0], Float.self)
        case .float64: compare(a, b, into: outputs[0], Double.self)
        case .int64: compare(a, b, into: outputs[0], Int64.self)
        case .int32: compare(a, b, into: outputs[0], Int32.self)
        case .int8: compare(a, b, into: outputs[0], Int8.self)
        case .uint8, .bool: compare(a, b, into: outputs[0], UInt8.self)
        case .float16: throw misfit("type float16")
        }
    }

    private func compare<T: BitwiseCopyable & Comparable>(_ a: TensorView, _ b: TensorView, into output: TensorView, _ type: T.Type) {
        let broadcast = Broadcast(output: output.shape, inputs: [a.shape, b.shape])
        let (x, y, result) = (a.elements(T.self), b.elements(T.self), output.elements(UInt8.self))
        switch relation {
        case .equal: broadcast.map(x, y, into: result) { $0 == $1 ? 1 : 0 }
        case .greater: broadcast.map(x, y, into: result) { $0 > $1 ? 1 : 0 }
        case .less: broadcast.map(x, y, into: result) { $0 < $1 ? 1 : 0 }
        case .greaterOrEqual: broadcast.map(x, y, into: result) { $0 >= $1 ? 1 : 0 }
        case .lessOrEqual: broadcast.map(x, y, into: result) { $0 <= $1 ? 1 : 0 }
        }
    }
}

/// Joins two `bool` tensors element by element, broadcast as numpy does.
public struct Logic: Operator {
    public enum Function: String, Sendable, CaseIterable { case and = "And", or = "Or", xor = "Xor" }

    public var function: Function
    public init(_ function: Function) { self.function = function }
    public var name: String { function.rawValue }

    public func infer(_ inputs: [ValueInfo?]) throws -> [ValueInfo] {
        let (a, b) = (try required(inputs, 0), try required(inputs, 1))
        try requireType(a, among: [.bool])
        try requireType(b, among: [.bool])
        return [ValueInfo(.bool, try broadcastShape([a.shape, b.shape]))]
    }

    public func compute(_ inputs: [TensorView?], into outputs: [TensorView], scratch: UnsafeMutableRawBufferPointer) throws {
        let (a, b) = (try required(inputs, 0), try required(inputs, 1))
        let broadcast = Broadcast(output: outputs[0].shape, inputs: [a.shape, b.shape])
        let (x, y, result) = (a.elements(UInt8.self), b.elements(UInt8.self), outputs[0].elements(UInt8.self))
        switch function {
        case .and: broadcast.map(x, y, into: result) { $0 != 0 && $1 != 0 ? 1 : 0 }
        case .or: broadcast.map(x, y, into: result) { $0 != 0 || $1 != 0 ? 1 : 0 }
        case .xor: broadcast.map(x, y, into: result) { ($0 != 0) != ($1 != 0) ? 1 : 0 }
        }
    }
}

/// `bool` to its opposite.
public struct Not: Operator {
    public init() {}

    public func infer(_ inputs: [ValueInfo?]) throws -> [ValueInfo] {
        let input = try required(inputs, 0)
        try requireType(input, among: [.bool])
        return [ValueInfo(.bool, input.shape)]
    }

    public func compute(_ inputs: [TensorView?], into outputs: [TensorView], scratch: UnsafeMutableRawBufferPointer) throws {
        let (input, output) = (try required(inputs, 0).elements(UInt8.self), outputs[0].elements(UInt8.self))
        for i in input.indices { output[i] = input[i] == 0 ? 1 : 0 }
    }
}

/// Whether each element of a float32 tensor is NaN or infinite; the result is `bool`.
public struct FloatClass: Operator {
    public enum Test: String, Sendable, CaseIterable { case isNaN = "IsNaN", isInfinite = "IsInf" }

    public var test: Test
    public init(_ test: Test) { self.test = test }
    public var name: String { test.rawValue }

    public func infer(_ inputs: [ValueInfo?]) throws -> [ValueInfo] {
        let input = try required(inputs, 0)
        try requireType(input, among: [.float32])
        return [ValueInfo(.bool, input.shape)]
    }

    public func compute(_ inputs: [TensorView?], into outputs: [TensorView], scratch: UnsafeMutableRawBufferPointer) throws {
        let (input, output) = (try required(inputs, 0).floats, outputs[0].elements(UInt8.self))
        for i in input.indices { output[i] = (test == .isNaN ? input[i].isNaN : input[i].isInfinite) ? 1 : 0 }
    }
}

/// Takes each element from the second input where the first (`bool`) is true, else from the third; all are broadcast.
public struct Where: Operator {
    public init() {}

    public func infer(_ inputs: [ValueInfo?]) throws -> [ValueInfo] {
        let (condition, a, b) = (try required(inputs, 0), try required(inputs, 1), try required(inputs, 2))
        try requireType(condition, among: [.bool])
        guard a.elementType == b.elementType else {
            throw misfit("types \(a.elementType.rawValue) and \(b.elementType.rawValue) differ")
        }
        return [ValueInfo(a.elementType, try broadcastShape([condition.shape, a.shape, b.shape]))]
    }

    public func compute(_ inputs: [TensorView?], into outputs: [TensorView], scratch: UnsafeMutableRawBufferPointer) throws {
        let views = [try required(inputs, 0), try required(inputs, 1), try required(inputs, 2)]
        switch outputs[0].elementType.byteCount {
        case 1: select(views, into: outputs[0], UInt8.self)
        case 2: select(views, into: outputs[0], UInt16.self)
        case 4: select(views, into: outputs[0], UInt32.self)
        default: select(views, into: outputs[0], UInt64.self)
        }
    }

    private func select<T: BitwiseCopyable>(_ views: [TensorView], into output: TensorView, _ type: T.Type) {
        let broadcast = Broadcast(output: output.shape, inputs: views.map(\.shape))
        let (length, steps) = (broadcast.runLength, broadcast.runSteps)
        let (condition, a, b) = (views[0].elements(UInt8.self), views[1].elements(T.self), views[2].elements(T.self))
        let result = output.elements(T.self)
        broadcast.forEachRun { to, from in
            for i in 0..<length {
                let isTrue = condition[from[0] + i * steps[0]] != 0
                result[to + i] = isTrue ? a[from[1] + i * steps[1]] : b[from[2] + i * steps[2]]
            }
        }
    }
}
