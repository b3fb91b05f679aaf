import CKernels
import Diagnostics

/// An axis with its size before and after, and the scale that was asked for.
struct ResizeAxis: Sendable {
    var input: Int
    var output: Int
    var scale: Double

    /// Where output pixel `x` lies in the input.
    func position<Real: BinaryFloatingPoint>(_ x: Int, _ coordinates: Resize.Coordinates, as: Real.Type) -> Real {
        let x = Real(x), scale = Real(scale)
        switch coordinates {
        case .halfPixel: return (x + 0.5) / scale - 0.5
        case .pytorchHalfPixel: return output > 1 ? (x + 0.5) / scale - 0.5 : 0
        case .halfPixelSymmetric:
            let exact = scale * Real(input)
            let offset = Real(input) / 2 * (1 - Real(output) / exact)
            return offset + (x + 0.5) / scale - 0.5
        case .alignCorners: return output > 1 ? x * Real(input - 1) / Real(output - 1) : 0
        case .asymmetric: return x / scale
        case .tfHalfPixelForNearest: return (x + 0.5) / scale
        }
    }
}

/// Resizing axis after axis with tables of source positions and weights that are made with the plan.
struct ResizeKernel: Kernel {
    /// One axis of the tensor seen as [outer, length, inner].
    private struct Pass: Sendable {
        var outer, input, output, inner, taps: Int
        /// `taps` of each a pixel of the output.
        var indices: [Int32]
        var weights: [Float]
    }

    /// Nearest neighbours: two axes at once.
    private struct NearestPass: Sendable {
        /// What is moved as one: an element, or all axes behind the two.
        var elementSize, planes, inHeight, inWidth: Int
        var rows: [Int32]
        var columns: [Int32]
    }

    private let passes: [Pass]
    private let nearestPasses: [NearestPass]
    private let elementSize: Int
    /// Bytes of each of the two halves of scratch, which hold what lies between passes.
    private let half: Int
    let scratchBytes: Int

    init(_ axes: [ResizeAxis], _ op: Resize, elementType: ElementType) throws {
        elementSize = elementType.byteCount
        var shape = axes.map(\.input)
        var between: [Int] = []
        func changes(_ axis: ResizeAxis) -> Bool { axis.input != axis.output || axis.scale != 1 }
        if case .nearest(let rounding) = op.mode {
            passes = []
            var nearest: [NearestPass] = []
            // The last axis with the one before it, then pairs of what remains.
            var end = axes.count
            while end > 0 {
                let start = max(0, end - 2)
                if axes[start..<end].contains(where: changes) {
                    let row = end - start == 2 ? axes[start] : ResizeAxis(input: 1, output: 1, scale: 1), column = axes[end - 1]
                    nearest.append(NearestPass(
                        elementSize: shape[end...].reduce(elementSize, *), planes: shape[..<start].reduce(1, *),
                        inHeight: row.input, inWidth: column.input, rows: nearestIndices(row, op.coordinates, rounding),
                        columns: nearestIndices(column, op.coordinates, rounding)))
                    for axis in start..<end { shape[axis] = axes[axis].output }
                    between.append(saturatingProduct(shape.reduce(1) { saturatingProduct($0, $1) }, elementSize))
                }
                end = start
            }
            nearestPasses = nearest
        } else {
            nearestPasses = []
            var linear: [Pass] = []
            for index in axes.indices.reversed() where changes(axes[index]) {
                let (taps, indices, weights) = Self.table(axes[index], op)
                linear.append(Pass(
                    outer: shape[..<index].reduce(1, *), input: axes[index].input, output: axes[index].output,
                    inner: shape[(index + 1)...].reduce(1, *), taps: taps, indices: indices, weights: weights))
                shape[index] = axes[index].output
                between.append(saturatingProduct(shape.reduce(1) { saturatingProduct($0, $1) }, elementSize))
            }
            passes = linear
        }
        half = (between.dropLast().max() ?? 0) / 64 * 64 + 64
        scratchBytes = between.count < 2 ? 0 : saturatingProduct(half, between.count > 2 ? 2 : 1)
    }

