import Diagnostics
import Geometry
import Pose

/// Truth and prediction of a sequence, frame by frame, as PoseTrack's figures see them.
public struct PoseTrackSequence: Sendable {
    public struct Frame: Sendable {
        public var truth: [PoseTrackPerson]
        public var predicted: [PoseTrackPerson]
    }

    public let frames: [Frame]

    /// - Parameters:
    ///   - predicted: the same sequence's prediction, matched by image id.
    ///   - place: for messages.
    ///   - skipsEmptyTruth: a fault of poseval: leave out frames in which nobody is annotated, whatever is predicted there.
    /// - Throws: `Failure` (`.data`) when a true person has no head box, or the prediction names a frame that is not there.
    public init(truth: PoseTrackFile, predicted: PoseTrackFile, place: String, skipsEmptyTruth: Bool = false) throws {
        let known = Set(truth.frames.map(\.imageID))
        if let stray = predicted.frames.first(where: { !known.contains($0.imageID) && !$0.people.isEmpty }) {
            throw Failure(.data, "cannot score a sequence", at: place, because: "the truth has no image \(stray.imageID)")
        }
        let found = Dictionary(predicted.frames.map { ($0.imageID, $0.people) }, uniquingKeysWith: { first, _ in first })
        try self.init(truth: truth, place: place, skipsEmptyTruth: skipsEmptyTruth) { found[$0.imageID] ?? [] }
    }

    /// Our own records: their frame numbers count the pictures of the sequence from 0.
    public init(
        truth: PoseTrackFile, predicted: StoredPeople, guessesHead: Bool, countsTentative: Bool = false, place: String,
        skipsEmptyTruth: Bool = false
    ) throws {
        var found: [Int: [PoseTrackPerson]] = [:]
        let confirmed = predicted.confirmedIDs
        for result in predicted.frames {
            let people = result.people.filter { countsTentative || predicted.counts($0, confirmed: confirmed) }
            found[result.frame] = people.compactMap {
                PoseTrackPerson($0, names: predicted.header.keypoints.names, guessesHead: guessesHead)
            }
            guard people.count <= BoxTracks.mostInFrame, Set(people.compactMap(\.id)).count == people.compactMap(\.id).count else {
                throw Failure(.data, "cannot score records", at: "\(place), frame \(result.frame)", because: "too many people, or an id twice")
            }
        }
        try self.init(truth: truth, place: place, skipsEmptyTruth: skipsEmptyTruth) { found[$0.number] ?? [] }
    }

    private init(
        truth: PoseTrackFile, place: String, skipsEmptyTruth: Bool, predicted: (PoseTrackFile.Frame) -> [PoseTrackPerson]
    ) throws {
        var frames: [Frame] = []
        for frame in truth.frames where frame.isLabeled {
            if skipsEmptyTruth, frame.people.isEmpty { continue }
            if let headless = frame.people.first(where: { !$0.isEmpty && !(($0.headSize ?? 0) > 0) }) {
                throw Failure(
                    .data, "cannot score a sequence", at: "\(place), image \(frame.imageID), track \(headless.id)",
                    because: "the true person has no head box (bbox_head)", remedy: "is this a prediction? The truth comes first")
            }
            frames.append(
                Frame(
                    truth: Self.outside(frame.ignoreRegions, frame.people),
                    predicted: Self.outside(frame.ignoreRegions, predicted(frame))))
        }
        self.frames = frames
    }

    /// Without the joints inside a polygon, and without the people who had no others.
    private static func outside(_ regions: [[Point]], _ people: [PoseTrackPerson]) -> [PoseTrackPerson] {
        guard !regions.isEmpty else { return people }
        return people.compactMap { person in
            var person = person
            person.joints = person.joints.map { joint in
                joint.flatMap { joint in regions.contains { isInside(joint.position, $0) } ? nil : joint }
            }
            return person.isEmpty ? nil : person
        }
    }

    /// Even-odd rule.
    private static func isInside(_ point: Point, _ polygon: [Point]) -> Bool {
        var isInside = false
        for (index, a) in polygon.enumerated() {
            let b = polygon[(index + 1) % polygon.count]
            if (a.y > point.y) != (b.y > point.y), point.x < (b.x - a.x) * (point.y - a.y) / (b.y - a.y) + a.x { isInside.toggle() }
        }
        return isInside
    }
}

extension PoseTrackSequence.Frame {
    /// Distance of a predicted to a true joint in head sizes; nil when one of them is not there.
    func distance(_ truth: Int, _ predicted: Int, _ joint: Int) -> Double? {
        guard let a = self.truth[truth].joints[joint], let b = self.predicted[predicted].joints[joint], let head = self.truth[truth].headSize
        else { return nil }
        return (a.position - b.position).length / head
    }

    /// The people for IDF1 and HOTA: OKS over the annotated joints with the area of the true box. A true person with fewer than
    /// three joints is not asked for, and a prediction on it (IoU at least 0.5) does not count.
    var trackingFrame: TrackingSequence.Frame {
        let asked = truth.filter { $0.joints.count { $0 != nil } >= 3 }
        let unasked = truth.filter { $0.joints.count { $0 != nil } < 3 }.compactMap(\.extent)
        var similarity = PairMatrix(rows: asked.count, columns: predicted.count)
        for (row, person) in asked.enumerated() {
            for (column, other) in predicted.enumerated() { similarity[row, column] = Self.similarity(person, other) }
        }
        let counted = predicted.indices.filter { column in
            let isFree = asked.indices.allSatisfy { similarity[$0, column] < 0.5 }
            return !isFree || !unasked.contains { truth in predicted[column].extent.map { truth.iou($0) >= 0.5 } ?? false }
        }
        var kept = PairMatrix(rows: asked.count, columns: counted.count)
        for row in asked.indices {
            for (column, original) in counted.enumerated() { kept[row, column] = similarity[row, original] }
        }
        return .init(truth: asked.map(\.id), predicted: counted.map { predicted[$0].id }, similarity: kept)
    }

    private static func similarity(_ truth: PoseTrackPerson, _ predicted: PoseTrackPerson) -> Double {
        let area = (truth.extent?.area ?? 0) + 0x1p-52
        var (sum, count) = (0.0, 0)
        for joint in PoseTrackJoint.allCases {
            guard let a = truth.joints[joint.rawValue] else { continue }
            count += 1
            // A joint that was not found is as wrong as one that is far away.
            guard let b = predicted.joints[joint.rawValue] else { continue }
            let away = (a.position - b.position).length
            let variance = 4 * joint.sigma * joint.sigma
            sum += ObjectKeypointSimilarity.likeness(squaredDistance: away * away, variance: variance, area: area)
        }
        return count > 0 ? sum / Double(count) : 0
    }
}
