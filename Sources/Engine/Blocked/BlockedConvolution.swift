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
    /// Multiplies bf16; the direct algorithm then reads a paired map. Depthwise layers multiply f32, but in such a network may write
    /// a paired map.
    var isPaired = false
    /// A depthwise layer that reads a paired map.
    var readsWords = false
    /// [O, I, kh, kw], transposed [I, O, 4, 4], depthwise [C, 1, kh, kw].
    var weights: Tensor
    var bias: Tensor?

    var takesResidual: Bool { kind == .dense || kind == .transposed }

    func writesWords(after activation: Activation) -> Bool {
        switch (isPaired, kind, activation) {
        case (true, .depthwise, _), (true, _, .identity), (true, _, .relu), (true, _, .clip): true
        default: false
        }
    }

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
        shape.words_image = around.words?.image ?? 0
        shape.reads_words = readsWords ? 1 : 0
        return BlockedConvolutionKernel(self, shape, around)
    }
}

/// A convolution with its packed weights.
struct BlockedConvolutionKernel: DividedKernel {
    private let kind: ConvolutionWork.Kind
    private let isPaired: Bool
    private let shape: ps_conv
    private let hasResidual: Bool
    private let words: ps_map?
    private let keepsFloats: Bool
    private let instructions: InstructionSet
    private let weights: TensorStorage
    private let bias: TensorStorage
    let items: Int
    let itemScratchBytes: Int
    /// nil where there is only one way.
    let choice: AlgorithmChoice?
    /// For `bench`: multiplications with additions of the direct method.
    let macs: Int

    init(_ work: ConvolutionWork, _ shape: ps_conv, _ around: BlockedSurroundings) {
        var shape = shape
        let (instructions, threads) = (around.instructions, around.threads)
        let table = instructions.table.pointee
        let blocks = Int(ps_map_blocks(&shape.out)), taps = work.kernelHeight * work.kernelWidth
        bias = TensorStorage(byteCount: blocks * BlockedMap.lanes * 4)
        let biasFloats = bias.start.assumingMemoryBound(to: Float.self)
        work.bias?.withElements(as: Float.self) { biasFloats.update(from: $0.baseAddress!, count: $0.count) }
        kind = work.kind
        choice = work.choice
        let paired = work.isPaired ? instructions.paired?.pointee : nil
        isPaired = paired != nil
        hasResidual = around.residual != nil
        (words, keepsFloats) = (around.words, around.keepsFloats)
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
            itemScratchBytes = work.kind == .depthwise ? paired?.depthwise_scratch(&shape) ?? 0 : 0
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
            + " stride \(shape.stride) \(algorithm)\(isPaired ? " bf16" : "")\(words == nil ? "" : keepsFloats ? " and words" : " to words")"
    }

    func begin(_ inputs: [TensorView?], into outputs: [TensorView]) {
        if keepsFloats { clearHalo(shape.out, outputs[0]) }
        if let words {
            withUnsafePointer(to: words) { instructions.paired?.pointee.clear_halo($0, outputs[keepsFloats ? 1 : 0].pointer, 0, Int32(words.planes)) }
        }
    }

    func run(items: Range<Int>, _ inputs: [TensorView?], into outputs: [TensorView], scratch: UnsafeMutableRawPointer?) {
        guard let x = inputs[0]?.pointer else { return }
        let table = instructions.table
        let packed = weights.start.assumingMemoryBound(to: Float.self), shift = bias.start.assumingMemoryBound(to: Float.self)
        let residual: UnsafeMutablePointer<Float>? = hasResidual ? inputs[1]?.pointer : nil
        withUnsafePointer(to: shape) { shape in
            let (first, last) = (Int32(items.lowerBound), Int32(items.upperBound))
            if isPaired, let paired = instructions.paired {
                let out: UnsafeMutablePointer<Float>? = keepsFloats ? outputs[0].pointer : nil
                let words: UnsafeMutablePointer<Float>? = words != nil ? outputs[keepsFloats ? 1 : 0].pointer : nil
                if kind == .depthwise {
                    paired.pointee.depthwise(shape, x, packed, shift, out, words, first, last, scratch)
                } else {
                    paired.pointee.convolve(shape, x, packed, shift, residual, out, words, first, last, scratch)
                }
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
