import CKernels

// A 1x1 convolution behind a resize that makes maps larger: the same before it, with fewer pixels. Both are linear, the one along
// channels and the other along pixels, and the weights of a resize sum to 1, so that even the bias may pass.
extension LayoutBuilder {
    /// A run of channels of a convolution's input: a whole map, and the map that it was made of by a resize.
    private struct Part {
        var map: Int
        var first: Int
        var channels: Int
        var source: Int?
        var resize: ResizingWork?
    }

    /// Fewer channels would save less than further resizes cost.
    private static let leastChannels = 64

    /// Lays the convolution out over the maps before the resizes; of a concatenation each part with its share of the weights,
    /// added up. false: nothing was done.
    mutating func laySmall(_ node: Node, _ work: ConvolutionWork, _ input: ValueID, _ activation: Activation) -> Bool {
        guard work.kind == .dense, work.kernelHeight == 1, work.kernelWidth == 1, work.stride == 1, work.halo == 0, isBlocked(input),
            shape(node.outputs[0])[2...] == shape(input)[2...], let parts = parts(of: input), parts.contains(where: { $0.resize != nil })
        else { return false }
        let outputs = shape(node.outputs[0])[1], size = (height: shape(input)[2], width: shape(input)[3])
        var sum: Int?
        // What keeps its size first: the resizes then add to it.
        for part in parts.filter({ $0.resize == nil }) + parts.filter({ $0.resize != nil }) {
            var share = work
            share.weights = weights(of: part, in: work.weights)
            if sum != nil { share.bias = nil }
            let from = part.source ?? part.map
            guard let pattern = maps[from] else { return false }
            let source = work.isPaired ? needPaired(from) : from
            if let resize = part.resize {
                let small = wait(
                    node, share, input: source, channels: outputs, size: (pattern.height, pattern.width), adding: nil)
                sum = wait(node, resize, input: small, channels: outputs, size: size, adding: sum)
                waiting[waiting.count - 1].operatorName = "Resize"
            } else {
                sum = wait(node, share, input: source, channels: outputs, size: size, adding: sum)
            }
        }
        guard let sum else { return false }
        waiting[waiting.count - 1].activation = activation
        states[node.outputs[0].index].map = sum
        madeFor[sum] = node.outputs[0]
        return true
    }

    /// The input as whole maps, one after the other; nil when it is anything else.
    private func parts(of input: ValueID) -> [Part]? {
        guard let routing = routing(of: input) else { return nil }
        var parts: [Part] = []
        var at = 0
        while at < routing.sources.count {
            let map = routing.sources[at].map
            guard let pattern = maps[map], at + pattern.channels <= routing.sources.count, pattern.parent == nil else { return nil }
            for i in 0..<pattern.channels where routing.sources[at + i] != .init(map: map, channel: i) { return nil }
            var part = Part(map: map, first: at, channels: pattern.channels)
            if pattern.channels >= Self.leastChannels, let step = makers[map], case .blocked(let work) = waiting[step].content,
                let resize = work as? ResizingWork, waiting[step].activation == .identity, waiting[step].residual == nil,
                let source = waiting[step].inputs[0], let before = maps[source],
                before.height * before.width * 2 <= pattern.height * pattern.width
            {
                (part.source, part.resize) = (source, resize)
            }
            parts.append(part)
            at += pattern.channels
        }
        return parts
    }

    /// The weights [O, I, 1, 1] of the part's channels.
    private func weights(of part: Part, in all: Tensor) -> Tensor {
        let (outputs, inputs) = (all.shape[0], all.shape[1])
        if part.channels == inputs { return all }
        var values: [Float] = []
        values.reserveCapacity(outputs * part.channels)
        all.withElements(as: Float.self) { from in
            for o in 0..<outputs { values += from[o * inputs + part.first..<o * inputs + part.first + part.channels] }
        }
        return Tensor(values, shape: [outputs, part.channels, 1, 1])
    }
}
