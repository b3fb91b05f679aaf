/// One line of the records: NDJSON of schema `posestream/1` (spec: interface, section 2).
public enum Record: Hashable, Sendable {
    case header(HeaderRecord)
    case frame(FrameRecord)
    case gap(GapRecord)
    case end(EndRecord)

    /// The schema that this program writes. A new field is a minor version (`posestream/1.1`) that readers of version 1 still
    /// read; a changed meaning is `posestream/2`.
    public static let schema = "posestream/1"
}

extension Record {
    /// How many decimals each quantity keeps.
    enum Decimals {
        /// Pixels, milliseconds, frames a second.
        static let coordinate = 2
        static let score = 4
        static let time = 6
    }

    /// Coordinates, scores and times beyond this make no sense; records never hold them, so that no reader has to fear them.
    static let largestNumber = 1e9
}
