import Diagnostics
import Foundation
import Media
import Tracking

/// Everything that `PeopleStage` remembers of earlier frames, beside the last picture itself.
struct PeopleMemory<Tracker: StorableTracker>: Codable {
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
        guard let tracker = tracker as? any StorableTracker else { return nil }
        return try encoded(with: tracker)
    }

    /// Takes up what `memory` gave after the frame before.
    /// - Throws: when it is damaged or of another tracker.
    mutating func restore(_ memory: Data) throws {
        guard let present = tracker as? any StorableTracker else {
            throw Failure(.internalDefect, "cannot resume", at: "tracker", because: "its memory cannot be stored")
        }
        try decode(memory, like: present)
    }

    private func encoded<Tracker: StorableTracker>(with tracker: Tracker) throws -> Data {
        let encoder = JSONEncoder()
        // A number that is none must not end the run; a run that would go on from it is refused.
        encoder.nonConformingFloatEncodingStrategy = .convertToString(positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return try encoder.encode(
            PeopleMemory(tracker: tracker, smoother: smoother, schedule: schedule, followed: followed, idCount: idCount))
    }

    private mutating func decode<Tracker: StorableTracker>(_ memory: Data, like present: Tracker) throws {
        guard Self.isSound(memory), let stored = try? JSONDecoder().decode(PeopleMemory<Tracker>.self, from: memory), stored.idCount >= 0,
            present.canGoOn(with: stored.tracker)
        else { throw Failure(.data, "cannot resume", at: "bookmark", because: "it is damaged", remedy: "begin anew with --overwrite") }
        (tracker, smoother, schedule) = (stored.tracker, stored.smoother, stored.schedule)
        (followed, idCount) = (stored.followed, stored.idCount)
    }

    /// Seconds, pixels and counts of any film are far below this, and what is computed from them stays in range.
    private static let largestNumber = 1e12

    /// Whether all numbers are such as a run leaves.
    private static func isSound(_ memory: Data) -> Bool {
        func isSound(_ value: Any) -> Bool {
            switch value {
            case let list as [Any]: list.allSatisfy(isSound)
            case let members as [String: Any]: members.values.allSatisfy(isSound)
            case let number as NSNumber: number.doubleValue.magnitude <= largestNumber
            default: true
            }
        }
        return (try? JSONSerialization.jsonObject(with: memory)).map(isSound) ?? false
    }
}
