import Diagnostics
import Foundation

/// Sums of products of float32 tensors in Einstein's notation: "bij,bjk->bik". Without "->" the labels that occur once are
/// kept, in alphabetical order. An ellipsis stands for further dimensions, broadcast.
public struct Einsum: Operator {
    public var equation: String
    public init(_ equation: String) { self.equation = equation }

    /// A dimension by letter, or the n-th from the end among those of the ellipsis.
    private enum Label: Hashable {
        case letter(Character)
        case ellipsis(Int)
    }

    private struct Walk {
        var outputShape: [Int]
        /// Sizes of the output's labels, then of those that are summed.
        var sizes: [Int]
        /// Step of each operand for each label, same order.
        var steps: [[Int]]
    }

    /// More steps than this are taken for a damaged model: minutes of work in one layer.
    private static let stepLimit = 1 << 36

    private func labels(_ term: Substring, rank: Int?) throws -> [Label] {
        var labels: [Label] = []
        var rest = term
        let letters = term.filter { $0 != "." }.count
        while let first = rest.first {
            if rest.hasPrefix("...") {
                guard let rank, rank >= letters else { throw misfit("\"\(equation)\" does not fit \(rank ?? 0) dimensions") }
                labels += (0..<rank - letters).reversed().map { .ellipsis($0) }
                rest = rest.dropFirst(3)
            } else {
                guard first.isLetter, first.isASCII else { throw misfit("\"\(equation)\" is no equation") }
                labels.append(.letter(first))
                rest = rest.dropFirst()
            }
        }
        return labels
    }

    private func walk(_ shapes: [[Int]]) throws -> Walk {
        let text = equation.filter { $0 != " " }
        let sides = text.components(separatedBy: "->")
        let terms = sides[0].split(separator: ",", omittingEmptySubsequences: false)
        guard sides.count <= 2, terms.count == shapes.count else { throw misfit("\"\(equation)\" for \(shapes.count) inputs") }
        let operands = try zip(terms, shapes).map { try labels($0, rank: $1.count) }
        var sizes: [Label: Int] = [:]
        var uses: [Label: Int] = [:]
        for (labels, shape) in zip(operands, shapes) {
            guard labels.count == shape.count else { throw misfit("\"\(equation)\" does not fit shape \(Shape.text(shape))") }
            for (label, size) in zip(labels, shape) {
                let known = sizes[label] ?? 1
                guard known == size || known == 1 || size == 1 else { throw misfit("sizes \(known) and \(size) of one label in \"\(equation)\"") }
                sizes[label] = known == 1 ? size : known
                uses[label, default: 0] += 1
            }
        }
        let open = sizes.keys.compactMap { if case .ellipsis(let i) = $0 { i } else { nil } }.sorted(by: >).map { Label.ellipsis($0) }
        let output: [Label]
        if sides.count == 2 {
            let letters = sides[1].filter { $0 != "." }.count
            output = try labels(Substring(sides[1]), rank: letters + open.count)
        } else {
            let letters = uses.compactMap { if case .letter(let letter) = $0.key, $0.value == 1 { letter } else { nil } }
            output = open + letters.sorted().map { .letter($0) }
        }
        guard Set(output).count == output.count, output.allSatisfy({ sizes[$0] != nil }) else {
            throw misfit("the result of \"\(equation)\" is not defined")
        }
        let order = output + sizes.keys.filter { !output.contains($0) }
        var total = 1
        for label in order where (sizes[label] ?? 1) > 0 {
            total *= sizes[label] ?? 1
            guard total <= Self.stepLimit else { throw misfit("\"\(equation)\" of these sizes is too much work") }
        }
        let steps = zip(operands, shapes).map { labels, shape in
            let strides = Shape.strides(shape)
            return order.map { label in
                labels.indices.reduce(0) { $0 + (labels[$1] == label && shape[$1] != 1 ? strides[$1] : 0) }
            }
        }
        return Walk(outputShape: try checked(output.map { sizes[$0] ?? 1 }), sizes: order.map { sizes[$0] ?? 1 }, steps: steps)
    }

    public func infer(_ inputs: [ValueInfo?]) throws -> [ValueInfo] {
        let infos = try inputs.indices.map { try required(inputs, $0) }
        guard !infos.isEmpty else { throw misfit("no inputs") }
        for info in infos { try requireType(info, among: [.float32]) }
        return [ValueInfo(.float32, try walk(infos.map { try checked($0.shape) }).outputShape)]
    }

    public func compute(_ inputs: [TensorView?], into outputs: [TensorView], scratch: UnsafeMutableRawBufferPointer) throws {
        let views = try inputs.indices.map { try required(inputs, $0) }
        let walk = try walk(views.map(\.shape))
        let kept = walk.outputShape.count
        let result = outputs[0].floats
        let isEmpty = walk.sizes[kept...].contains(0)
        var outer = Odometer(sizes: Array(walk.sizes[..<kept]), steps: walk.steps.map { Array($0[..<kept]) })
        for i in result.indices {
            var sum = 0.0
            var inner = Odometer(sizes: Array(walk.sizes[kept...]), steps: walk.steps.map { Array($0[kept...]) })
            if !isEmpty {
                repeat {
                    var product = 1.0
                    for operand in views.indices { product *= Double(views[operand].floats[outer.offsets[operand] + inner.offsets[operand]]) }
                    sum += product
                } while inner.advance()
            }
            result[i] = Float(sum)
            _ = outer.advance()
        }
    }
}

/// Counts through all positions of some dimensions and keeps the offset of each operand.
private struct Odometer {
    let sizes: [Int]
    let steps: [[Int]]
    private var position: [Int]
    private(set) var offsets: [Int]

    init(sizes: [Int], steps: [[Int]]) {
        self.sizes = sizes
        self.steps = steps
        position = sizes.map { _ in 0 }
        offsets = steps.map { _ in 0 }
    }

    /// False when all positions were visited.
    mutating func advance() -> Bool {
        for axis in sizes.indices.reversed() {
            position[axis] += 1
            for operand in steps.indices { offsets[operand] += steps[operand][axis] }
            if position[axis] < sizes[axis] { return true }
            for operand in steps.indices { offsets[operand] -= steps[operand][axis] * sizes[axis] }
            position[axis] = 0
        }
        return false
    }
}
