import Diagnostics
import Engine
import Testing

/// Attributes and index inputs as a damaged file may hold them.
@Suite("Shape rules refuse what a damaged file may ask for")
struct HostileShapeTests {
    private static let extremes = [Int.min, Int.min + 1, -1 << 40, -7, -1, 0, 1, 3, 1 << 31, 1 << 40, .max - 1, .max]

    private static func integers(_ values: [Int]) -> ValueInfo { ValueInfo(Tensor(values.map { Int64($0) }, shape: [values.count])) }

    /// Operators with one free number each, wherever it is used in arithmetic.
    private static let makers: [@Sendable (Int) -> (any Operator, [ValueInfo?])] = {
        let x = ValueInfo(.float32, [2, 3, 4, 5])
        let wide = ValueInfo(.float32, [1 << 15, 1 << 15])
        return [
            { (Reshape(to: [$0, -1]), [x]) }, { (Reshape(to: [$0, $0], allowZero: true), [x]) },
            { (Flatten(axis: $0), [x]) }, { (Squeeze(axes: [$0]), [x]) }, { (Unsqueeze(axes: [$0, 0]), [x]) },
            { (Transpose(order: [$0, 1, 2, 3]), [x]) }, { (DepthToSpace(blockSize: $0), [x]) }, { (SpaceToDepth(blockSize: $0), [x]) },
            { (StridedSlice(starts: [$0], ends: [3], axes: [1]), [x]) }, { (StridedSlice(starts: [0], ends: [$0], axes: [1]), [x]) },
            { (StridedSlice(starts: [0], ends: [3], axes: [$0]), [x]) },
            { (StridedSlice(starts: [0], ends: [3], axes: [1], steps: [$0]), [x]) },
            { (StridedSlice(starts: [.max], ends: [.min], axes: [1], steps: [$0]), [x]) },
            { (Concat(axis: $0), [x, x]) }, { (Concat(axis: 0), [wide, wide, ValueInfo(.float32, [1, abs(max($0, -5))])]) },
            { (Split(axis: $0, numberOfParts: 2), [x]) }, { (Split(axis: 0, numberOfParts: $0), [x]) },
            { (Split(axis: 0, sizes: [$0, 2], numberOfParts: 2), [x]) }, { (Split(axis: 0, sizes: [$0, $0], numberOfParts: 2), [x]) },
            { (Expand(to: [$0, 1, 1, 1, 1]), [x]) }, { (Expand(to: [$0, $0, 1, 1, 1, 1]), [x]) },
            { (Tile(repeats: [$0, 1, 1, $0]), [x]) }, { (Pad(amounts: [$0, 0, 0, 0, $0, 0, 0, 0]), [x]) },
            { (Pad(mode: .reflect, amounts: [0, 0, 0, $0, 0, 0, 0, 0]), [x]) },
            { (Gather(axis: $0), [x, integers([0])]) }, { (Gather(axis: 1), [x, integers([$0])]) },
            { (GatherElements(axis: $0), [x, x]) }, { (GatherND(batchDimensions: $0), [x, integers([0])]) },
            { (Reduce(.sum, axes: [$0]), [x]) }, { (ArgExtreme(.maximum, axis: $0), [x]) },
            { (TopK(k: $0), [x]) }, { (TopK(k: 1, axis: $0), [x]) }, { (CumulativeSum(axis: $0), [x]) },
            { (ShapeOf(start: $0, end: $0), [x]) }, { (ConstantOfShape(), [integers([$0, $0])]) },
            { (NumberRange(), [ValueInfo(Tensor([0 as Int64], shape: [])), ValueInfo(Tensor([Int64($0)], shape: [])), ValueInfo(Tensor([1 as Int64], shape: []))]) },
            { (NumberRange(), [ValueInfo(Tensor([Int64.min], shape: [])), ValueInfo(Tensor([Int64.max], shape: [])), ValueInfo(Tensor([Int64($0)], shape: []))]) },
            { (Arithmetic(.add), [x, ValueInfo(.float32, [abs(max($0, -9)), 1, 1, 1, 1])]) },
            { (Einsum("ij,jk->ik"), [wide, ValueInfo(.float32, [1 << 15, abs(max($0, -9))])]) },
        ]
    }()

    @Test("every operator answers every extreme number with a shape or one refusal", arguments: makers.indices)
    func extremes(_ index: Int) throws {
        var answers = (shapes: 0, refusals: 0)
        for number in Self.extremes {
            let (op, inputs) = Self.makers[index](number)
            do {
                for info in try op.infer(inputs) {
                    #expect(info.shape.allSatisfy { $0 >= 0 })
                    #expect(try #require(Shape.count(info.shape)) <= 1 << 31)
                }
                answers.shapes += 1
            } catch let failure as Failure {
                #expect(failure.kind == .data)
                answers.refusals += 1
            }
        }
        #expect(answers.shapes + answers.refusals == Self.extremes.count)
    }

    @Test("inputs that are missing are refused by every operator", arguments: makers.indices)
    func missingInputs(_ index: Int) {
        let (op, _) = Self.makers[index](1)
        #expect(throws: Failure.self) { try op.infer([]) }
    }
}
