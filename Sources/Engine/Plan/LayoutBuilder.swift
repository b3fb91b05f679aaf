import CKernels
import Diagnostics

/// Chooses the layout of every value and the kernel of every layer.
///
/// Convolutions run over maps in blocks of 16 channels; what stands between them stays in that layout, so that conversions
/// happen only where the network begins and ends and around layers that know plain tensors only. Concatenations, splits and
/// shuffles of channels are not computed but remembered (`ChannelRouting`); a concatenation of whole blocks is no copy, its
/// parts are written where they belong. Sums and activations move into the layer before them. Layers are gathered first; their
/// kernels are made at the end, when it is known how wide a halo each map's readers want.
struct LayoutBuilder {
    /// Where a value of the graph can be found.
    struct State {
        var isPlain = false
        var map: Int?
        var routing: ChannelRouting?
        /// [N, C, L]: the pixels of one or more values of the graph, one after the other.
        var pixels: [ValueID]?
        /// A plain colour picture, interleaved for a stem.
        var colours: Int?
        /// Computed plainly only if somebody asks.
        var deferred: Node?
    }

    struct Waiting {
        enum Content {
            case plain(any Kernel)
            case blocked(any BlockedWork)
        }

        var name: String
        var operatorName: String
        var content: Content
        var inputs: [Int?]
        var outputs: [Int]
        var residual: Int?
        var activation = Activation.identity
        /// A paired map that the step writes beside its output, or instead of it where nobody reads that.
        var words: Int?
        var keepsFloats = true
    }

    let inference: ShapeInference
    let kernels: KernelSelection
    let threads: Int
    var values: [LaidOutNetwork.Value?]
    var owners: [(value: Int, byteOffset: Int)]
    var states: [State]
    var waiting: [Waiting] = []
    /// Blocked maps by value.
    var maps: [Int: BlockedMap] = [:]
    /// Step that makes a map, and the value of the graph that it was made for.
    var makers: [Int: Int] = [:]
    var madeFor: [Int: ValueID] = [:]
    /// Step after which a map is written wholly.
    var complete: [Int: Int] = [:]
    /// The bf16 twin of a map.
    private var pairedMaps: [Int: Int] = [:]
    /// Maps of one group have one halo.
    private var groups: [Int: Int] = [:]
    private var readers: [Int]

    init(_ inference: ShapeInference, kernels: KernelSelection, threads: Int) {
        self.inference = inference
        self.kernels = kernels
        self.threads = threads
        values = inference.infos.map { $0.map { LaidOutNetwork.Value($0) } }
        owners = values.indices.map { ($0, 0) }
        states = Array(repeating: State(), count: values.count)
        readers = Array(repeating: 0, count: values.count)
        for input in inference.graph.inputs { states[input.value.index].isPlain = true }
        for node in inference.steps + inference.dynamicSteps { for case let value? in node.inputs { readers[value.index] += 1 } }
        for output in inference.graph.outputs { readers[output.value.index] += 1 }
    }

    consuming func network() throws -> LaidOutNetwork {
        for node in inference.steps {
            try node.named {
                if try kernels.instructions != nil && layBlocked(node) { return }
                try layPlain(node)
            }
        }
        for node in inference.dynamicSteps {
            for case let value? in node.inputs where info(value) != nil { try node.named { try needPlain(value) } }
        }
        for output in inference.graph.outputs where info(output.value) != nil { try needPlain(output.value) }
        return try finish()
    }

    // MARK: - Values

    func info(_ value: ValueID) -> ValueInfo? { inference.infos[value.index] }

    func shape(_ value: ValueID) -> [Int] { info(value)?.shape ?? [] }

    func constant(_ value: ValueID?) -> Tensor? { value.flatMap { info($0)?.constant } }

    func isReadOnce(_ value: ValueID) -> Bool { readers[value.index] == 1 }

    /// Lies in blocks, or is made of what lies in blocks.
    func isBlocked(_ value: ValueID) -> Bool {
        let state = states[value.index]
        return !state.isPlain && (state.map != nil || state.routing != nil)
    }

    /// Makes sure that the value can be read as a plain tensor.
    mutating func needPlain(_ value: ValueID) throws {
        let state = states[value.index]
        if state.isPlain || info(value)?.constant != nil { return }
        if let node = state.deferred {
            states[value.index].deferred = nil
            return try layPlain(node)
        }
        guard let routing = routing(of: value) else { return }
        states[value.index].isPlain = true
        let maps = routing.maps
        wait(
            "", "Unblock", .blocked(UnblockingWork(channels: routing.channels(in: maps))), inputs: maps, outputs: [value.index])
    }

