import CKernels
import Diagnostics

/// The kernels of one instruction set.
package struct FlowKernels: @unchecked Sendable {
    // Safe to share: tables of functions that nobody writes to.
    let table: ps_flow_kernels
    let dense: ps_dis_kernels

    package init(_ options: FlowOptions) throws {
        guard let name = options.instructionSet else {
            table = ps_flow_best().pointee
            dense = ps_dis_best().pointee
            return
        }
        guard let table = ps_flow_named(name), let dense = ps_dis_named(name) else {
            throw Failure(
                .configuration, "cannot choose flow kernels", at: name, because: "this processor does not have them",
                remedy: "leave the instruction set out, or take plain")
        }
        self.table = table.pointee
        self.dense = dense.pointee
    }
}
