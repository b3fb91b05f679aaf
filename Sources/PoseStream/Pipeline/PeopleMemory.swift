import Diagnostics
import Foundation
import Media
import Tracking

/// What the stage remembers of earlier frames, in a form that can be stored and taken up again.
extension PeopleStage {
    /// Takes a frame whose people are known already: only the motion from it to the next one counts.
    mutating func follow(_ frame: VideoFrame) throws {}

    /// Everything that is remembered of earlier frames, for `restore`; nil when the tracker is one that cannot be stored.
    func memory() throws -> Data? {
        guard let tracker = tracker as? any PeopleTracker & Codable else { return nil }
        return try JSONEncoder().encode(tracker)
    }

    /// Takes up what `memory` gave after the frame before.
    /// - Throws: when it is damaged or of another tracker.
    mutating func restore(_ memory: Data) throws {
        guard let present = tracker as? any PeopleTracker & Codable else {
            throw Failure(.internalDefect, "cannot resume", at: "tracker", because: "its memory cannot be stored")
        }
        do {
            tracker = try Self.decode(memory, like: present)
        } catch {
            throw Failure(.data, "cannot resume", at: "bookmark", because: "it is damaged", remedy: "begin anew with --overwrite")
        }
    }

    private static func decode<Tracker: PeopleTracker & Codable>(_ memory: Data, like present: Tracker) throws -> any PeopleTracker {
        try JSONDecoder().decode(Tracker.self, from: memory)
    }
}
