import CKernels
import Diagnostics
import Foundation

/// The vector instructions that the fast kernels use: "avx512", "avx2", "neon" or "plain".
public struct InstructionSet: @unchecked Sendable {
    // Safe to share: the tables are constants of the program.
    let table: UnsafePointer<ps_blocked_kernels>

    /// Kernels that multiply bf16; nil where the processor does not.
    let paired: UnsafePointer<ps_paired_kernels>?

    public var name: String { String(cString: table.pointee.name) }

    /// nil when this program or this processor lacks it.
    public init?(named name: String) {
        guard let table = ps_blocked_named(name) else { return nil }
        self.init(table)
    }

    private init(_ table: UnsafePointer<ps_blocked_kernels>) {
        self.table = table
        paired = ps_paired_for(table)
    }

    /// Whether `Precision.bfloat16` is more than a word here.
    public var multipliesBFloat16: Bool { paired != nil }

    /// The best that this processor has.
    public static var best: InstructionSet { InstructionSet(ps_blocked_best()) }

    /// All that can run here, the best first.
    public static var available: [InstructionSet] { ["avx512", "avx2", "neon", "plain"].compactMap { InstructionSet(named: $0) } }

    /// What `POSESTREAM_ISA` asks for, else the best.
    ///
    /// Throws `Failure` of kind `.configuration` when this processor lacks what is asked for.
    public static func wanted(_ environment: [String: String] = ProcessInfo.processInfo.environment) throws -> InstructionSet {
        guard let name = environment["POSESTREAM_ISA"], !name.isEmpty else { return best }
        guard let set = InstructionSet(named: name) else {
            let names = available.map(\.name).joined(separator: ", ")
            throw Failure(
                .configuration, "cannot use instruction set \"\(name)\"", at: "POSESTREAM_ISA", because: "this processor has \(names)",
                remedy: "name one of these or leave it unset")
        }
        return set
    }
}
