import CKernels

// Layers that only put channels into another order.
extension LayoutBuilder {
    /// Concat, Split, Slice, Transpose and Reshape where they move whole channels; false: compute it plainly.
    mutating func layChannels(_ node: Node) throws -> Bool {
        switch node.op {
        case let op as Concat: return try layConcatenation(node, op)
        case let op as Split: return laySplit(node, op)
        case let op as StridedSlice: return laySlice(node, op)
        case let op as Transpose: return layTransposition(node, op)
        case is any ViewOperator: return layView(node)
        default: return false
        }
    }

    private mutating func layConcatenation(_ node: Node, _ op: Concat) throws -> Bool {
        let inputs = node.inputs.compactMap { $0 }
        let rank = shape(node.outputs[0]).count
        guard inputs.count == node.inputs.count, let axis = Shape.axis(op.axis, rank: rank) else { return false }
        if rank == 3, axis == 2, inputs.allSatisfy({ states[$0.index].pixels != nil && !states[$0.index].isPlain }) {
            states[node.outputs[0].index].pixels = inputs.flatMap { states[$0.index].pixels ?? [] }
            states[node.outputs[0].index].deferred = node
            return true
        }
        guard axis == 1, inputs.contains(where: isBlocked), inputs.allSatisfy({ constant($0) == nil && BlockedMap.fits(shape($0)) }),
            BlockedMap.fits(shape(node.outputs[0]))
        else { return false }
        var sources: [ChannelRouting.Source] = []
        for input in inputs {
            if routing(of: input) == nil { _ = needMap(input) }
            sources += routing(of: input)?.sources ?? []
        }
        states[node.outputs[0].index].routing = ChannelRouting(sources)
        return true
    }

    private func canRoute(_ node: Node) -> ChannelRouting? {
        guard let input = node.inputs.first ?? nil, isBlocked(input) else { return nil }
        return routing(of: input)
    }

    private mutating func laySplit(_ node: Node, _ op: Split) -> Bool {
        guard let routing = canRoute(node), let input = node.inputs[0], shape(input).count == 4, Shape.axis(op.axis, rank: 4) == 1 else {
            return false
        }
        let sizes = node.outputs.map { shape($0)[1] }
        guard sizes.reduce(0, +) == routing.sources.count, sizes.allSatisfy({ $0 > 0 }) else { return false }
        var first = 0
        for (output, size) in zip(node.outputs, sizes) {
            states[output.index].routing = ChannelRouting(Array(routing.sources[first..<first + size]))
            first += size
        }
        return true
    }

    private mutating func laySlice(_ node: Node, _ op: StridedSlice) -> Bool {
        guard let routing = canRoute(node), let input = node.inputs[0], shape(input).count == 4,
            let windows = try? op.constantWindows(node.inputs.map { $0.flatMap { info($0) } }), windows.count == 4,
            [0, 2, 3].allSatisfy({ windows[$0].start == 0 && windows[$0].step == 1 && windows[$0].count == shape(input)[$0] }),
            windows[1].count > 0
        else { return false }
        let channels = windows[1]
        states[node.outputs[0].index].routing = ChannelRouting(
            (0..<channels.count).map { routing.sources[channels.start + $0 * channels.step] })
        return true
    }

    private mutating func layTransposition(_ node: Node, _ op: Transpose) -> Bool {
        guard let input = node.inputs.first ?? nil else { return false }
        let shape = self.shape(input), rank = shape.count
        guard let order = try? op.checkedOrder(rank: rank) else { return false }
        let state = states[input.index]
        if rank == 3, order == [0, 2, 1], let parts = state.pixels, !state.isPlain { return layPixels(node, parts) }
        if rank == 4, order == [0, 2, 3, 1], isBlocked(input) { return layPixels(node, [input]) }
        guard rank >= 4, let routing = canRoute(node), order[0] == 0, order[rank - 2] == rank - 2, order[rank - 1] == rank - 1 else {
            return false
        }
        let steps = Shape.strides(Array(shape[1..<rank - 2]))
        let middle = order[1..<rank - 2].map { $0 - 1 }
        var channels = [0]
        for axis in middle { channels = channels.flatMap { base in (0..<shape[axis + 1]).map { base + $0 * steps[axis] } } }
        guard channels.count == routing.sources.count else { return false }
        states[node.outputs[0].index].routing = ChannelRouting(channels.map { routing.sources[$0] })
        return true
    }

