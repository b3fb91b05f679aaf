import CKernels

/// Which algorithm computes a convolution, by a model of the processor's time: the products, or reading the packed weights
/// from memory where that takes longer (they are fetched ahead, so the two overlap), and the transforms.
///
/// A model, so that the same network gives the same numbers in every run; `MeasuredAlgorithms` corrects it for a processor. It fits the measured times of
/// SimpleBaseline's and HRNet's layers to about a tenth.
enum ConvolutionChoice {
    /// What one core does: multiply-adds a second, bytes of weights a second, seconds of both transforms for a tile and a block of
    /// channels. Measured with weights that no cache holds, as in a real run.
    fileprivate struct Core {
        var rate = 105e9
        var weightBytes = 30e9
        var largeTile = 0.11e-6
        var smallTile = 0.045e-6
    }

    /// An algorithm that can compute a layer, and the time that the model expects.
    struct Candidate: Sendable {
        let algorithm: ps_conv_algorithm
        let seconds: Double
    }

    static func name(_ algorithm: ps_conv_algorithm) -> String {
        switch algorithm {
        case PS_CONV_WINOGRAD_4: "winograd4"
        case PS_CONV_WINOGRAD_2: "winograd2"
        default: "direct"
        }
    }

    /// What was measured where it was, else the model's choice.
    static func algorithm(
        for work: ConvolutionWork, input: [Int], output: [Int], instructions: InstructionSet?, measured: MeasuredAlgorithms
    ) -> (algorithm: ps_conv_algorithm, choice: AlgorithmChoice) {
        let isTransposed = work.kind == .transposed
        let canTransform = isTransposed
            || (work.kernelHeight == 3 && work.kernelWidth == 3 && work.stride == 1 && work.padTop == work.dilation
                && work.padLeft == work.dilation && input[2...] == output[2...])
        // The larger tiles grow pictures a hundredfold: too much for 8 bits.
        let algorithms = !canTransform
            ? [PS_CONV_DIRECT] : work.isPaired ? [PS_CONV_DIRECT, PS_CONV_WINOGRAD_2] : [PS_CONV_DIRECT, PS_CONV_WINOGRAD_4, PS_CONV_WINOGRAD_2]
        let core = Core(instructions, isPaired: work.isPaired)
        let candidates = algorithms.map { Candidate(algorithm: $0, seconds: time(of: $0, work, input, output, core)) }
        let layer = "\(Shape.text(input)) to \(Shape.text(output)), \(work.kernelHeight)x\(work.kernelWidth) stride \(work.stride) "
            + "dilation \(work.dilation)\(isTransposed ? " transposed" : "") \(work.isPaired ? "bf16" : "f32")"
        let best = measured.algorithm(layer, among: candidates) ?? candidates.min { $0.seconds < $1.seconds }?.algorithm ?? PS_CONV_DIRECT
        return (best, AlgorithmChoice(layer: layer, algorithm: name(best), candidates: candidates))
    }

    private static func time(
        of algorithm: ps_conv_algorithm, _ work: ConvolutionWork, _ input: [Int], _ output: [Int], _ core: Core
    ) -> Double {
        let isTransposed = work.kind == .transposed
        let inBlocks = (input[1] + 15) / 16, outBlocks = (output[1] + 15) / 16
        let weights = Double(input[1] * outBlocks * 16)
        let phases = isTransposed ? 4 : 1
        if algorithm == PS_CONV_DIRECT {
            let taps = isTransposed ? 4 : 9, pixels = input[0] * input[2] * input[3]
            return max(Double(pixels * taps * phases) * weights / core.rate, weights * Double(taps * phases) * 4 / core.weightBytes)
        }
        let isLarge = algorithm == PS_CONV_WINOGRAD_4
        let alpha = isLarge ? 6 : 4, side = alpha - (isTransposed ? 1 : 2), dilation = isTransposed ? 1 : work.dilation
        let extra = isTransposed ? 1 : 0
        func tiles(_ size: Int) -> Int { ((size + extra + dilation - 1) / dilation + side - 1) / side * dilation }
        let count = input[0] * tiles(input[2]) * tiles(input[3])
        let products = Double(count * alpha * alpha * phases) * weights / (core.rate * 0.93)
        let reading = weights * Double(alpha * alpha * phases) * 4 / core.weightBytes
        let transforms = Double(count * (inBlocks + outBlocks * phases)) / 2 * (isLarge ? core.largeTile : core.smallTile)
        // Even where they are hidden, weights take the memory's time from the other core, and space.
        return max(products, reading) + 0.1 * reading + transforms
    }
}

extension ConvolutionChoice.Core {
    fileprivate init(_ instructions: InstructionSet?, isPaired: Bool) {
        if isPaired { (rate, weightBytes) = (rate * 2, weightBytes * 2) }
        if instructions?.name == "avx512" { return }
        // Half the lanes and fewer registers: products and transforms both take longer, memory does not.
        (rate, largeTile, smallTile) = (40e9, 0.25e-6, 0.1e-6)
    }
}
