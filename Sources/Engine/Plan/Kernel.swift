/// What runs in a step of a plan: an operator for fixed shapes, with everything worked out that does not depend on the
/// pictures. A value shared by all executors of the plan, so `run` must not change it.
public protocol Kernel: Sendable {
    /// Bytes of working memory, 64-byte aligned, that `run` is given.
    var scratchBytes: Int { get }

    /// Computes all outputs. Memory of outputs and scratch never overlaps an input's. Allocates nothing.
    func run(_ inputs: [TensorView?], into outputs: [TensorView], scratch: UnsafeMutableRawBufferPointer) throws
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

/// How a plan chooses the kernel of each step: the first rule that has one, else the operator's own.
public struct KernelSelection: Sendable {
    /// A kernel for this operator with these inputs (constants with their content) and outputs, or nil.
    public typealias Rule = @Sendable (
        _ op: any Operator, _ inputs: [ValueInfo?], _ outputs: [ValueInfo]
    ) throws -> (any Kernel)?

    public var rules: [Rule]

    public init(rules: [Rule]) { self.rules = rules }

    /// Every operator's own computation.
    public static let plain = KernelSelection(rules: [])

    func kernel(for op: any Operator, _ inputs: [ValueInfo?], _ outputs: [ValueInfo]) throws -> any Kernel {
        for rule in rules {
            if let kernel = try rule(op, inputs, outputs) { return kernel }
        }
        return try op.prepare(inputs, outputs)
    }
}
