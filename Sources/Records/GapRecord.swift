/// A hole in time: what came after it is not the continuation of what came before.
public struct GapRecord: Hashable, Sendable {
    public enum Reason: String, Sendable, CaseIterable {
        /// The source sent nothing for a while.
        case stalled
        /// The connection was lost and made again.
        case reconnected
        /// Pictures could not be decoded.
        case corrupt
        /// Time stamps jumped.
        case discontinuity
    }

    /// Name of the source when there are several; nil for one.
    public var source: String?
    /// Where the gap begins, in seconds from the source's first picture.
    public var time: Double
    /// How long it is, in seconds.
    public var seconds: Double
    public var reason: Reason

    public init(time: Double, seconds: Double, reason: Reason, source: String? = nil) {
        self.source = source
        self.time = time
        self.seconds = seconds
        self.reason = reason
    }
}
