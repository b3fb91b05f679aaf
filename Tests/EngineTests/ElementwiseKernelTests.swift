import CKernels
import Testing

@Suite("Elementwise kernels")
struct ElementwiseKernelTests {
    private static let operations: [(ps_arithmetic, @Sendable (Float, Float) -> Float)] = [
        (PS_ADD, { $0 + $1 }), (PS_SUB, { $0 - $1 }), (PS_MUL, { $0 * $1 }), (PS_DIV, { $0 / $1 }),
        (PS_MIN, { $0.isNaN || $1.isNaN ? .nan : Swift.min($0, $1) }), (PS_MAX, { $0.isNaN || $1.isNaN ? .nan : Swift.max($0, $1) }),
    ]

    @Test("rows and single values combine as plain arithmetic does, for every length up to 70 and with guards around the result")
    func arithmetic() {
        var generator = SeededGenerator(seed: 11)
        let special: [Float] = [.nan, .infinity, -.infinity, 0, -1]
        for (operation, plain) in Self.operations {
            for n in 0...70 {
                for (stepA, stepB) in [(1, 1), (1, 0), (0, 1), (0, 0)] {
                    let a = (0..<max(n, 1)).map { $0 % 9 == 8 ? special.randomElement(using: &generator)! : Float.random(in: -4...4, using: &generator) }
                    let b = (0..<max(n, 1)).map { $0 % 7 == 6 ? special.randomElement(using: &generator)! : Float.random(in: -4...4, using: &generator) }
                    var result = [Float](repeating: 77, count: n + 8)
                    result.withUnsafeMutableBufferPointer {
                        ps_arithmetic_f32(operation, $0.baseAddress! + 4, a, stepA, b, stepB, n)
                    }
                    for i in 0..<n {
                        let wanted = plain(a[i * stepA], b[i * stepB]), got = result[4 + i]
                        #expect(got == wanted || (got.isNaN && wanted.isNaN), "\(a[i * stepA]) and \(b[i * stepB]) gave \(got)")
                    }
                    #expect(result[..<4].allSatisfy { $0 == 77 } && result[(4 + n)...].allSatisfy { $0 == 77 })
                }
            }
        }
    }

    @Test("a strided copy visits what nested loops visit, for elements of 1, 2, 4 and 8 bytes and negative and zero steps")
    func stridedCopy() {
        check(UInt8.self)
        check(UInt16.self)
        check(UInt32.self)
        check(UInt64.self)
    }

    private func check<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type) {
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<400 {
            // A dense source walked in another order, some axes backwards, some standing still.
            let rank = Int.random(in: 0...5, using: &generator)
            let source = (0..<rank).map { _ in Int.random(in: 1...4, using: &generator) }
            let values = (0..<source.reduce(1, *)).map { T(truncatingIfNeeded: $0 &* 37 &+ 5) }
            var strides = [Int](repeating: 1, count: rank)
            for axis in (0..<max(rank - 1, 0)).reversed() { strides[axis] = strides[axis + 1] * source[axis + 1] }
            var offset = 0
            var (sizes, steps): ([Int], [Int]) = ([], [])
            for axis in (0..<rank).shuffled(using: &generator) {
                switch Int.random(in: 0...3, using: &generator) {
                case 0:
                    offset += (source[axis] - 1) * strides[axis]
                    (sizes, steps) = (sizes + [source[axis]], steps + [-strides[axis]])
                case 1: (sizes, steps) = (sizes + [Int.random(in: 0...3, using: &generator)], steps + [0])
                default: (sizes, steps) = (sizes + [source[axis]], steps + [strides[axis]])
                }
            }
            var places = [offset]
            for (size, step) in zip(sizes, steps) { places = places.flatMap { place in (0..<size).map { place + $0 * step } } }
            var result = [T](repeating: 99, count: places.count + 2)
            values.withUnsafeBufferPointer { from in
                result.withUnsafeMutableBufferPointer { to in
                    ps_copy_strided(to.baseAddress! + 1, from.baseAddress! + offset, MemoryLayout<T>.stride, rank, sizes, steps)
                }
            }
            #expect(Array(result[1..<(1 + places.count)]) == places.map { values[$0] }, "\(sizes) by \(steps)")
            #expect(result.first == 99 && result.last == 99)
        }
    }
}
