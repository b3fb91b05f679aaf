/// How dense tensors are walked together under numpy's broadcasting.
///
/// Dimensions that can be walked as one are joined: equal shapes become a single run, a value a channel becomes a run a
/// channel. Along a run an input's step is 1, or 0 where it is stretched.
struct Broadcast {
    private var sizes: [Int] = []
    private var steps: [[Int]] = []
    private let isEmpty: Bool

    /// `inputs` must be stretchable to `output`.
    init(output: [Int], inputs: [[Int]]) {
        isEmpty = output.contains(0)
        for axis in output.indices where output[axis] != 1 {
            let back = output.count - axis
            let step = inputs.map { shape in
                guard back <= shape.count, shape[shape.count - back] != 1 else { return 0 }
                return shape.suffix(back - 1).reduce(1, *)
            }
            if let outer = steps.last, zip(outer, step).allSatisfy({ $0 == $1 * output[axis] }) {
                sizes[sizes.count - 1] *= output[axis]
                steps[steps.count - 1] = step
            } else {
                sizes.append(output[axis])
                steps.append(step)
            }
        }
        if sizes.isEmpty {
            sizes = [1]
            steps = [inputs.map { _ in 0 }]
        }
    }

    /// Elements of one run.
    var runLength: Int { sizes[sizes.count - 1] }

    /// Step of each input along a run: 1 or 0.
    var runSteps: [Int] { steps[steps.count - 1] }

    /// Calls `body` for each run with the offset of its first element in the output and in each input.
    func forEachRun(_ body: (_ output: Int, _ inputs: [Int]) throws -> Void) rethrows {
        guard !isEmpty else { return }
        var position = [Int](repeating: 0, count: sizes.count)
        var offsets = [Int](repeating: 0, count: runSteps.count)
        var output = 0
        while true {
            try body(output, offsets)
            output += runLength
            var axis = sizes.count - 2
            while axis >= 0 {
                position[axis] += 1
                for input in offsets.indices { offsets[input] += steps[axis][input] }
                if position[axis] < sizes[axis] { break }
                for input in offsets.indices { offsets[input] -= steps[axis][input] * sizes[axis] }
                position[axis] = 0
                axis -= 1
            }
            if axis < 0 { return }
        }
    }

    /// Computes `output` element by element.
    @inline(__always)
    func map<A: BitwiseCopyable, B: BitwiseCopyable, R: BitwiseCopyable>(
        _ a: UnsafeMutableBufferPointer<A>, _ b: UnsafeMutableBufferPointer<B>, into result: UnsafeMutableBufferPointer<R>,
        _ function: (A, B) -> R
    ) {
        let (stepA, stepB, length) = (runSteps[0], runSteps[1], runLength)
        forEachRun { output, offsets in
            for i in 0..<length { result[output + i] = function(a[offsets[0] + i * stepA], b[offsets[1] + i * stepB]) }
        }
    }
}
