/// What runs in a step of a plan: an operator for fixed shapes, with everything worked out that does not depend on the
/// pictures. A value shared by all executors of the plan, so `run` must not change it.
public protocol Kernel: Sendable {
    /// Bytes of working memory, 64-byte aligned, that `run` is given.
    var scratchBytes: Int { get }

    /// Bytes of packed weights that the kernel holds.
    var constantBytes: Int { get }

    /// Multiplications with additions that the plain method needs, for `bench`; 0 where nobody counts them.
    var macs: Int { get }

    /// Sizes and algorithm in words, for `bench --layers`.
    var method: String { get }

    /// Computes all outputs. Memory of outputs and scratch never overlaps an input's. Allocates nothing.
    func run(_ inputs: [TensorView?], into outputs: [TensorView], scratch: UnsafeMutableRawBufferPointer) throws
}

extension Kernel {
    public var constantBytes: Int { 0 }
    public var macs: Int { 0 }
    public var method: String { "" }

    /// Bytes of working memory when that many threads share the work.
    func scratchBytes(threads: Int) -> Int {
        guard threads > 1, let divided = self as? any DividedKernel else { return scratchBytes }
        return saturatingProduct(threads, divided.alignedScratchBytes)
    }
}

/// The operator's own computation as a kernel.
public struct PlainKernel: Kernel {
    let op: any Operator
    public let scratchBytes: Int

    public init(op: any Operator, scratchBytes: Int) {
        self.op = op
        self.scratchBytes = scratchBytes
    }

    public func run(_ inputs: [TensorView?], into outputs: [TensorView], scratch: UnsafeMutableRawBufferPointer) throws {
        try op.compute(inputs, into: outputs, scratch: scratch)
    }
}

/// How a plan chooses the kernel of each step: the fast ones over blocked maps where there are any, else the first rule that
/// has one, else the operator's own.
public struct KernelSelection: Sendable {
    /// A kernel for this operator with these inputs (constants with their content) and outputs, or nil.
    public typealias Rule = @Sendable (
        _ op: any Operator, _ inputs: [ValueInfo?], _ outputs: [ValueInfo]
    ) throws -> (any Kernel)?

    public var rules: [Rule]
    /// What the fast kernels run on; nil: none of them is used.
    public var instructions: InstructionSet?
    public var precision: Precision
    /// Algorithms that were measured on this processor.
    public var measured: MeasuredAlgorithms

    public init(
        rules: [Rule] = [], instructions: InstructionSet? = nil, precision: Precision = .float32, measured: MeasuredAlgorithms = MeasuredAlgorithms()
    ) {
        self.rules = rules
        self.instructions = instructions
        self.precision = precision
        self.measured = measured
    }

    /// Every operator's own computation: slow, and what the fast kernels are tested against.
    public static let plain = KernelSelection()
    /// The fast kernels for the best instruction set of this processor.
    public static var fast: KernelSelection { KernelSelection(instructions: .best) }

    func kernel(for op: any Operator, _ inputs: [ValueInfo?], _ outputs: [ValueInfo]) throws -> any Kernel {
        for rule in rules {
            if let kernel = try rule(op, inputs, outputs) { return kernel }
        }
        return try op.prepare(inputs, outputs)
    }
}
