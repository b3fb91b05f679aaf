import CEmbedded

/// The networks that the program carries, so that it is useful with nothing downloaded (docs/models.md).
public enum EmbeddedModel: Sendable, Hashable, CaseIterable {
    /// Finds people.
    case detector
    /// Finds the joints of one.
    case pose

    /// The file of `Sources/CEmbedded/weights` that became part of the program.
    public var fileName: String {
        switch self {
        case .detector: "compact_detector.safetensors"
        case .pose: "compact_pose.safetensors"
        }
    }

    /// Its bytes: constant memory that lives as long as the program.
    public var bytes: UnsafeRawBufferPointer {
        let file = switch self {
        case .detector: ps_embedded_detector()
        case .pose: ps_embedded_pose()
        }
        return UnsafeRawBufferPointer(start: file.bytes, count: file.count)
    }
}