    /// The channels of a value that lies in blocks.
    func routing(of value: ValueID) -> ChannelRouting? {
        let state = states[value.index]
        if let routing = state.routing { return routing }
        return state.map.flatMap { map in maps[map].map { ChannelRouting(all: $0.channels, of: map) } }
    }

    /// The value as a blocked map; its shape must be one that fits.
    mutating func needMap(_ value: ValueID) -> Int {
        if let map = states[value.index].map { return map }
        let map: Int
        if let routing = states[value.index].routing {
            let count = waiting.count
            map = gather(routing)
            if waiting.count > count { madeFor[map] = value }
        } else {
            map = newMap(shape(value))
            wait("", "Block", .blocked(BlockingWork()), inputs: [value.index], outputs: [map])
        }
        states[value.index].map = map
        return map
    }

    /// The map rounded to bf16: by the step that makes it, if that can, else by one of its own.
    mutating func needPaired(_ map: Int) -> Int {
        if let paired = pairedMaps[map] { return paired }
        guard let pattern = maps[map] else { return map }
        let isWritten = isPairedForNothing(map)
        let paired = newMap([pattern.batch, pattern.channels, pattern.height, pattern.width])
        maps[paired]?.isPaired = true
        if isWritten, let step = makers[map] {
            waiting[step].words = paired
            uniteHalos(map, paired)
        } else {
            wait("", "Narrow", .blocked(NarrowingWork()), inputs: [map], outputs: [paired])
        }
        pairedMaps[map] = paired
        return paired
    }

    /// Whether rounding the map to bf16 takes no step of its own. Nothing is fused into that step any more: its value has a reader.
    func isPairedForNothing(_ map: Int) -> Bool {
        if pairedMaps[map] != nil { return true }
        guard let step = makers[map], waiting[step].outputs == [map], case .blocked(let work) = waiting[step].content else { return false }
        return work.writesWords(after: waiting[step].activation)
    }

    mutating func newMap(_ shape: [Int], isInterleaved: Bool = false) -> Int {
        let map = values.count
        values.append(nil)
        owners.append((map, 0))
        maps[map] = BlockedMap(batch: shape[0], channels: shape[1], height: shape[2], width: shape[3], isInterleaved: isInterleaved)
        return map
    }

    // MARK: - Steps

    /// Appends a step. Its inputs are values or maps.
    mutating func wait(_ name: String, _ operatorName: String, _ content: Waiting.Content, inputs: [Int?], outputs: [Int]) {
        for output in outputs {
            makers[output] = waiting.count
            complete[output] = waiting.count
        }
        waiting.append(Waiting(name: name, operatorName: operatorName, content: content, inputs: inputs, outputs: outputs))
    }

    /// A blocked step that makes a part of what the node computes and adds what was there before.
    mutating func wait(_ node: Node, _ work: any BlockedWork, input: Int, channels: Int, size: (height: Int, width: Int), adding residual: Int?) -> Int {
        let map = newMap([shape(node.outputs[0])[0], channels, size.height, size.width])
        wait(node.name, node.op.name, .blocked(work), inputs: [input], outputs: [map])
        if let residual {
            waiting[waiting.count - 1].residual = residual
            uniteHalos(residual, map)
        }
        return map
    }

    /// A blocked step that makes the node's output.
    mutating func wait(_ node: Node, _ work: any BlockedWork, inputs: [Int]) {
        let map = newMap(shape(node.outputs[0]))
        wait(node.name, node.op.name, .blocked(work), inputs: inputs, outputs: [map])
        states[node.outputs[0].index].map = map
        madeFor[map] = node.outputs[0]
    }

    /// The layer's own computation on plain tensors.
    mutating func layPlain(_ node: Node) throws {
        if node.op is any ViewOperator, node.outputs.count == 1, let source = node.inputs.first ?? nil, constant(source) == nil,
            info(source) != nil
        {
            guard info(source)?.count == info(node.outputs[0])?.count else {
                throw Failure(.internalDefect, "cannot plan network", at: node.place, because: "a view changes the count")
            }
            try needPlain(source)
            owners[node.outputs[0].index] = owners[source.index]
            states[node.outputs[0].index].isPlain = true
            return
        }
        for case let value? in node.inputs { try needPlain(value) }
        let kernel = try kernels.kernel(
            for: node.op, node.inputs.map { $0.flatMap { info($0) } }, node.outputs.compactMap { info($0) })
        for value in node.outputs { states[value.index].isPlain = true }
        wait(node.name, node.op.name, .plain(kernel), inputs: node.inputs.map { $0?.index }, outputs: node.outputs.map(\.index))
    }

    /// Lets the step that made `map` end with this activation, if it can.
    mutating func fuse(_ activation: Activation, into map: Int, of value: ValueID) -> Bool {
        guard isReadOnce(value), madeFor[map] == value, let step = makers[map], case .blocked(let work) = waiting[step].content, work.takesActivation,
            waiting[step].activation == .identity
        else { return false }
        waiting[step].activation = activation
        return true
    }

