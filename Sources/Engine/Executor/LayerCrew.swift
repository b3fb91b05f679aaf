import CKernels
import Dispatch
import Synchronization

/// A layer whose items several threads compute.
struct DividedLayer {
    let kernel: any DividedKernel
    let inputs: [TensorView?]
    let outputs: [TensorView]
    let scratch: UnsafeMutableRawPointer?
    let scratchStep: Int
    let items: Int
    /// Items that a thread takes at once.
    let share: Int

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
        share = max(1, items / (threads * 4))
    }

    func run(items: Range<Int>, thread: Int) {
        kernel.run(items: items, inputs, into: outputs, scratch: scratch.map { $0 + thread * scratchStep })
    }
}

/// The threads that compute one network together, layer after layer.
///
/// They meet once a run and not once a layer: most layers take less time than it takes to wake a thread. One of them leads:
/// it goes through the layers, and where a layer is divided it offers the items, a part to each thread. Neighbouring items read
/// and write neighbouring memory, so a thread finds in its core's cache what it wrote in the layer before; whoever is done with
/// its part takes from the others', so whoever is held up does fewer. The leader waits only for items that somebody has taken,
/// never for a thread that has not come, so a busy machine makes it slower and not stuck.
final class LayerCrew: @unchecked Sendable {
    // Safe to share: `layers` is only read; the other members are atomic or hold atomics. What a layer writes: each item, taken by one
    // thread, has outputs of its own, and each thread has its part of the scratch memory. The leader's release of `offers`
    // comes after everything that a layer reads, and its acquire of `finished` before anything that reads the layer.
    private let layers: [DividedLayer?]
    private let threads: Int
    /// For each thread's part, each on a cache line of its own. Upper half: 1 + the layer on offer, or 0 for none; lower half: the
    /// part's next item.
    private let offers: UnsafeMutablePointer<Atomic<UInt64>>
    private let finished = Atomic<Int>(0)

    /// Offers from one cache line to the next: 64 bytes.
    private static let line = 8
    private static let over = UInt64(UInt32.max) << 32
    /// Looks before a waiting thread gives its core away (about 50 microseconds), and before it sleeps between looks: on a busy
    /// machine whoever holds the last items needs the core more.
    private static let (patience, longPatience) = (1000, 1100)

    init(_ layers: [DividedLayer?], threads: Int) {
        self.layers = layers
        self.threads = threads
        offers = .allocate(capacity: threads * Self.line)
        for i in 0..<threads * Self.line { (offers + i).initialize(to: Atomic(0)) }
    }

    deinit {
        offers.deinitialize(count: threads * Self.line)
        offers.deallocate()
    }

    /// Calls `lead` on one thread while the others help with whatever it passes to `run(layer:)`.
    func run(_ lead: () -> Void) {
        for part in 0..<threads { offers[part * Self.line].store(0, ordering: .relaxed) }
        withoutActuallyEscaping(lead) { lead in
            // One thread calls it, before concurrentPerform returns.
            nonisolated(unsafe) let lead = lead
            DispatchQueue.concurrentPerform(iterations: threads) { thread in
                guard thread == 0 else { return help(as: thread) }
                lead()
                for part in 0..<threads { offers[part * Self.line].store(Self.over, ordering: .releasing) }
            }
        }
    }

    /// Whether that layer is divided.
    func divides(_ layer: Int) -> Bool { layers[layer] != nil }

    /// Computes a divided layer; only for the leader.
    func run(layer index: Int) {
        guard let layer = layers[index] else { return }
        layer.kernel.begin(layer.inputs, into: layer.outputs)
        finished.store(0, ordering: .relaxed)
        for part in 0..<threads {
            offers[part * Self.line].store(UInt64(index + 1) << 32 | UInt64(layer.items * part / threads), ordering: .releasing)
        }
        while takeAny(from: index, thread: 0) {}
        var looks = 0
        while finished.load(ordering: .acquiring) < layer.items { Self.wait(&looks) }
    }

    private func help(as thread: Int) {
        var (looks, last) = (0, UInt64(0))
        while true {
            let seen = offers[thread * Self.line].load(ordering: .acquiring)
            if seen >= Self.over { return }
            // A new layer, even one that the others finished meanwhile: the next comes soon, so whoever was late is awake for it.
            if seen != last { (looks, last) = (0, seen) }
            let index = Int(seen >> 32) - 1
            if index >= 0, takeAny(from: index, thread: thread) { looks = 0 } else { Self.wait(&looks) }
        }
    }

    /// Computes the next few items of that layer, of its own part while there are any; false when there are none left or another layer
    /// is on offer.
    private func takeAny(from index: Int, thread: Int) -> Bool {
        guard let layer = layers[index] else { return false }
        for step in 0..<threads where take(from: index, layer, part: (thread + step) % threads, thread: thread) { return true }
        return false
    }

    private func take(from index: Int, _ layer: DividedLayer, part: Int, thread: Int) -> Bool {
        let end = layer.items * (part + 1) / threads
        var seen = offers[part * Self.line].load(ordering: .acquiring)
        while true {
            let first = Int(seen & 0xffff_ffff)
            guard Int(seen >> 32) == index + 1, first < end else { return false }
            let last = min(first + layer.share, end)
            let (exchanged, now) = offers[part * Self.line].compareExchange(
                expected: seen, desired: UInt64(index + 1) << 32 | UInt64(last), ordering: .acquiringAndReleasing)
            if exchanged {
                layer.run(items: first..<last, thread: thread)
                finished.wrappingAdd(last - first, ordering: .releasing)
                return true
            }
            seen = now
        }
    }

    @inline(__always)
    private static func wait(_ looks: inout Int) {
        looks += 1
        if looks < patience { ps_pause() } else if looks < longPatience { ps_yield() } else { ps_nap() }
    }
}
