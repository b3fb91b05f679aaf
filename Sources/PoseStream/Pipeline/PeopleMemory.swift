import Diagnostics
import Foundation
import Media
import Tracking

/// Everything that `PeopleStage` remembers of earlier frames, beside the last picture itself.
struct PeopleMemory<Tracker: PeopleTracker & Codable>: Codable {
    var tracker: Tracker
    var smoother: PoseSmoother?
    var schedule: KeyFrameSchedule
    var followed: FollowedPoses
    var idCount: Int
}

extension PeopleStage {
    /// Takes a frame whose people are known already: only the motion from it to the next one counts.
    mutating func follow(_ frame: VideoFrame) throws {
        _ = try stages.flow?.advance(to: frame, people: [])
    }

    /// Everything that is remembered of earlier frames, for `restore`; nil when the tracker is one that cannot be stored.
    func memory() throws -> Data? {
        guard let tracker = tracker as? any PeopleTracker & Codable else { return nil }
        return try encoded(with: tracker)
    }

    /// Takes up what `memory` gave after the frame before.
    /// - Throws: when it is damaged or of another tracker.
    mutating func restore(_ memory: Data) throws {
        guard let present = tracker as? any PeopleTracker & Codable else {
            throw Failure(.internalDefect, "cannot resume", at: "tracker", because: "its memory cannot be stored")
        }
        try decode(memory, like: present)
    }

    private func encoded<Tracker: PeopleTracker & Codable>(with tracker: Tracker) throws -> Data {
        let encoder = JSONEncoder()
        encoder.nonConformingFloatEncodingStrategy = .convertToString(positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return try encoder.encode(
            PeopleMemory(tracker: tracker, smoother: smoother, schedule: schedule, followed: followed, idCount: idCount))
    }

    private mutating func decode<Tracker: PeopleTracker & Codable>(_ memory: Data, like present: Tracker) throws {
        let stored: PeopleMemory<Tracker>
        do {
            let decoder = JSONDecoder()
            decoder.nonConformingFloatDecodingStrategy = .convertFromString(positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
            stored = try decoder.decode(PeopleMemory<Tracker>.self, from: memory)
        } catch {
            throw Failure(.data, "cannot resume", at: "bookmark", because: "it is damaged", remedy: "begin anew with --overwrite")
        }
        (tracker, smoother, schedule) = (stored.tracker, stored.smoother, stored.schedule)
        (followed, idCount) = (stored.followed, stored.idCount)
    }
}
