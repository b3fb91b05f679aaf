import CKernels
import Diagnostics

/// The kernels of one instruction set.
package struct FlowKernels: @unchecked Sendable {
    // Safe to share: a table of functions that nobody writes to.
    let table: ps_flow_kernels

    package init(_ options: FlowOptions) throws {
        guard let name = options.instructionSet else {
            table = ps_flow_best().pointee
            return
        }
        guard let table = ps_flow_named(name) else {
            throw Failure(
                .configuration, "cannot choose flow kernels", at: name, because: "this processor does not have them",
                remedy: "leave the instruction set out, or take plain")
        }
        self.table = table.pointee
    }
}
