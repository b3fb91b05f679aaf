import Dispatch
import Synchronization

/// A layer whose items several threads compute. Each takes the next few until there are none left: whoever is held up does fewer.
final class SharedLayer: @unchecked Sendable {
    // Safe to share: everything is only read, except the counter, which is atomic, and what the kernel writes: each item, drawn
    // by one thread, has outputs of its own, and each thread has its part of the scratch memory.
    private let kernel: any DividedKernel
    private let inputs: [TensorView?]
    private let outputs: [TensorView]
    private let scratch: UnsafeMutableRawPointer?
    private let scratchStep: Int
    private let items: Int
    private let threads: Int
    private let atOnce: Int
    private let next = Atomic<Int>(0)

    /// nil where one thread does it as well.
    init?(
        _ kernel: any Kernel, _ inputs: [TensorView?], _ outputs: [TensorView], _ scratch: UnsafeMutableRawPointer?, threads: Int
    ) {
        guard threads > 1, let kernel = kernel as? any DividedKernel, kernel.isWorthDividing else { return nil }
        self.kernel = kernel
        self.inputs = inputs
        self.outputs = outputs
        self.scratch = scratch
        scratchStep = kernel.alignedScratchBytes
        items = kernel.items
        self.threads = min(threads, items)
        atOnce = max(1, items / (threads * 4))
    }

    func run() {
        kernel.begin(inputs, into: outputs)
        next.store(0, ordering: .relaxed)
        DispatchQueue.concurrentPerform(iterations: threads) { thread in
            let scratch = self.scratch.map { $0 + thread * scratchStep }
            while true {
                let first = next.wrappingAdd(atOnce, ordering: .relaxed).oldValue
                if first >= items { break }
                kernel.run(items: first..<min(first + atOnce, items), inputs, into: outputs, scratch: scratch)
            }
        }
    }
}
