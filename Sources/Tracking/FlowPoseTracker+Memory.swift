/// A tracker whose memory can be stored and taken up by a later run.
public protocol StorableTracker: PeopleTracker, Codable {
    /// Whether `stored` is something that a run with the settings of this one can have left behind. A stored memory is a file
    /// like any other: it may be damaged or made up.
    func canGoOn(with stored: Self) -> Bool
}

extension FlowPoseTracker: StorableTracker {
    /// More people at a time are none that this tracker has linked: the pairings would not end.
    private static let mostTracks = 4096

    public func canGoOn(with stored: FlowPoseTracker) -> Bool {
        guard stored.configuration == configuration, stored.similarity == similarity, stored.torso == torso, stored.limbs == limbs,
            stored.nextID >= 0, stored.tracks.count <= Self.mostTracks, stored.crossings.count <= 16 * Self.mostTracks
        else { return false }
        return stored.tracks.allSatisfy { track in
            (0..<stored.nextID).contains(track.id) && track.hits > 0 && (1...max(1, configuration.queue)).contains(track.poses.count)
        }
    }
}

extension NoTracking: StorableTracker {
    public func canGoOn(with stored: NoTracking) -> Bool { true }
}
