import CKernels

/// Sum, product and the like of two maps, or one map alone (an activation).
struct CombinationWork: BlockedWork {
    var operation: ps_arithmetic?
    var isSwapped = false
    /// One value a channel in place of the second map.
    var perChannel: [Float]?
    /// The output's size, for a second map of one pixel.
    func kernel(_ around: BlockedSurroundings) -> any Kernel {
        var shape = ps_combination()
        (shape.out, shape.a) = (around.output, around.inputs[0])
        var constant: TensorStorage?
        if let perChannel {
            let blocks = Int(ps_map_blocks(&shape.out))
            let storage = TensorStorage(byteCount: blocks * BlockedMap.lanes * 4)
            perChannel.withUnsafeBytes { storage.bytes.copyMemory(from: $0) }
            shape.b = ps_map(batch: shape.out.batch, channels: shape.out.channels, height: 1, width: 1, halo: 0, image: 0)
            constant = storage
        } else {
            shape.b = around.inputs.count > 1 ? around.inputs[1] : shape.a
        }
        shape.operation = operation.map { Int32($0.rawValue) } ?? -1
        shape.swapped = isSwapped ? 1 : 0
        shape.activation = around.activation
        return CombinationKernel(shape: shape, constant: constant, instructions: around.instructions)
    }
}

struct CombinationKernel: DividedKernel {
    let shape: ps_combination
    let constant: TensorStorage?
    let instructions: InstructionSet
    var items: Int { shape.out.planes }
    var nanoseconds: Int { shape.out.nanoseconds }

    func begin(_ inputs: [TensorView?], into outputs: [TensorView]) { clearHalo(shape.out, outputs[0]) }

    func run(items: Range<Int>, _ inputs: [TensorView?], into outputs: [TensorView], scratch: UnsafeMutableRawPointer?) {
        guard let a = inputs[0]?.pointer else { return }
        let b = constant?.start.assumingMemoryBound(to: Float.self) ?? (inputs.count > 1 ? inputs[1]?.pointer : nil)
        withUnsafePointer(to: shape) {
            instructions.table.pointee.combine($0, a, b, outputs[0].pointer, Int32(items.lowerBound), Int32(items.upperBound))
        }
    }
}

struct PoolingWork: BlockedWork {
    var shape: ps_pooling

    func kernel(_ around: BlockedSurroundings) -> any Kernel {
        var shape = shape
        (shape.in, shape.out, shape.activation) = (around.inputs[0], around.output, around.activation)
        return BlockedPoolingKernel(shape: shape, instructions: around.instructions, itemScratchBytes: ps_row_scratch(&shape.in))
    }
}

struct BlockedPoolingKernel: DividedKernel {
    let shape: ps_pooling
    let instructions: InstructionSet
    let itemScratchBytes: Int
    var items: Int { shape.out.planes }
    var nanoseconds: Int { shape.out.nanoseconds }

    func begin(_ inputs: [TensorView?], into outputs: [TensorView]) { clearHalo(shape.out, outputs[0]) }

    func run(items: Range<Int>, _ inputs: [TensorView?], into outputs: [TensorView], scratch: UnsafeMutableRawPointer?) {
        guard let x = inputs[0]?.pointer else { return }
        withUnsafePointer(to: shape) {
            instructions.table.pointee.pool($0, x, outputs[0].pointer, Int32(items.lowerBound), Int32(items.upperBound), scratch)
        }
    }
}

/// Nearest (one tap an axis) or linear (two) resizing, with a map added.
struct ResizingWork: BlockedWork {
    var taps: Int
    var rows: [Int32]
    var columns: [Int32]
    var rowWeights: [Float]
    var columnWeights: [Float]
    var takesResidual: Bool { true }

    func kernel(_ around: BlockedSurroundings) -> any Kernel {
        var input = around.inputs[0]
        return ResizingKernel(
            work: self, input: input, output: around.output, residual: around.residual, activation: around.activation,
            instructions: around.instructions, itemScratchBytes: ps_row_scratch(&input))
    }
}

struct ResizingKernel: DividedKernel {
    let work: ResizingWork
    let input, output: ps_map
    let residual: ps_map?
    let activation: ps_activation
    let instructions: InstructionSet
    let itemScratchBytes: Int
    var items: Int { output.planes }
    var nanoseconds: Int { output.nanoseconds }

