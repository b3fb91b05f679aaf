import Sampling

/// What can be set on a top-down heatmap network. The defaults are those of SimpleBaseline and HRNet.
public struct HeatmapPoseOptions: Sendable, Hashable {
    /// Factor on a box's size before it is cut out.
    public var padding: Double
    /// Flip test: run on the mirrored crop as well and average. Twice the time, about 0.01 AP.
    public var flip: Bool
    /// Whether the mirrored maps are moved by one column first (SHIFT_HEATMAP; every published evaluation).
    public var shiftsMirrored: Bool
    public var refinement: HeatmapDecoder.Refinement
    /// What the weights were trained on.
    public var normalization: PixelNormalization
    /// Input size for a network that leaves it open; nil: 192 x 256 (width x height).
    public var inputSize: InputSize?
    /// Only joints with a larger score count in a person's score.
    public var visibleAbove: Double
    /// Similarity (OKS) beyond which the weaker of two poses goes; nil keeps all.
    public var similarityThreshold: Double?
    /// Boxes worked on at the same time, each with the network's working memory once.
    public var threads: Int

    public init(
        padding: Double = 1.25, flip: Bool = false, shiftsMirrored: Bool = true, refinement: HeatmapDecoder.Refinement = .quarter,
        normalization: PixelNormalization = .imageNet, inputSize: InputSize? = nil, visibleAbove: Double = 0.2,
        similarityThreshold: Double? = 0.9, threads: Int = 1
    ) {
        self.padding = padding
        self.flip = flip
        self.shiftsMirrored = shiftsMirrored
        self.refinement = refinement
        self.normalization = normalization
        self.inputSize = inputSize
        self.visibleAbove = visibleAbove
        self.similarityThreshold = similarityThreshold
        self.threads = threads
    }
}
