import Diagnostics
import Engine

/// One of the papers' networks, with its weights.
///
/// A network is a type whose fields carry the names of the checkpoint's keys, and one function that reads like the figure.
public protocol Network: Sendable {
    /// What distinguishes members of the family: depth, width, number of keypoints.
    associatedtype Configuration: Sendable

    /// "SimpleBaseline ResNet-50": for messages and tables.
    static func title(_ configuration: Configuration) -> String

    /// Declares every parameter and takes it from the reader.
    init(_ configuration: Configuration, _ weights: ParameterScope)

    var configuration: Configuration { get }

    /// The shape of the input for a picture of this size: [N, 3, H, W].
    func inputShape(batch: Int, height: Int, width: Int) -> [Int]

    /// The values that the network is run for, in order.
    var outputNames: [String] { get }

    /// Lays the network out. Values that deserve a name get one, the outputs among them.
    func callAsFunction(_ input: Value) throws

    /// Whether files of this network may hold a tensor of this name although it does not need it.
    func isExpectedSurplus(_ storedName: String) -> Bool
}

extension Network {
    public func inputShape(batch: Int, height: Int, width: Int) -> [Int] { [batch, 3, height, width] }
    public func isExpectedSurplus(_ storedName: String) -> Bool { false }
    public var title: String { Self.title(configuration) }
    /// What the network's parameters are called and how large they are.
    public var parameters: [Parameter] { Self.parameters(configuration) }

    /// The network with weights of this source. Throws `Failure` of kind `.data` that names every tensor that is missing,
    /// has another shape, is surplus or holds NaN.
    public init(_ configuration: Configuration, from source: any WeightSource) throws {
        let reader = ParameterReader(source)
        self.init(configuration, ParameterScope(reader))
        try reader.finish(title, isExpected: isExpectedSurplus)
    }

    /// What the network's parameters are called and how large they are, without any weights.
    public static func parameters(_ configuration: Configuration) -> [Parameter] {
        let reader = ParameterReader(NoWeights())
        _ = Self(configuration, ParameterScope(reader))
        return reader.parameters
    }

    /// The graph for inputs of this shape, whose input is called "input".
    ///
    /// - Parameters:
    ///   - outputs: Names of values; nil takes `outputNames`.
    /// - Throws: `Failure` of kind `.data` that names the size and the layer when they do not fit (most networks need multiples of 32).
    public func graph(inputShape: [Int], outputs: [String]? = nil) throws -> Graph {
        try layOut(inputShape).graph(outputs: outputs ?? outputNames)
    }

    /// Multiply-adds of all convolutions and linear layers for inputs of this shape.
    public func multiplyAdds(inputShape: [Int]) throws -> Int { try layOut(inputShape).multiplyAdds }

    private func layOut(_ inputShape: [Int]) throws -> NetworkLayout {
        let layout = NetworkLayout()
        do { try self(layout.input("input", shape: inputShape)) } catch let failure as Failure {
            let sides = inputShape.suffix(2)
            guard failure.remedy == nil, sides.contains(where: { $0 % 32 != 0 }) else { throw failure }
            throw Failure(
                failure.kind, failure.what, at: "input \(sides.map(String.init).joined(separator: "x"))", because: "\(failure.place): \(failure.why)",
                remedy: "take an input whose sides are multiples of 32")
        }
        return layout
    }
}

extension Collection where Element == Parameter {
    /// Number of trained values, as papers count them: without the statistics of batch norms.
    public var trainedCount: Int { reduce(0) { $0 + ($1.role.isStatistic ? 0 : $1.count) } }
}

/// Only for declaring: it has nothing.
private struct NoWeights: WeightSource {
    let place = ""
    let storedNames: [String] = []
    func storedName(of name: String) -> String { name }
    func tensor(_ name: String, shape: [Int], role: ParameterRole) throws -> Tensor? { nil }
}
