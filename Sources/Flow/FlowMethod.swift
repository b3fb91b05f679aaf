import Diagnostics

/// How the motion between two frames is found (`track.flow`).
public enum FlowMethod: String, Sendable, Hashable, CaseIterable, Codable {
    /// Sparse pyramidal Lucas-Kanade at the points that are asked for.
    case lucasKanade = "lk"
    /// Nothing is known of the motion; frames are not looked at.
    case none

    /// A new provider for one video.
    /// - Throws: `Failure` of kind `.configuration` when `options` ask for what this processor lacks.
    public func makeProvider(_ options: FlowOptions = FlowOptions()) throws -> any FlowProvider {
        switch self {
        case .lucasKanade: LucasKanadeFlow(kernels: try FlowKernels(options))
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