    /// Lets the step that made `map` add `residual`, if it can and the residual is there by then.
    mutating func fuse(residual: Int, into map: Int, of value: ValueID) -> Bool {
        guard isReadOnce(value), madeFor[map] == value, let step = makers[map], case .blocked(let work) = waiting[step].content, work.takesResidual,
            waiting[step].activation == .identity, waiting[step].residual == nil,
            let other = complete[residual], other < step
        else { return false }
        waiting[step].residual = residual
        waiting[step].operatorName += "+Add"
        uniteHalos(residual, map)
        return true
    }

    // MARK: - Halos

    private func root(_ map: Int) -> Int {
        var map = map
        while let next = groups[map], next != map { map = next }
        return map
    }

    mutating func uniteHalos(_ a: Int, _ b: Int) {
        let (a, b) = (root(a), root(b))
        if a != b { groups[max(a, b)] = min(a, b) }
    }

    /// The halo that the readers of each group want.
    private func halos() -> [Int: Int] {
        var halos: [Int: Int] = [:]
        for step in waiting {
            guard case .blocked(let work) = step.content else { continue }
            for (index, input) in step.inputs.enumerated() {
                guard let input, maps[input] != nil else { continue }
                let group = root(input)
                halos[group] = max(halos[group] ?? 0, work.halo(ofInput: index))
            }
        }
        return halos
    }

    // MARK: - End

    /// Steps over maps that nobody reads any more are left out.
    private mutating func dropUnread() {
        func whole(_ map: Int) -> Int {
            var map = map
            while let parent = maps[map]?.parent { map = parent.map }
            return map
        }
        var read = Set<Int>()
        var kept: [Waiting] = []
        for step in waiting.reversed() {
            var step = step
            let isRead = step.outputs.contains { maps[$0] == nil || read.contains(whole($0)) }
            if case .blocked = step.content, !isRead {
                guard let words = step.words, read.contains(words) else { continue }
                step.keepsFloats = false
            }
            if let words = step.words, !read.contains(words) { step.words = nil }
            kept.append(step)
            for case let input? in step.inputs + [step.residual] { read.insert(whole(input)) }
        }
        waiting = kept.reversed()
    }

    private consuming func finish() throws -> LaidOutNetwork {
        dropUnread()
        let halos = halos()
        var shapes: [Int: ps_map] = [:]
        for (index, map) in maps {
            let halo = halos[root(index)] ?? 0
            var whole = index, block = 0
            while let parent = maps[whole]?.parent {
                block += parent.block
                whole = parent.map
            }
            let image = (maps[whole] ?? map).image(halo: halo)
            shapes[index] = map.shape(halo: halo, image: image)
            owners[index] = (whole, block * map.plane(halo: halo) * 4)
            let (height, width) = (map.height + 2 * halo, map.width + 2 * halo)
            values[index] = LaidOutNetwork.Value(
                floats: map.isInterleaved
                    ? [map.batch, height, width, 3] : [map.batch, map.blocks, height, width, BlockedMap.lanes / (map.isPaired ? 2 : 1)])
        }
        var network = LaidOutNetwork(values: values, owners: owners)
        network.steps = try waiting.map { step in
            let kernel: any Kernel
            switch step.content {
            case .plain(let plain): kernel = plain
            case .blocked(let work):
                guard let instructions = kernels.instructions else {
                    throw Failure(.internalDefect, "cannot plan network", at: step.name, because: "no instruction set is chosen")
                }
                kernel = try work.kernel(BlockedSurroundings(
                    instructions: instructions, threads: threads, inputs: step.inputs.compactMap { $0.flatMap { shapes[$0] } },
                    output: shapes[step.outputs[0]] ?? ps_map(), residual: step.residual.flatMap { shapes[$0] },
                    activation: step.activation.kernel, words: step.words.flatMap { shapes[$0] }, keepsFloats: step.keepsFloats))
            }
            return LaidOutNetwork.Step(
                name: step.name, operatorName: step.operatorName, kernel: kernel,
                inputs: step.inputs + (step.residual.map { [$0] } ?? []),
                outputs: (step.keepsFloats ? step.outputs : []) + (step.words.map { [$0] } ?? []))
        }
        return network
    }
}

extension ChannelRouting {
    /// As C kernels want it, with each source's place among `maps`.
    func channels(in maps: [Int]) -> [ps_channel] {
        let places = Dictionary(uniqueKeysWithValues: zip(maps, 0...))
        return sources.map { ps_channel(source: Int32(places[$0.map] ?? 0), channel: Int32($0.channel)) }
    }
}
