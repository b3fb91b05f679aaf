import CKernels

/// Plain planes into blocks of channels.
struct BlockingWork: BlockedWork {
    var takesActivation: Bool { false }
    func kernel(_ around: BlockedSurroundings) -> any Kernel { BlockingKernel(map: around.output) }
}

struct BlockingKernel: DividedKernel {
    let map: ps_map
    var items: Int { map.planes }
    var nanoseconds: Int { map.nanoseconds }

    func run(items: Range<Int>, _ inputs: [TensorView?], into outputs: [TensorView], scratch: UnsafeMutableRawPointer?) {
        guard let x = inputs[0]?.pointer else { return }
        withUnsafePointer(to: map) { ps_block_planes($0, x, outputs[0].pointer, Int32(items.lowerBound), Int32(items.upperBound)) }
    }
}

/// Three plain planes into interleaved colours.
struct InterleavingWork: BlockedWork {
    var takesActivation: Bool { false }
    func kernel(_ around: BlockedSurroundings) -> any Kernel {
        InterleavingKernel(map: around.output, instructions: around.instructions)
    }
}

struct InterleavingKernel: DividedKernel {
    let map: ps_map
    let instructions: InstructionSet
    var items: Int { Int(map.batch) * Int(map.height + 2 * map.halo) }
    var nanoseconds: Int { Int(map.batch) * Int(map.height) * Int(map.width) }

    func run(items: Range<Int>, _ inputs: [TensorView?], into outputs: [TensorView], scratch: UnsafeMutableRawPointer?) {
        guard let x = inputs[0]?.pointer else { return }
        withUnsafePointer(to: map) {
            instructions.table.pointee.interleave($0, x, outputs[0].pointer, Int32(items.lowerBound), Int32(items.upperBound))
        }
    }
}

/// Channels of blocked maps into a plain tensor, [N, C, H, W] or with the channels of a pixel side by side.
struct UnblockingWork: BlockedWork {
    var channels: [ps_channel]
    /// nil: planes. Else pixels: the place of the first of them in each picture of the output, and a picture's floats.
    var pixels: (first: Int, image: Int)?
    var takesActivation: Bool { false }

    func kernel(_ around: BlockedSurroundings) -> any Kernel {
        UnblockingKernel(sources: around.inputs, channels: channels, firstPixel: pixels?.first, image: pixels?.image ?? 0)
    }
}

struct UnblockingKernel: DividedKernel {
    let sources: [ps_map]
    let channels: [ps_channel]
    let firstPixel: Int?
    let image: Int
    var items: Int {
        let batch = Int(sources[0].batch)
        return firstPixel == nil ? batch * ((channels.count + BlockedMap.lanes - 1) / BlockedMap.lanes) : batch * Int(sources[0].height)
    }
    var nanoseconds: Int { Int(sources[0].batch) * channels.count * Int(sources[0].height) * Int(sources[0].width) / 2 }
    var itemScratchBytes: Int { sources.count * MemoryLayout<UnsafePointer<Float>?>.stride }

    func run(items: Range<Int>, _ inputs: [TensorView?], into outputs: [TensorView], scratch: UnsafeMutableRawPointer?) {
        guard let addresses = scratch?.addresses(of: inputs, count: sources.count) else { return }
        let (first, last) = (Int32(items.lowerBound), Int32(items.upperBound))
        sources.withUnsafeBufferPointer { maps in
            channels.withUnsafeBufferPointer { from in
                if let firstPixel {
                    ps_unblock_pixels(
                        maps.baseAddress, addresses, Int32(from.count), from.baseAddress, outputs[0].pointer + firstPixel * from.count, image,
                        first, last)
                } else {
                    ps_unblock_planes(maps.baseAddress, addresses, Int32(from.count), from.baseAddress, outputs[0].pointer, first, last)
                }
            }
        }
    }
}

/// A blocked map rounded to bf16, for direct convolutions that multiply in it.
struct NarrowingWork: BlockedWork {
    var takesActivation: Bool { false }
    func kernel(_ around: BlockedSurroundings) -> any Kernel {
        NarrowingKernel(input: around.inputs[0], output: around.output, instructions: around.instructions)
    }
}

struct NarrowingKernel: DividedKernel {
    let input, output: ps_map
    let instructions: InstructionSet
    var items: Int { output.planes }
    var nanoseconds: Int { output.nanoseconds }

    func run(items: Range<Int>, _ inputs: [TensorView?], into outputs: [TensorView], scratch: UnsafeMutableRawPointer?) {
        guard let x = inputs[0]?.pointer else { return }
        withUnsafePointer(to: input) { input in
            withUnsafePointer(to: output) { output in
                instructions.paired?.pointee.narrow(input, output, x, outputs[0].pointer, Int32(items.lowerBound), Int32(items.upperBound))
            }
        }
    }
}
