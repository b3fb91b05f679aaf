import Diagnostics
import Geometry
import Records

/// Boxes with ids, frame by frame: what a tracker gave, or what is true.
public struct BoxTracks: Sendable {
    public struct Entry: Hashable, Sendable {
        public var id: Int
        /// Pixels.
        public var box: Box
        /// False for what nobody asks for: a box here takes the prediction that lies on it out of the count, and that is all.
        public var counts: Bool

        public init(id: Int, box: Box, counts: Bool = true) {
            self.id = id
            self.box = box
            self.counts = counts
        }
    }

    /// By number of the frame, from 1; entries in file order.
    public private(set) var frames: [Int: [Entry]] = [:]

    /// More people in a frame, or ids in a sequence, are no tracking result: the pairings would not end.
    public static let mostInFrame = 1000
    public static let mostIDs = 10_000

    public init() {}

    /// Adds a box.
    /// - Parameter place: for messages.
    /// - Throws: `Failure` (`.data`) when the id is in the frame already or there are too many.
    public mutating func add(_ entry: Entry, toFrame frame: Int, place: @autoclosure () -> String) throws {
        let present = frames[frame, default: []]
        let why: String? =
            if entry.counts, present.contains(where: { $0.counts && $0.id == entry.id }) {
                "id \(entry.id) is in frame \(frame) twice"
            } else if present.count >= Self.mostInFrame {
                "more than \(Self.mostInFrame) boxes in frame \(frame)"
            } else {
                nil
            }
        if let why { throw Failure(.data, "cannot read tracks", at: place(), because: why) }
        frames[frame, default: []].append(entry)
    }

    /// The boxes of stored records: frame 0 of the records is frame 1 here. People without an id are left out.
    ///
    /// - Parameter countsTentative: take people whose track was never confirmed as well.
    public init(_ people: StoredPeople, countsTentative: Bool = false, place: String) throws {
        let confirmed = people.confirmedIDs
        for result in people.frames {
            for person in result.people {
                guard let id = person.id, countsTentative || people.counts(person, confirmed: confirmed) else { continue }
                try add(Entry(id: id, box: person.box), toFrame: result.frame + 1, place: place)
            }
        }
    }

    /// The same with all boxes `factor` times as large, for truth in the pixels of another size of the film.
    public func scaled(by factor: Double) -> BoxTracks {
        var result = self
        result.frames = frames.mapValues { entries in
            entries.map {
                let box = $0.box
                return Entry(
                    id: $0.id, box: Box(x: box.x * factor, y: box.y * factor, width: box.width * factor, height: box.height * factor),
                    counts: $0.counts)
            }
        }
        return result
    }
}

extension TrackingSequence {
    /// Truth and prediction by IoU: every frame that either of them names.
    ///
    /// Predictions that a one-to-one pairing (IoU at least 0.5) gives to truth that does not count are left out, as
    /// TrackEval does with the distractors of MOTChallenge.
    public init(truth: BoxTracks, predicted: BoxTracks) throws {
        let numbers = Set(truth.frames.keys).union(predicted.frames.keys).sorted()
        self.init(
            frames: numbers.map { number in
                let truths = truth.frames[number] ?? []
                let all = predicted.frames[number] ?? []
                let taken = Self.taken(all, byUncounted: truths)
                let people = truths.filter(\.counts)
                let found = all.indices.filter { !taken.contains($0) }.map { all[$0] }
                var similarity = PairMatrix(rows: people.count, columns: found.count)
                for (row, person) in people.enumerated() {
                    for (column, other) in found.enumerated() { similarity[row, column] = Self.overlap(person.box, other.box) }
                }
                return Frame(truth: people.map(\.id), predicted: found.map(\.id), similarity: similarity)
            })
        for (ids, what) in [(truthIDs, "truth"), (predictedIDs, "prediction")] where ids.count > BoxTracks.mostIDs {
            throw Failure(.data, "cannot score tracks", at: what, because: "it holds \(ids.count) different ids, more than \(BoxTracks.mostIDs)")
        }
    }

    private static func taken(_ found: [BoxTracks.Entry], byUncounted truths: [BoxTracks.Entry]) -> Set<Int> {
        guard truths.contains(where: { !$0.counts }), !found.isEmpty else { return [] }
        var cost = PairMatrix(rows: truths.count, columns: found.count, repeating: Assignment.forbidden)
        for (row, truth) in truths.enumerated() {
            for (column, other) in found.enumerated() {
                let overlap = overlap(truth.box, other.box)
                if overlap >= 0.5 { cost[row, column] = 1 - overlap }
            }
        }
        return Set(
            Assignment.minimumCost(cost).enumerated().compactMap { row, column in
                column.flatMap { !truths[row].counts && cost[row, $0] < Assignment.forbidden ? $0 : nil }
            })
    }

    /// IoU; 0 for boxes without size.
    private static func overlap(_ a: Box, _ b: Box) -> Double {
        let value = a.iou(b)
        return value.isFinite ? min(max(value, 0), 1) : 0
    }
}
