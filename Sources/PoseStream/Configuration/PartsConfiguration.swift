import Diagnostics

extension PipelineConfiguration {
    /// Turns off what needs the people of earlier frames, so that every frame gives the same whichever part it is processed in.
    ///
    /// - Throws: `Failure` (`.configuration`) when networks rest between key frames: who is carried over there must be known.
    public mutating func forgetEarlierFrames() throws {
        guard pose.every == .all, (detect?.every ?? .all) == .all else {
            throw Failure(
                .configuration, "key frames need tracking", at: pose.every == .all ? "detect.every" : "pose.every",
                because: "without tracking nobody is carried from one key frame to the next", remedy: "run the networks on every frame")
        }
        propagate = false
    }
}
