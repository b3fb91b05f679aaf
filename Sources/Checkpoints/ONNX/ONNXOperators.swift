import Engine

/// What each operator of ai.onnx becomes.
///
/// A rule reads the attributes as they were in all operator sets from 8 to 20: what moved from attribute to input over the
/// years is looked for in both places. It throws `Malformed` for what we do not compute.
enum ONNXOperators {
    typealias Rule = @Sendable (inout ONNXNode) throws -> any Operator

    static let rules: [String: Rule] = network.merging(shapes) { $1 }.merging(math) { $1 }
}
