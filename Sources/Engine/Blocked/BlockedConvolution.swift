import CKernels

/// A convolution over blocked maps, waiting for the maps.
struct ConvolutionWork: BlockedWork {
    enum Kind { case dense, depthwise, transposed, depthwiseTransposed, stem }

    var kind: Kind
    var kernelHeight, kernelWidth, stride, dilation, padTop, padLeft: Int
    /// Zeros read around the input.
    var halo: Int
    var algorithm = PS_CONV_DIRECT
    var choice: AlgorithmChoice?
    /// Multiplies bf16; the direct algorithm then reads a paired map.
    var isPaired = false
    /// [O, I, kh, kw], transposed [I, O, 4, 4], depthwise [C, 1, kh, kw].
    var weights: Tensor
    var bias: Tensor?

    var takesResidual: Bool { kind == .dense || kind == .transposed }
    func halo(ofInput index: Int) -> Int { index == 0 ? halo : 0 }

    func kernel(_ around: BlockedSurroundings) -> any Kernel {
        var shape = ps_conv()
        (shape.in, shape.out) = (around.inputs[0], around.output)
        (shape.kernel_h, shape.kernel_w) = (Int32(kernelHeight), Int32(kernelWidth))
        (shape.stride, shape.dilation) = (Int32(stride), Int32(dilation))
        (shape.pad_top, shape.pad_left) = (Int32(padTop), Int32(padLeft))
        shape.transposed = kind == .transposed ? 1 : 0
        shape.algorithm = algorithm
        shape.activation = around.activation
        shape.residual_image = around.residual?.image ?? 0
        return BlockedConvolutionKernel(
            self, shape, hasResidual: around.residual != nil, instructions: around.instructions, threads: around.threads)
    }
}

/// A convolution with its packed weights.
struct BlockedConvolutionKernel: DividedKernel {
    private let kind: ConvolutionWork.Kind
    private let isPaired: Bool
    private let shape: ps_conv
    private let hasResidual: Bool
    private let instructions: InstructionSet
    private let weights: TensorStorage
    private let bias: TensorStorage
    let items: Int
    let itemScratchBytes: Int
    /// nil where there is only one way.
    let choice: AlgorithmChoice?
    /// For `bench`: multiplications with additions of the direct method.
    let macs: Int

    init(_ work: ConvolutionWork, _ shape: ps_conv, hasResidual: Bool, instructions: InstructionSet, threads: Int) {
        var shape = shape
        let table = instructions.table.pointee
        let blocks = Int(ps_map_blocks(&shape.out)), taps = work.kernelHeight * work.kernelWidth
        bias = TensorStorage(byteCount: blocks * BlockedMap.lanes * 4)
        let biasFloats = bias.start.assumingMemoryBound(to: Float.self)
        work.bias?.withElements(as: Float.self) { biasFloats.update(from: $0.baseAddress!, count: $0.count) }
        kind = work.kind
        choice = work.choice
        let paired = work.isPaired ? instructions.paired?.pointee : nil
        isPaired = paired != nil
        self.hasResidual = hasResidual
        self.instructions = instructions
        let outPixels = Int(shape.out.batch) * Int(shape.out.height) * Int(shape.out.width)
        weights = work.weights.withElements(as: Float.self) { raw in
            let packed: TensorStorage
            switch work.kind {
            case .dense, .transposed:
                if let paired {
                    packed = TensorStorage(byteCount: paired.packed_bytes(&shape))
                    paired.pack(&shape, raw.baseAddress, packed.start.assumingMemoryBound(to: Float.self))
                } else {
                    packed = TensorStorage(byteCount: table.packed_bytes(&shape))
                    table.pack(&shape, raw.baseAddress, packed.start.assumingMemoryBound(to: Float.self))
                }
            case .stem:
                packed = TensorStorage(byteCount: table.packed_stem_bytes(&shape))
                table.pack_stem(&shape, raw.baseAddress, packed.start.assumingMemoryBound(to: Float.self))
            case .depthwise, .depthwiseTransposed:
                packed = TensorStorage(byteCount: blocks * taps * BlockedMap.lanes * 4)
                table.pack_depthwise(shape.in.channels, Int32(taps), raw.baseAddress, packed.start.assumingMemoryBound(to: Float.self))
            }
            return packed
        }
        work.weights.storage.recede()
        switch work.kind {
        case .dense, .transposed:
            if let paired {
                items = Int(paired.prepare(&shape, Int32(threads)))
                itemScratchBytes = paired.scratch_bytes(&shape)
            } else {
                items = Int(table.prepare(&shape, Int32(threads)))
                itemScratchBytes = table.scratch_bytes(&shape)
            }
            macs = outPixels * Int(shape.in.channels) * Int(shape.out.channels) * (work.kind == .transposed ? 4 : taps)
        case .stem:
            items = Int(table.prepare_stem(&shape, Int32(threads)))
            itemScratchBytes = 0
            macs = outPixels * 3 * Int(shape.out.channels) * taps
        case .depthwise, .depthwiseTransposed:
            items = shape.in.planes
            itemScratchBytes = 0
            macs = outPixels * Int(shape.out.channels) * (work.kind == .depthwise ? taps : 4)
        }
        self.shape = shape
    }

    var nanoseconds: Int { macs / 100 + shape.out.nanoseconds }
    var constantBytes: Int { weights.bytes.count + bias.bytes.count }

    var weightsIdentity: ObjectIdentifier { ObjectIdentifier(weights) }

    var method: String {
        let algorithm = switch kind {
        case .dense, .transposed:
            ConvolutionChoice.name(shape.algorithm)
        case .stem: "stem"
        case .depthwise, .depthwiseTransposed: "depthwise"
        }
        let (from, to) = (shape.in, shape.out)
        return "\(from.channels)x\(from.height)x\(from.width) to \(to.channels)x\(to.height)x\(to.width), \(shape.kernel_h)x\(shape.kernel_w)"
            + " stride \(shape.stride) \(algorithm)\(isPaired ? " bf16" : "")"
    }

    func begin(_ inputs: [TensorView?], into outputs: [TensorView]) { clearHalo(shape.out, outputs[0]) }

    func run(items: Range<Int>, _ inputs: [TensorView?], into outputs: [TensorView], scratch: UnsafeMutableRawPointer?) {
        guard let x = inputs[0]?.pointer else { return }
        let table = instructions.table
        let packed = weights.start.assumingMemoryBound(to: Float.self), shift = bias.start.assumingMemoryBound(to: Float.self)
        let residual: UnsafeMutablePointer<Float>? = hasResidual ? inputs[1]?.pointer : nil
        withUnsafePointer(to: shape) { shape in
            let (first, last) = (Int32(items.lowerBound), Int32(items.upperBound))
            if isPaired, let paired = instructions.paired {
                paired.pointee.convolve(shape, x, packed, shift, residual, outputs[0].pointer, first, last, scratch)
                return
            }
            switch kind {
            case .dense, .transposed:
                table.pointee.convolve(shape, x, packed, shift, residual, outputs[0].pointer, first, last, scratch)
            case .stem: table.pointee.stem(shape, x, packed, shift, outputs[0].pointer, first, last)
            case .depthwise: table.pointee.depthwise(shape, x, packed, shift, outputs[0].pointer, first, last)
            case .depthwiseTransposed: table.pointee.depthwise_transposed(shape, x, packed, shift, outputs[0].pointer, first, last)
            }
        }
    }
}
