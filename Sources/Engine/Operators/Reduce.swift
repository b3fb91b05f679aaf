import Diagnostics
import Foundation

/// One number out of all elements along some axes. Floats are summed in float64.
///
/// The axes are an attribute or a second input; without any, all axes are reduced, or none with `keepsAllWithoutAxes`.
public struct Reduce: Operator {
    public enum Function: String, Sendable, CaseIterable {
        case sum = "ReduceSum", mean = "ReduceMean", product = "ReduceProd", maximum = "ReduceMax", minimum = "ReduceMin"
        case l1 = "ReduceL1", l2 = "ReduceL2", sumOfSquares = "ReduceSumSquare"
        case logOfSum = "ReduceLogSum", logOfSumOfExp = "ReduceLogSumExp"
    }

    public var function: Function
    public var axes: [Int]?
    public var keepsDimensions: Bool
    public var keepsAllWithoutAxes: Bool

    public init(_ function: Function, axes: [Int]? = nil, keepsDimensions: Bool = true, keepsAllWithoutAxes: Bool = false) {
        self.function = function
        self.axes = axes
        self.keepsDimensions = keepsDimensions
        self.keepsAllWithoutAxes = keepsAllWithoutAxes
    }

    public var name: String { function.rawValue }

    func reducedAxes(_ named: [Int]?, rank: Int) throws -> [Int] {
        guard let named, !named.isEmpty else { return keepsAllWithoutAxes ? [] : Array(0..<rank) }
        return try checkedAxes(named, rank: rank)
    }

    public func infer(_ inputs: [ValueInfo?]) throws -> [ValueInfo] {
        let input = try required(inputs, 0)
        try requireType(input, among: ElementType.numbers)
        let named = try integers(axes, orConstant: optional(inputs, 1), "the list of axes")
        let reduced = try reducedAxes(named, rank: input.shape.count)
        let shape = input.shape.indices.compactMap { axis in
            reduced.contains(axis) ? (keepsDimensions ? 1 : nil) : input.shape[axis]
        }
        return [ValueInfo(input.elementType, try checked(shape))]
    }

    public func compute(_ inputs: [TensorView?], into outputs: [TensorView], scratch: UnsafeMutableRawBufferPointer) throws {
        let (input, output) = (try required(inputs, 0), outputs[0])
        let reduced = try reducedAxes(integers(axes, or: optionalView(inputs, 1)), rank: input.shape.count)
        let walk = ReductionWalk(shape: input.shape, reduced: reduced)
        switch input.elementType {
        case .float32: walk.fold(input.floats, into: output.floats) { Float(floating($0, $1)) }
        case .float64: walk.fold(input.elements(Double.self), into: output.elements(Double.self)) { floating($0, $1) }
        case .int32: walk.fold(input.elements(Int32.self), into: output.elements(Int32.self)) { Int32(truncatingIfNeeded: integral($0, $1)) }
        case .int64: walk.fold(input.elements(Int64.self), into: output.elements(Int64.self)) { integral($0, $1) }
        default: throw misfit("type \(input.elementType.rawValue)")
        }
    }

    @inline(__always)
    private func floating<T: BinaryFloatingPoint>(_ elements: ReductionWalk.Elements<T>, _ count: Int) -> Double {
        switch function {
        case .sum: return elements.reduce(0) { $0 + Double($1) }
        case .mean: return elements.reduce(0) { $0 + Double($1) } / Double(count)
        case .product: return elements.reduce(1) { $0 * Double($1) }
        case .maximum: return elements.reduce(-.infinity) { $0 > Double($1) || $0.isNaN ? $0 : Double($1) }
        case .minimum: return elements.reduce(.infinity) { $0 < Double($1) || $0.isNaN ? $0 : Double($1) }
        case .l1: return elements.reduce(0) { $0 + Double($1).magnitude }
        case .l2: return elements.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
        case .sumOfSquares: return elements.reduce(0) { $0 + Double($1) * Double($1) }
        case .logOfSum: return log(elements.reduce(0) { $0 + Double($1) })
        case .logOfSumOfExp:
            // Relative to the largest, so that exp cannot overflow.
            let largest = elements.reduce(-.infinity) { max($0, Double($1)) }
            guard largest.isFinite else { return largest }
            return largest + log(elements.reduce(0) { $0 + exp(Double($1) - largest) })
        }
    }

    @inline(__always)
    private func integral<T: FixedWidthInteger>(_ elements: ReductionWalk.Elements<T>, _ count: Int) -> Int64 {
        switch function {
        case .sum: elements.reduce(0) { $0 &+ Int64($1) }
        case .mean: count == 0 ? 0 : elements.reduce(0) { $0 &+ Int64($1) } / Int64(count)
        case .product: elements.reduce(1) { $0 &* Int64($1) }
        case .maximum: elements.reduce(.min) { max($0, Int64($1)) }
        case .minimum: elements.reduce(.max) { min($0, Int64($1)) }
        case .l1: elements.reduce(0) { $0 &+ ($1 < 0 ? 0 &- Int64($1) : Int64($1)) }
        case .sumOfSquares: elements.reduce(0) { $0 &+ Int64($1) &* Int64($1) }
        case .l2: Int64(saturating: elements.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot())
        case .logOfSum: Int64(saturating: log(elements.reduce(0.0) { $0 + Double($1) }))
        case .logOfSumOfExp: Int64(saturating: log(elements.reduce(0.0) { $0 + exp(Double($1)) }))
        }
    }
}

/// Which elements of a dense tensor belong to each result of a reduction.
private struct ReductionWalk {
    /// The elements of one result, in order of memory.
    struct Elements<T> {
        fileprivate let base: UnsafeMutableBufferPointer<T>
        fileprivate let start: Int
        /// From the start to each run, and the runs' common length and step.
        fileprivate let runs: [Int]
        fileprivate let length: Int
        fileprivate let step: Int

        @inline(__always)
        func reduce<Result>(_ initial: Result, _ combine: (Result, T) -> Result) -> Result {
            var result = initial
            for run in runs {
                for i in 0..<length { result = combine(result, base[start + run + i * step]) }
            }
            return result
        }
    }

    private let starts: [Int]
    private let runs: [Int]
    private let length: Int
    private let step: Int

    init(shape: [Int], reduced: [Int]) {
        let strides = Shape.strides(shape)
        /// Offsets of all positions along these axes, in row-major order.
        func offsets(_ axes: some Sequence<Int>) -> [Int] {
            axes.reduce([0]) { offsets, axis in
                offsets.flatMap { offset in (0..<shape[axis]).map { offset + $0 * strides[axis] } }
            }
        }
        starts = offsets(shape.indices.filter { !reduced.contains($0) })
        // Neighbouring axes at the end of the reduced ones are one run.
        var tail = reduced.count
        var length = 1
        while tail > 0, tail == reduced.count || reduced[tail - 1] == reduced[tail] - 1 {
            tail -= 1
            length *= shape[reduced[tail]]
        }
        self.length = length
        step = reduced.last.map { strides[$0] } ?? 1
        runs = offsets(reduced[..<tail])
    }

    @inline(__always)
    func fold<T>(
        _ input: UnsafeMutableBufferPointer<T>, into output: UnsafeMutableBufferPointer<T>, _ function: (Elements<T>, Int) -> T
    ) {
        for (i, start) in starts.enumerated() {
            output[i] = function(Elements(base: input, start: start, runs: runs, length: length, step: step), runs.count * length)
        }
    }
}
