import Diagnostics

/// The sizes of the input's dimensions from `start` to `end` (not included, negative numbers count from the end), int64.
public struct ShapeOf: Operator {
    public var start: Int
    public var end: Int?

    public init(start: Int = 0, end: Int? = nil) {
        self.start = start
        self.end = end
    }

    public var name: String { "Shape" }

    public func infer(_ inputs: [ValueInfo?]) throws -> [ValueInfo] {
        let shape = try required(inputs, 0).shape
        func place(_ index: Int) -> Int {
            index < 0 ? (index < -shape.count ? 0 : index + shape.count) : min(index, shape.count)
        }
        let (first, last) = (place(start), place(end ?? shape.count))
        let part = first < last ? shape[first..<last].map { Int64($0) } : []
        return [ValueInfo(Tensor(part, shape: [part.count]))]
    }

    public func compute(_ inputs: [TensorView?], into outputs: [TensorView], scratch: UnsafeMutableRawBufferPointer) throws {
        let shape = try infer([ValueInfo(.float32, try required(inputs, 0).shape)])[0].constant?.integers ?? []
        for (i, size) in shape.enumerated() { outputs[0].elements(Int64.self)[i] = size }
    }
}

/// The number of the input's elements, an int64 scalar.
public struct SizeOf: Operator {
    public init() {}
    public var name: String { "Size" }

    public func infer(_ inputs: [ValueInfo?]) throws -> [ValueInfo] {
        [ValueInfo(Tensor([Int64(try checked(try required(inputs, 0).shape).reduce(1, *))], shape: []))]
    }

    public func compute(_ inputs: [TensorView?], into outputs: [TensorView], scratch: UnsafeMutableRawBufferPointer) throws {
        outputs[0].elements(Int64.self)[0] = Int64(try required(inputs, 0).count)
    }
}

/// A tensor of one value everywhere; its shape is the content of the input.
public struct ConstantOfShape: Operator {
    /// One element: the value and its type.
    public var value: Tensor
    public init(_ value: Tensor = Tensor([Float(0)], shape: [1])) { self.value = value }

    public func infer(_ inputs: [ValueInfo?]) throws -> [ValueInfo] {
        guard value.count == 1 else { throw misfit("\(value.count) values where one is needed") }
        guard let shape = try integers(nil, orConstant: required(inputs, 0), "the shape") else { throw misfit("the shape is missing") }
        return [ValueInfo(value.elementType, try checked(shape))]
    }

    public func compute(_ inputs: [TensorView?], into outputs: [TensorView], scratch: UnsafeMutableRawBufferPointer) throws {
        let output = outputs[0]
        value.withElements(as: UInt8.self, count: value.elementType.byteCount) { bytes in
            let view = TensorView(shape: [1], elementType: value.elementType, bytes: UnsafeMutableRawPointer(mutating: bytes))
            copyStrided(view, sizes: output.shape, steps: output.shape.map { _ in 0 }, into: output)
        }
    }
}

extension Tensor {
    /// The bytes, whatever the element type; `count` of them are there.
    fileprivate func withElements(as type: UInt8.Type, count: Int, _ body: (UnsafeRawPointer) -> Void) {
        body(UnsafeRawPointer(storage.start + byteOffset))
        withExtendedLifetime(storage) {}
    }
}

/// Numbers from `start` to `limit` (not included) by `delta`: three scalars of one type as inputs.
public struct NumberRange: Operator {
    public init() {}
    public var name: String { "Range" }

    public func infer(_ inputs: [ValueInfo?]) throws -> [ValueInfo] {
        let infos = [try required(inputs, 0), try required(inputs, 1), try required(inputs, 2)]
        for info in infos {
            try requireType(info, among: ElementType.numbers)
            guard info.elementType == infos[0].elementType, Shape.limitedCount(info.shape) == 1 else {
                throw misfit("start, limit and delta are not three scalars of one type")
            }
        }
        let numbers = try infos.map { info in
            guard let constant = info.constant else { throw DependsOnContent() }
            return Self.number(TensorView(constant))
        }
        guard numbers[2] != 0, numbers.allSatisfy(\.isFinite) else { throw misfit("a step of \(numbers[2])") }
        let count = ((numbers[1] - numbers[0]) / numbers[2]).rounded(.up)
        guard count <= Double(Shape.elementLimit) else { throw misfit("\(count) numbers are too many") }
        return [ValueInfo(infos[0].elementType, try checked([count > 0 ? Int(count) : 0]))]
    }

    private static func number(_ view: TensorView) -> Double {
        switch view.elementType {
        case .float32: Double(view.floats[0])
        case .float64: view.elements(Double.self)[0]
        case .int32: Double(view.elements(Int32.self)[0])
        default: Double(view.elements(Int64.self)[0])
        }
    }

    public func compute(_ inputs: [TensorView?], into outputs: [TensorView], scratch: UnsafeMutableRawBufferPointer) throws {
        let (start, delta, output) = (try required(inputs, 0), try required(inputs, 2), outputs[0])
        switch output.elementType {
        case .float32:
            for i in 0..<output.count { output.floats[i] = start.floats[0] + Float(i) * delta.floats[0] }
        case .float64:
            let (start, delta, result) = (start.elements(Double.self)[0], delta.elements(Double.self)[0], output.elements(Double.self))
            for i in result.indices { result[i] = start + Double(i) * delta }
        case .int32: fill(output.elements(Int32.self), start.elements(Int32.self)[0], delta.elements(Int32.self)[0])
        case .int64: fill(output.elements(Int64.self), start.elements(Int64.self)[0], delta.elements(Int64.self)[0])
        default: throw misfit("type \(output.elementType.rawValue)")
        }
    }

    private func fill<T: FixedWidthInteger>(_ result: UnsafeMutableBufferPointer<T>, _ start: T, _ delta: T) {
        var value = start
        for i in result.indices {
            result[i] = value
            value = value &+ delta
        }
    }
}
