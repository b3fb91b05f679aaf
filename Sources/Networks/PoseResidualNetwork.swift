/// The pose residual network of MultiPoseNet (Kocabas et al., ECCV 2018, section 3.3, figure 5): a grid of the keypoints
/// found in a box goes through three linear layers and is added to itself; what remains belongs to the box's person.
public struct PoseResidualNetwork: Network {
    public struct Configuration: Sendable, Equatable {
        /// "prn." where it stands in the file of a MultiPoseNet, else empty.
        public var prefix: String
        /// The authors' Keras model has two linear layers, the PyTorch ones have a third between them.
        public var hasBottleneck: Bool

        public init(prefix: String = "", hasBottleneck: Bool = true) {
            self.prefix = prefix
            self.hasBottleneck = hasBottleneck
        }
    }

    /// Cells of the grid and kinds of keypoints.
    public static let rows = 56, columns = 36, joints = 17
    private static let cells = rows * columns * joints
    private static let hidden = 1024

    public let configuration: Configuration
    let dens1, dens2: Linear
    let bneck: Linear?

    public init(_ configuration: Configuration, _ weights: ParameterScope) {
        self.configuration = configuration
        let weights = configuration.prefix.isEmpty ? weights : weights[String(configuration.prefix.dropLast())]
        dens1 = Linear(weights["dens1"], Self.cells, Self.hidden)
        bneck = configuration.hasBottleneck ? Linear(weights["bneck"], Self.hidden, Self.hidden) : nil
        dens2 = Linear(weights["dens2"], Self.hidden, Self.cells)
    }

    public static func title(_ configuration: Configuration) -> String { "pose residual network" }

    public let outputNames = ["output"]

    /// In the file of a whole MultiPoseNet everything else stands beside it.
    public func isExpectedSurplus(_ storedName: String) -> Bool {
        !configuration.prefix.isEmpty && !storedName.hasPrefix(configuration.prefix)
    }

    /// All boxes of a frame at once: [boxes, 56, 36, 17].
    public func inputShape(batch: Int, height: Int, width: Int) -> [Int] { [batch, Self.rows, Self.columns, Self.joints] }

    /// Output "output" of the input's shape; the values of each box sum to 1.
    public func callAsFunction(_ grid: Value) throws {
        let flat = try reshaped(grid, [grid.shape[0], Self.cells])
        var x = try relu(dens1(flat)).named("dens1")
        if let bneck { x = try relu(bneck(x)).named("bneck") }
        x = try relu(dens2(x)).named("dens2")
        try reshaped(softmax(x + flat, axis: 1), grid.shape).named("output")
    }
}
