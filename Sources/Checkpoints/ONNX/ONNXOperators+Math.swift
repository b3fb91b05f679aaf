import Engine

extension ONNXOperators {
    /// Arithmetic, comparisons, reductions and choices.
    static let math: [String: Rule] = {
        var rules: [String: Rule] = [
            "Mod": { node in Arithmetic(try node.flag("fmod") ? .remainder : .modulo) },
            "Not": { _ in Not() },
            "Where": { _ in Where() },
            "ArgMax": { try $0.argExtreme(.maximum) },
            "ArgMin": { try $0.argExtreme(.minimum) },
            "TopK": { node in
                node.outputLimit = 2
                return TopK(
                    k: try node.integer("k"), axis: try node.integer("axis", default: -1),
                    takesLargest: try node.flag("largest", default: true), isSorted: try node.flag("sorted", default: true))
            },
            "CumSum": { node in
                CumulativeSum(isExclusive: try node.flag("exclusive"), isReversed: try node.flag("reverse"))
            },
            "Einsum": { node in
                guard let equation = try node.text("equation") else { throw Malformed("attribute equation is missing") }
                return Einsum(equation)
            },
        ]
        for function in [Arithmetic.Function.add, .subtract, .multiply, .divide, .power] {
            rules[function.rawValue] = { _ in Arithmetic(function) }
        }
        for function in VariadicArithmetic.Function.allCases { rules[function.rawValue] = { _ in VariadicArithmetic(function) } }
        for function in UnaryMath.Function.allCases { rules[function.rawValue] = { _ in UnaryMath(function) } }
        for relation in Comparison.Relation.allCases { rules[relation.rawValue] = { _ in Comparison(relation) } }
        for function in Logic.Function.allCases { rules[function.rawValue] = { _ in Logic(function) } }
        for test in FloatClass.Test.allCases { rules[test.rawValue] = { _ in FloatClass(test) } }
        for function in Reduce.Function.allCases { rules[function.rawValue] = { try $0.reduce(function) } }
        return rules
    }()
}

extension ONNXNode {
    fileprivate mutating func reduce(_ function: Reduce.Function) throws -> any Operator {
        Reduce(
            function, axes: try integers("axes"), keepsDimensions: try flag("keepdims", default: true),
            keepsAllWithoutAxes: try flag("noop_with_empty_axes"))
    }

    fileprivate mutating func argExtreme(_ extreme: ArgExtreme.Extreme) throws -> any Operator {
        ArgExtreme(
            extreme, axis: try integer("axis", default: 0), keepsDimensions: try flag("keepdims", default: true),
            selectsLast: try flag("select_last_index"))
    }
}
