/// All tracking figures of a sequence, or of several taken as one.
public struct TrackingScore: Hashable, Sendable {
    public let clear: ClearMOT
    public let identity: IdentityScore
    public let hota: HOTA
    /// Number of different people in the truth, and of different ids that the tracker gave.
    public let truePeople: Int
    public let predictedPeople: Int

    /// - Parameter threshold: similarity below which a pair is no match, for CLEAR MOT and IDF1.
    public init(_ sequence: TrackingSequence, threshold: Double = 0.5) {
        clear = ClearMOT(sequence, threshold: threshold)
        identity = IdentityScore(sequence, threshold: threshold)
        hota = HOTA(sequence)
        truePeople = sequence.truthIDs.count
        predictedPeople = sequence.predictedIDs.count
    }

    public init(combining parts: [TrackingScore]) {
        clear = ClearMOT(combining: parts.map(\.clear))
        identity = IdentityScore(combining: parts.map(\.identity))
        hota = HOTA(combining: parts.map(\.hota))
        truePeople = parts.reduce(0) { $0 + $1.truePeople }
        predictedPeople = parts.reduce(0) { $0 + $1.predictedPeople }
    }
}
