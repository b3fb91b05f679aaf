import CKernels

/// A kernel whose work is cut into items that threads may compute in any order: every output is computed by one item, so the
/// result does not depend on how they are spread.
protocol DividedKernel: Kernel {
    var items: Int { get }
    /// Bytes of working memory of each thread.
    var itemScratchBytes: Int { get }

    /// Nanoseconds that one thread needs, roughly: what is short is not worth waking another.
    var nanoseconds: Int { get }

    /// Done once before the items.
    func begin(_ inputs: [TensorView?], into outputs: [TensorView])
    func run(items: Range<Int>, _ inputs: [TensorView?], into outputs: [TensorView], scratch: UnsafeMutableRawPointer?)
}

extension DividedKernel {
    var isWorthDividing: Bool { items > 1 && nanoseconds > 8_000 }
    var itemScratchBytes: Int { 0 }
    var scratchBytes: Int { itemScratchBytes }
    /// From one thread's working memory to the next's.
    var alignedScratchBytes: Int { (itemScratchBytes + ArenaLayout.alignment - 1) / ArenaLayout.alignment * ArenaLayout.alignment }

    func begin(_ inputs: [TensorView?], into outputs: [TensorView]) {}

    func run(_ inputs: [TensorView?], into outputs: [TensorView], scratch: UnsafeMutableRawBufferPointer) throws {
        begin(inputs, into: outputs)
        run(items: 0..<items, inputs, into: outputs, scratch: scratch.baseAddress)
    }
}

/// What a blocked kernel is made for: everything that follows from the whole plan.
struct BlockedSurroundings {
    var instructions: InstructionSet
    var threads: Int
    var inputs: [ps_map]
    /// Zeroed for a layer that leaves the layout.
    var output: ps_map
    var residual: ps_map?
    var activation: ps_activation
    /// The paired map that receives the output rounded to bf16, of the output's halo.
    var words: ps_map?
    /// Somebody reads the output in f32; false only where `words` is there.
    var keepsFloats = true
}

/// A layer over blocked maps that waits for its neighbours to be known.
protocol BlockedWork {
    /// It can apply an activation at its end.
    var takesActivation: Bool { get }
    /// It can add a map of its output's size before the activation; the map is its last input.
    var takesResidual: Bool { get }
    /// It can write its output in bf16 as well, or instead, when it ends with this activation.
    func writesWords(after activation: Activation) -> Bool
    /// Zero pixels that it reads around an input.
    func halo(ofInput index: Int) -> Int
    func kernel(_ around: BlockedSurroundings) throws -> any Kernel
}

extension BlockedWork {
    var takesActivation: Bool { true }
    var takesResidual: Bool { false }
    func writesWords(after activation: Activation) -> Bool { false }
    func halo(ofInput index: Int) -> Int { 0 }
}

/// Zeroes the halo of a kernel's output.
@inline(__always)
func clearHalo(_ map: ps_map, _ output: TensorView) {
    guard map.halo > 0 else { return }
    withUnsafePointer(to: map) { ps_clear_halo($0, output.pointer, 0, $0.pointee.batch * ps_map_blocks($0)) }
}

extension ps_map {
    /// About how long it takes to write all planes.
    var nanoseconds: Int { planes * Int(height) * Int(width) * BlockedMap.lanes * 4 / 16 }

    /// Planes of all pictures.
    var planes: Int { Int(batch) * ((Int(channels) + BlockedMap.lanes - 1) / BlockedMap.lanes) }
}
