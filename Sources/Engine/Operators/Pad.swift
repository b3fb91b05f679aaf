import Diagnostics

/// Adds to both ends of each axis, or cuts where a number is negative.
///
/// Amounts are an attribute or a second input: all starts, then all ends. The value of constant padding is an attribute or
/// a third input (a scalar), 0 without it. With a fourth input the amounts are for the axes named there.
public struct Pad: Operator {
    public enum Mode: String, Sendable {
        case constant, edge
        /// Mirrored without repeating the border.
        case reflect
        /// Continued from the other end.
        case wrap
    }

    public var mode: Mode
    public var amounts: [Int]?
    public var value: Float

    public init(mode: Mode = .constant, amounts: [Int]? = nil, value: Float = 0) {
        self.mode = mode
        self.amounts = amounts
        self.value = value
    }

    private typealias Ends = [(before: Int, after: Int)]

    private func ends(_ amounts: [Int]?, axes: [Int]?, shape: [Int]) throws -> Ends {
        guard let amounts else { throw misfit("the amounts are missing") }
        let axes = try (axes ?? Array(shape.indices)).map { try checkedAxis($0, rank: shape.count) }
        guard amounts.count == 2 * axes.count, Set(axes).count == axes.count else {
            throw misfit("\(amounts.count) amounts for \(axes.count) axes")
        }
        guard amounts.allSatisfy({ $0.magnitude <= Shape.elementLimit }) else { throw misfit("amounts \(amounts) are too large") }
        var ends: Ends = shape.map { _ in (0, 0) }
        for (i, axis) in axes.enumerated() { ends[axis] = (amounts[i], amounts[i + axes.count]) }
        return ends
    }

    public func infer(_ inputs: [ValueInfo?]) throws -> [ValueInfo] {
        let input = try required(inputs, 0)
        let shape = try checked(input.shape)
        let ends = try ends(
            try integers(amounts, orConstant: optional(inputs, 1), "the list of amounts"),
            axes: try integers(nil, orConstant: optional(inputs, 3), "the list of axes"), shape: shape)
        if let value = optional(inputs, 2) {
            guard Shape.limitedCount(value.shape) == 1, value.elementType == input.elementType else {
                throw misfit("the padding value is no scalar of type \(input.elementType.rawValue)")
            }
        } else if value != 0 {
            try requireType(input, among: [.float32, .float64])
        }
        for (size, end) in zip(shape, ends) where mode != .constant && size == 0 && end.before + end.after > 0 {
            throw misfit("nothing to \(mode.rawValue) in an empty axis of \(Shape.text(shape))")
        }
        return [ValueInfo(input.elementType, try checked(zip(shape, ends).map { $0 + $1.before + $1.after }))]
    }

    public func compute(_ inputs: [TensorView?], into outputs: [TensorView], scratch: UnsafeMutableRawBufferPointer) throws {
        let (input, output) = (try required(inputs, 0), outputs[0])
        let ends = try ends(
            integers(amounts, or: optionalView(inputs, 1)), axes: integers(nil, or: optionalView(inputs, 3)), shape: input.shape)
        let fill = optionalView(inputs, 2)
        switch output.elementType.byteCount {
        case 1: pad(input, into: output, ends, with: fill.map { $0.elements(UInt8.self)[0] } ?? 0)
        case 2: pad(input, into: output, ends, with: fill.map { $0.elements(UInt16.self)[0] } ?? 0)
        case 4:
            let own = output.elementType == .float32 ? value.bitPattern : 0
            pad(input, into: output, ends, with: fill.map { $0.elements(UInt32.self)[0] } ?? own)
        default:
            let own = output.elementType == .float64 ? Double(value).bitPattern : 0
            pad(input, into: output, ends, with: fill.map { $0.elements(UInt64.self)[0] } ?? own)
        }
    }

    /// Where each element along an axis of the result comes from; nil for the padding value.
    private func source(_ index: Int, size: Int) -> Int? {
        if index >= 0, index < size { return index }
        switch mode {
        case .constant: return nil
        case .edge: return min(max(index, 0), size - 1)
        case .reflect:
            let period = max(2 * (size - 1), 1)
            let rest = (index % period + period) % period
            return min(rest, period - rest) % size
        case .wrap: return (index % size + size) % size
        }
    }

    private func pad<T: BitwiseCopyable>(_ input: TensorView, into output: TensorView, _ ends: Ends, with fill: T) {
        let (from, to) = (input.elements(T.self), output.elements(T.self))
        guard to.count > 0 else { return }
        guard let width = output.shape.last, let last = ends.last, let inputWidth = input.shape.last else {
            to[0] = from[0]
            return
        }
        let strides = Shape.strides(input.shape)
        let columns = (0..<width).map { source($0 - last.before, size: inputWidth) }
        var row = 0
        var position = [Int](repeating: 0, count: output.shape.count - 1)
        while true {
            var start: Int? = 0
            for axis in position.indices {
                let place = source(position[axis] - ends[axis].before, size: input.shape[axis])
                start = place.flatMap { place in start.map { $0 + place * strides[axis] } }
            }
            for x in 0..<width {
                if let start, let column = columns[x] { to[row + x] = from[start + column] } else { to[row + x] = fill }
            }
            row += width
            var axis = position.count - 1
            while axis >= 0 {
                position[axis] += 1
                if position[axis] < output.shape[axis] { break }
                position[axis] = 0
                axis -= 1
            }
            if axis < 0 { return }
        }
    }
}
