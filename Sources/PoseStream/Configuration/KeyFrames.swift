import Diagnostics

/// How often a network runs: on every so-manieth frame, or when flow is not sure enough (`detect.every`, `pose.every`).
public enum KeyFrames: Sendable, Hashable {
    /// On the first of every so many frames; 1: on all.
    case every(Int)
    case auto

    public static let all = KeyFrames.every(1)
}

extension KeyFrames: ConfigurationScalar {
    static let limit = 1...100_000

    init?(_ value: ConfigurationValue) {
        switch value {
        case .integer(let count) where Self.limit.contains(count): self = .every(count)
        case .text("auto"): self = .auto
        default: return nil
        }
    }

    var configurationValue: ConfigurationValue {
        switch self {
        case .every(let count): .integer(count)
        case .auto: .text("auto")
        }
    }
}

extension PipelineConfiguration {
    /// - Throws: `Failure` (`.configuration`) when people are to be carried between key frames and there is no flow to carry them.
    func checkKeyFrames() throws {
        guard flow == .none, pose.every != .all || (detect?.every ?? .all) != .all else { return }
        throw Failure(
            .configuration, "key frames need flow", at: pose.every != .all ? "pose.every" : "detect.every",
            because: "track.flow is none, and nothing else carries people from one key frame to the next",
            remedy: "set track.flow to lk, or run the networks on every frame")
    }
}
