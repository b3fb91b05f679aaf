/// What is known of a value before any picture has come: its type, its shape, and its content if it is constant.
public struct ValueInfo: Sendable {
    public var elementType: ElementType
    public var shape: [Int]
    /// The content, when it does not depend on the input (weights, folded shape arithmetic).
    public var constant: Tensor?

    public init(_ elementType: ElementType, _ shape: [Int], constant: Tensor? = nil) {
        self.elementType = elementType
        self.shape = shape
        self.constant = constant
    }

    public init(_ tensor: Tensor) {
        self.init(tensor.elementType, tensor.shape, constant: tensor)
    }

    public var count: Int { shape.reduce(1, *) }
}

/// A tensor in the executor's memory: good while the layer runs, row-major and dense.
public struct TensorView {
    public let shape: [Int]
    public let elementType: ElementType
    public let bytes: UnsafeMutableRawPointer

    public init(shape: [Int], elementType: ElementType, bytes: UnsafeMutableRawPointer) {
        self.shape = shape
        self.elementType = elementType
        self.bytes = bytes
    }

    public var count: Int { shape.reduce(1, *) }

    /// The elements; `Value` must be the element type's Swift type.
    public func elements<Value: BitwiseCopyable>(_ type: Value.Type = Value.self) -> UnsafeMutableBufferPointer<Value> {
        precondition(MemoryLayout<Value>.stride == elementType.byteCount)
        return UnsafeMutableBufferPointer(start: bytes.assumingMemoryBound(to: Value.self), count: count)
    }

    public var floats: UnsafeMutableBufferPointer<Float> { elements(Float.self) }
}

/// A kind of layer: a shape rule and a plain computation that is simply correct.
///
/// An operator is a value (its attributes); it holds no state. Fast kernels take over in the plan, where an operator's
/// layout and algorithm are chosen; what stands here is what they are tested against.
public protocol Operator: Sendable {
    /// Name for messages and for `bench --layers`: "Conv".
    var name: String { get }

    /// Type and shape of each output. Throws `Failure` (kind `.data`) when inputs do not fit: wrong type, channels that
    /// differ, sizes that would be negative or too large. An optional input that is absent is nil.
    func infer(_ inputs: [ValueInfo?]) throws -> [ValueInfo]

    /// Bytes of working memory that `compute` needs for these inputs, for example for im2col.
    func scratchBytes(_ inputs: [ValueInfo?]) -> Int

    /// Computes all outputs, whose shapes are as inferred and whose memory never overlaps an input's.
    func compute(_ inputs: [TensorView?], into outputs: [TensorView], scratch: UnsafeMutableRawBufferPointer) throws
}

extension Operator {
    public var name: String { "\(Self.self)" }
    public func scratchBytes(_ inputs: [ValueInfo?]) -> Int { 0 }
}

/// An operator whose output shape depends on the content of its inputs (NonMaxSuppression, NonZero).
///
/// `infer` throws for inputs that are not constant-shaped enough to be wrong; the executor calls `computeAny` instead of
/// `compute` and infers what follows again for each run.
public protocol DataDependentOperator: Operator {
    /// The outputs with the shapes that the data gave.
    func computeAny(_ inputs: [TensorView?]) throws -> [Tensor]
}
