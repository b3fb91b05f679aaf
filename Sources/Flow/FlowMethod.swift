import Diagnostics

/// How the motion between two frames is found (`track.flow`).
public enum FlowMethod: String, Sendable, Hashable, CaseIterable, Codable {
    /// Sparse pyramidal Lucas-Kanade at the points that are asked for.
    case lucasKanade = "lk"
    /// Dense inverse search, a flow for every pixel: at a quarter of the size, without and with smoothing, and at half the size.
    case denseUltrafast = "dis-ultrafast"
    case denseFast = "dis-fast"
    case denseMedium = "dis-medium"
    /// Lucas-Kanade that begins where the film's own motion vectors point. The frames' source must export them
    /// (`needsMotionVectors`).
    case codec
    /// Nothing is known of the motion; frames are not looked at.
    case none

    /// Frames must come from a source that exports motion vectors (`SourceOptions.exportsMotionVectors`).
    public var needsMotionVectors: Bool { self == .codec }

    /// A new provider for one video.
    /// - Throws: `Failure` of kind `.configuration` when `options` ask for what this processor lacks.
    public func makeProvider(_ options: FlowOptions = FlowOptions()) throws -> any FlowProvider {
        switch self {
        case .lucasKanade: LucasKanadeFlow(kernels: try FlowKernels(options))
        case .denseUltrafast: DenseFlow(.ultrafast, kernels: try FlowKernels(options))
        case .denseFast: DenseFlow(.fast, kernels: try FlowKernels(options))
        case .denseMedium: DenseFlow(.medium, kernels: try FlowKernels(options))
        case .codec: CodecFlow(kernels: try FlowKernels(options))
        case .none: NoFlow()
        }
    }
}

/// Settings that all methods share.
public struct FlowOptions: Sendable, Hashable {
    /// Instruction set of the kernels: "avx512", "avx2", "neon", "plain"; nil: the best of this processor. For tests and benchmarks.
    public var instructionSet: String?

    public init(instructionSet: String? = nil) { self.instructionSet = instructionSet }
}