    private static func table(_ axis: ResizeAxis, _ op: Resize) -> (taps: Int, indices: [Int32], weights: [Float]) {
        switch op.mode {
        case .cubic(let coefficient):
            return cubicTable(axis, op.coordinates, Double(coefficient), excludesOutside: op.excludesOutside)
        case .linear, .nearest:
            return linearTable(axis, op.coordinates)
        }
    }

    func run(_ inputs: [TensorView?], into outputs: [TensorView], scratch: UnsafeMutableRawBufferPointer) throws {
        guard let x = inputs[0] else { return }
        let count = passes.count + nearestPasses.count
        if count == 0 {
            outputs[0].bytes.copyMemory(from: x.bytes, byteCount: outputs[0].count * elementSize)
            return
        }
        var source = UnsafeRawPointer(x.bytes)
        for index in 0..<count {
            let isLast = index == count - 1
            guard let target = isLast ? outputs[0].bytes : scratch.baseAddress.map({ $0 + index % 2 * half }) else { return }
            if nearestPasses.isEmpty {
                let pass = passes[index]
                ps_resample(
                    target.assumingMemoryBound(to: Float.self), source.assumingMemoryBound(to: Float.self), pass.outer, pass.input,
                    pass.output, pass.inner, pass.taps, pass.indices, pass.weights)
            } else {
                let pass = nearestPasses[index]
                ps_resize_nearest(
                    target, source, pass.elementSize, pass.planes, pass.inHeight, pass.inWidth, pass.rows.count, pass.columns.count,
                    pass.rows, pass.columns)
            }
            source = UnsafeRawPointer(target)
        }
    }
}

/// In float32, as ONNX Runtime does: where two neighbours are equally near, its rounding decides.
func nearestIndices(_ axis: ResizeAxis, _ coordinates: Resize.Coordinates, _ rounding: Resize.Rounding) -> [Int32] {
    (0..<axis.output).map { x in
        if axis.input == axis.output, axis.scale == 1 { return Int32(x) }
        let position = axis.position(x, coordinates, as: Float.self)
        let rounded: Float = switch rounding {
        case .preferFloor: position == position.rounded(.down) + 0.5 ? position.rounded(.down) : position.rounded()
        case .preferCeil: position.rounded(.toNearestOrAwayFromZero)
        case .floor: position.rounded(.down)
        case .ceil: position.rounded(.up)
        }
        return Int32(min(max(rounded, 0), Float(axis.input - 1)))
    }
}

func linearTable(_ axis: ResizeAxis, _ coordinates: Resize.Coordinates) -> (taps: Int, indices: [Int32], weights: [Float]) {
    var indices: [Int32] = [], weights: [Float] = []
    for x in 0..<axis.output {
        let position = min(max(axis.position(x, coordinates, as: Double.self), 0), Double(axis.input - 1))
        let first = Int(position)
        let share = position - Double(first)
        indices += [Int32(first), Int32(min(first + 1, axis.input - 1))]
        weights += [Float(1 - share), Float(share)]
    }
    return (2, indices, weights)
}

private func cubicTable(
    _ axis: ResizeAxis, _ coordinates: Resize.Coordinates, _ a: Double, excludesOutside: Bool
) -> (taps: Int, indices: [Int32], weights: [Float]) {
    var indices: [Int32] = [], weights: [Float] = []
    for x in 0..<axis.output {
        let position = axis.position(x, coordinates, as: Double.self)
        // Far outside all taps are the border anyway; this keeps the integers small.
        let first = Int(min(max(position, -4), Double(axis.input) + 4).rounded(.down))
        let t = min(max(position - Double(first), 0), 1)
        func near(_ d: Double) -> Double { ((a + 2) * d - (a + 3)) * d * d + 1 }
        func far(_ d: Double) -> Double { ((a * d - 5 * a) * d + 8 * a) * d - 4 * a }
        var taps = [far(1 + t), near(t), near(1 - t), far(2 - t)]
        if excludesOutside {
            for k in 0..<4 where first - 1 + k < 0 || first - 1 + k >= axis.input { taps[k] = 0 }
            let sum = taps.reduce(0, +)
            if sum != 0 { taps = taps.map { $0 / sum } }
        }
        for k in 0..<4 { indices.append(Int32(min(max(first - 1 + k, 0), axis.input - 1))) }
        weights += taps.map { Float($0) }
    }
    return (4, indices, weights)
}