    /// [N, pixels of all parts, C], each part written where it belongs.
    private mutating func layPixels(_ node: Node, _ parts: [ValueID]) -> Bool {
        let routings = parts.compactMap { routing(of: $0) }
        guard routings.count == parts.count, let channels = routings.first?.sources.count else { return false }
        let counts = parts.map { shape($0)[2...].reduce(1, *) }
        var first = 0
        for (routing, count) in zip(routings, counts) {
            let maps = routing.maps
            let work = UnblockingWork(channels: routing.channels(in: maps), pixels: (first, counts.reduce(0, +) * channels))
            wait(node.name, "Unblock", .blocked(work), inputs: maps, outputs: [node.outputs[0].index])
            first += count
        }
        states[node.outputs[0].index].isPlain = true
        return true
    }

    /// A reshape that leaves pictures whole, or that makes each picture one row of pixels.
    private mutating func layView(_ node: Node) -> Bool {
        guard let routing = canRoute(node), let input = node.inputs[0], node.outputs.count == 1 else { return false }
        let from = shape(input), to = shape(node.outputs[0])
        guard from.count >= 4, to.count >= 3, from[0] == to[0] else { return false }
        if to.count >= 4, Array(from.suffix(2)) == Array(to.suffix(2)) {
            states[node.outputs[0].index].routing = routing
            return true
        }
        if from.count == 4, to.count == 3, to[1] == from[1], to[2] == from[2] * from[3] {
            states[node.outputs[0].index].pixels = [input]
            states[node.outputs[0].index].deferred = node
            return true
        }
        return false
    }

    // MARK: - Moving channels

    /// A map with these channels: a part of one that is there, one whose parts are written in place, or one that a step fills.
    mutating func gather(_ routing: ChannelRouting) -> Int {
        let sources = routing.sources, first = sources[0]
        guard let pattern = maps[first.map] else { return first.map }
        let isRun = sources.enumerated().allSatisfy { $1.map == first.map && $1.channel == first.channel + $0 }
        if isRun, first.channel == 0, sources.count == pattern.channels { return first.map }
        let result = newMap([pattern.batch, sources.count, pattern.height, pattern.width])
        if isRun, first.channel % BlockedMap.lanes == 0 {
            maps[result]?.parent = (first.map, first.channel / BlockedMap.lanes)
            uniteHalos(result, first.map)
            complete[result] = complete[first.map]
            return result
        }
        var moves = [[ps_move]](repeating: [], count: (sources.count + BlockedMap.lanes - 1) / BlockedMap.lanes)
        var movedMaps: [Int] = []
        var at = 0, last = -1
        while at < sources.count {
            if at % BlockedMap.lanes == 0, let count = wholePart(routing, at: at) {
                maps[sources[at].map]?.parent = (result, at / BlockedMap.lanes)
                uniteHalos(sources[at].map, result)
                last = max(last, complete[sources[at].map] ?? Int.max)
                at += count
                continue
            }
            move(sources[at], to: at, &moves, &movedMaps)
            at += 1
        }
        complete[result] = last
        if !movedMaps.isEmpty {
            wait("", "Route", .blocked(RoutingWork(moves: moves, sourceCount: movedMaps.count)), inputs: movedMaps, outputs: [result])
            // It fills a part only: what would follow it must not be put into it.
            if moves.contains(where: \.isEmpty) { makers[result] = nil }
        }
        return result
    }

    /// How many channels from `at` on are a whole map that can be written right here; nil: none.
    private func wholePart(_ routing: ChannelRouting, at: Int) -> Int? {
        let source = routing.sources[at]
        guard source.channel == 0, let map = maps[source.map], map.parent == nil,
            at + map.channels <= routing.sources.count, map.channels % BlockedMap.lanes == 0 || at + map.channels == routing.sources.count
        else { return nil }
        for i in 1..<max(map.channels, 1) where routing.sources[at + i] != .init(map: source.map, channel: i) { return nil }
        return map.channels
    }

    private func move(_ source: ChannelRouting.Source, to channel: Int, _ moves: inout [[ps_move]], _ movedMaps: inout [Int]) {
        let place: Int
        if let known = movedMaps.firstIndex(of: source.map) {
            place = known
        } else {
            place = movedMaps.count
            movedMaps.append(source.map)
        }
        let (block, lane) = (channel / BlockedMap.lanes, channel % BlockedMap.lanes)
        let from = Int32(source.channel / BlockedMap.lanes)
        var index = moves[block].firstIndex { $0.source == Int32(place) && $0.block == from }
        if index == nil {
            var new = ps_move()
            (new.source, new.block) = (Int32(place), from)
            moves[block].append(new)
            index = moves[block].count - 1
        }
        guard let index else { return }
        moves[block][index].mask |= 1 << UInt32(lane)
        withUnsafeMutableBytes(of: &moves[block][index].lanes) { bytes in
            bytes.storeBytes(of: Int32(source.channel % BlockedMap.lanes), toByteOffset: lane * 4, as: Int32.self)
        }
    }
}
