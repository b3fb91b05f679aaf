import Diagnostics

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
/// layout and algorithm are chosen (`KernelSelection`); what stands here is what they are tested against.
public protocol Operator: Sendable {
    /// Name for messages and for `bench --layers`: "Conv".
    var name: String { get }

    /// Type and shape of each output. Throws `Failure` (kind `.data`, see `misfit`) when inputs do not fit: wrong type,
    /// channels that differ, sizes that would be negative or too large. An optional input that is absent is nil.
    ///
    /// Shapes come from files: use `Shape.count` and checked arithmetic for anything that is multiplied or added. The
    /// inputs' own counts are safe, the plan has checked them.
    ///
    /// An output whose content follows from the inputs' shapes alone (Shape, Size) can be returned with its `constant`;
    /// `compute` is then never called. Where the output's shape depends on the content of an input that is not
    /// constant (a reshape to a computed target), throw `DependsOnContent`: the layer is then run dynamically, and
    /// `infer` is called again in each run with all contents known.
    func infer(_ inputs: [ValueInfo?]) throws -> [ValueInfo]

    /// Bytes of working memory that `compute` needs for these inputs, for example for im2col.
    func scratchBytes(_ inputs: [ValueInfo?]) -> Int

    /// Computes all outputs, whose shapes are as inferred and whose memory never overlaps an input's.
    func compute(_ inputs: [TensorView?], into outputs: [TensorView], scratch: UnsafeMutableRawBufferPointer) throws

    /// The computation for these very inputs, with all that does not depend on their content worked out beforehand:
    /// tables of weights, resolved padding. Called once when the plan is made. Needed only where there is something to
    /// work out; the default calls `compute`.
    func prepare(_ inputs: [ValueInfo?], _ outputs: [ValueInfo]) throws -> any Kernel
}

extension Operator {
    public var name: String { "\(Self.self)" }
    public func scratchBytes(_ inputs: [ValueInfo?]) -> Int { 0 }
    public func prepare(_ inputs: [ValueInfo?], _ outputs: [ValueInfo]) throws -> any Kernel {
        PlainKernel(op: self, scratchBytes: scratchBytes(inputs))
    }

    /// The failure of a layer whose inputs do not fit; the plan puts the layer's own name in.
    public func misfit(_ why: String) -> Failure { Failure(.data, "network does not fit", at: name, because: why) }

    /// The input at `index`, which must be there.
    public func required(_ inputs: [ValueInfo?], _ index: Int) throws -> ValueInfo {
        guard index < inputs.count, let input = inputs[index] else { throw misfit("input \(index) is missing") }
        return input
    }

    /// The input at `index` if there is one.
    public func optional(_ inputs: [ValueInfo?], _ index: Int) -> ValueInfo? {
        index < inputs.count ? inputs[index] : nil
    }
}

/// Thrown by `Operator.infer` when an output's shape depends on content that is known only while running.
public struct DependsOnContent: Error {
    public init() {}
}

/// An operator whose first output holds the bytes of its first input under another shape (Reshape, Flatten, Squeeze,
/// Identity). The plan gives both the same memory and never calls `compute`.
public protocol ViewOperator: Operator {}

extension ViewOperator {
    /// A copy, for callers outside a plan.
    public func compute(
        _ inputs: [TensorView?], into outputs: [TensorView], scratch: UnsafeMutableRawBufferPointer
    ) throws {
        guard let input = inputs.first.flatMap({ $0 }), let output = outputs.first else { throw misfit("input 0 is missing") }
        output.bytes.copyMemory(from: input.bytes, byteCount: output.count * output.elementType.byteCount)
    }
}

/// An operator whose output shape depends on the content of its inputs (NonMaxSuppression, NonZero).
///
/// `infer` only checks what can be checked before the content is known; its result is not used. The executor calls
/// `computeAny` instead of `compute` and infers what follows again for each run.
public protocol DataDependentOperator: Operator {
    /// The outputs with the shapes that the data gave.
    func computeAny(_ inputs: [TensorView?]) throws -> [Tensor]
}

extension DataDependentOperator {
    public func compute(
        _ inputs: [TensorView?], into outputs: [TensorView], scratch: UnsafeMutableRawBufferPointer
    ) throws {
        throw Failure(.internalDefect, "cannot run network", at: name, because: "its output has no shape beforehand")
    }
}