    func begin(_ inputs: [TensorView?], into outputs: [TensorView]) { clearHalo(output, outputs[0]) }

    func run(items: Range<Int>, _ inputs: [TensorView?], into outputs: [TensorView], scratch: UnsafeMutableRawPointer?) {
        guard let x = inputs[0]?.pointer else { return }
        let beside: UnsafeMutablePointer<Float>? = residual != nil ? inputs[1]?.pointer : nil
        var shape = ps_resizing()
        (shape.in, shape.out, shape.activation) = (input, output, activation)
        (shape.taps, shape.residual_image) = (Int32(work.taps), residual?.image ?? 0)
        work.rows.withUnsafeBufferPointer { rows in
            work.columns.withUnsafeBufferPointer { columns in
                work.rowWeights.withUnsafeBufferPointer { rowWeights in
                    work.columnWeights.withUnsafeBufferPointer { columnWeights in
                        (shape.rows, shape.columns) = (rows.baseAddress, columns.baseAddress)
                        (shape.row_weights, shape.column_weights) = (rowWeights.baseAddress, columnWeights.baseAddress)
                        instructions.table.pointee.resize(
                            &shape, x, beside, outputs[0].pointer, Int32(items.lowerBound), Int32(items.upperBound), scratch)
                    }
                }
            }
        }
    }
}

/// Moves channels of several maps into one.
struct RoutingWork: BlockedWork {
    /// For each block of the output its moves.
    var moves: [[ps_move]]
    var sourceCount: Int
    var takesResidual: Bool { true }

    func kernel(_ around: BlockedSurroundings) -> any Kernel {
        var first: [Int32] = [0]
        for block in moves { first.append(first[first.count - 1] + Int32(block.count)) }
        return RoutingKernel(
            output: around.output, residual: around.residual, activation: around.activation,
            sources: Array(around.inputs.prefix(sourceCount)), firstMove: first, moves: moves.flatMap { $0 }, instructions: around.instructions)
    }
}

struct RoutingKernel: DividedKernel {
    let output: ps_map
    let residual: ps_map?
    let activation: ps_activation
    let sources: [ps_map]
    let firstMove: [Int32]
    let moves: [ps_move]
    let instructions: InstructionSet
    var items: Int { output.planes }
    var nanoseconds: Int { output.nanoseconds }
    /// The addresses of the sources.
    var itemScratchBytes: Int { sources.count * MemoryLayout<UnsafePointer<Float>?>.stride }

    func begin(_ inputs: [TensorView?], into outputs: [TensorView]) { clearHalo(output, outputs[0]) }

    func run(items: Range<Int>, _ inputs: [TensorView?], into outputs: [TensorView], scratch: UnsafeMutableRawPointer?) {
        guard let addresses = scratch?.addresses(of: inputs, count: sources.count) else { return }
        let beside: UnsafeMutablePointer<Float>? = residual != nil ? inputs[sources.count]?.pointer : nil
        var shape = ps_routing()
        (shape.out, shape.activation, shape.residual_image) = (output, activation, residual?.image ?? 0)
        sources.withUnsafeBufferPointer { sources in
            firstMove.withUnsafeBufferPointer { firstMove in
                moves.withUnsafeBufferPointer { moves in
                    (shape.sources, shape.first_move, shape.moves) = (sources.baseAddress, firstMove.baseAddress, moves.baseAddress)
                    instructions.table.pointee.route(
                        &shape, addresses, beside, outputs[0].pointer, Int32(items.lowerBound), Int32(items.upperBound))
                }
            }
        }
    }
}

extension UnsafeMutableRawPointer {
    /// Writes the addresses of the first inputs here, as kernels with many sources want them.
    @inline(__always)
    func addresses(of inputs: [TensorView?], count: Int) -> UnsafeMutablePointer<UnsafePointer<Float>?> {
        let result = bindMemory(to: UnsafePointer<Float>?.self, capacity: count)
        for i in 0..<count { result[i] = inputs[i].map { UnsafePointer($0.pointer) } }
        return result
    }
}
