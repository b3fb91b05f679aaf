import Foundation
import Geometry
import Pose

/// Who is who: similarities and pairings (spec: tracking, 1.3, 1.4, 2.2 and 2.3).
///
/// `places` holds the track (its place in `tracks`) of each person, nil for who has none yet.
extension FlowPoseTracker {
    /// How long after its last sighting an unsure detection may continue a track, in seconds.
    private static let unsureSpan = 0.3
    /// After this absence, in seconds, the way to a person is longer than the jitter and its direction counts fully.
    private static let knownWay = 0.2

    /// People that the flow carried here know whose they are.
    func carriedPlaces(_ people: [Person]) -> [Int?] {
        people.map { person in
            guard person.origin == .flow, let id = person.id else { return nil }
            return tracks.firstIndex { $0.id == id && $0.shot == shot }
        }
    }

    /// The paper's way: everybody against everybody who is remembered.
    func pairAll(_ people: [Person], _ places: inout [Int?], in frame: TrackedFrame) {
        let free = freeTracks(places) { _ in true }
        pair(people.indices.filter { places[$0] == nil }, free, of: people, &places, in: frame, threshold: configuration.threshold)
    }

    /// Sure people first, then unsure ones with the confirmed tracks that are left, then whoever may begin a track with whoever is
    /// left: tentative people, and for those of whom only the box is sure the lost ones, too.
    func pairInStages(_ people: [Person], _ places: inout [Int?], in frame: TrackedFrame, previous: Double) {
        let (high, threshold) = (configuration.highScore, configuration.threshold)
        let people = people.map { person in
            var person = person
            if !showsClothes(person, among: people) { person.appearance = nil }
            return person
        }
        func open(_ fits: (Person) -> Bool) -> [Int] { people.indices.filter { places[$0] == nil && fits(people[$0]) } }
        pair(open { $0.score >= high }, freeTracks(places) { $0.isConfirmed }, of: people, &places, in: frame, threshold: threshold)
        pair(
            open { $0.score < high }, freeTracks(places) { $0.isConfirmed && $0.age(at: previous) <= Self.unsureSpan + Track.sameTime },
            of: people, &places, in: frame, threshold: configuration.lowThreshold, boxesMeet: true)
        pair(open(mayBegin), freeTracks(places) { _ in true }, of: people, &places, in: frame, threshold: threshold)
    }

    private func freeTracks(_ places: [Int?], _ fits: (Track) -> Bool) -> [Int] {
        let taken = Set(places.compactMap { $0 })
        return tracks.indices.filter { !taken.contains($0) && tracks[$0].shot == shot && fits(tracks[$0]) }
    }

    /// Pairs people and tracks, both given by their places.
    private func pair(
        _ open: [Int], _ free: [Int], of people: [Person], _ places: inout [Int?], in frame: TrackedFrame, threshold: Double,
        boxesMeet: Bool = false
    ) {
        guard !open.isEmpty, !free.isEmpty else { return }
        var table = PairMatrix(rows: free.count, columns: open.count)
        let extents = open.map { people[$0].keypoints.extent }
        for (row, track) in free.enumerated() {
            let track = tracks[track]
            let expected = track.extent
            for (column, person) in open.enumerated() {
                let person = people[person]
                let overlap = track.box.overlap(person.box)
                if overlap <= 0, boxesMeet || configuration.similarity == .box { continue }
                let scale = scale(of: track, and: person, in: frame)
                if overlap <= 0, let expected, let found = extents[column], expected.isApart(found, by: similarity.reach * scale) { continue }
                // Rounded, so that the last bits of an exponential never decide who is who.
                table[row, column] = (likeness(of: track, to: person, scale: scale, overlap: overlap, in: frame) * 1e9).rounded() / 1e9
            }
        }
        for (row, column) in chosen(table, threshold: threshold).enumerated() {
            if let column { places[open[column]] = free[row] }
        }
    }

    private func chosen(_ table: PairMatrix, threshold: Double) -> [Int?] {
        switch configuration.assignment {
        case .greedy: return Assignment.greedy(table, threshold: max(threshold, .leastNonzeroMagnitude))
        case .hungarian:
            var cost = PairMatrix(rows: table.rows, columns: table.columns, repeating: Assignment.forbidden)
            for row in 0..<table.rows {
                for column in 0..<table.columns where table[row, column] >= threshold && table[row, column] > 0 {
                    // A likeness above 1 (way and pose) must not make a pair worth more than being a pair.
                    cost[row, column] = max(0, 1 - table[row, column])
                }
            }
            return Assignment.minimumCost(cost).enumerated().map { row, column in
                column.flatMap { cost[row, $0] < Assignment.forbidden ? $0 : nil }
            }
        }
    }

    /// The squared scale of a pair for OKS, in square pixels. For a track that is lost it grows with the time, up to `longest`
    /// seconds.
    func scale(of track: Track, and person: Person, in frame: TrackedFrame, longest: Double = .infinity) -> Double {
        let lost = min(max(0, track.age(at: previousTime ?? 0)), longest)
        let growth = configuration.association == .staged || configuration.people > 0 ? growth(lost) : 1
        return max(track.area, area(of: person, in: frame)) * growth * growth
    }

    /// By how much the place widens in which a person may come back who is lost for so many seconds.
    private func growth(_ lost: Double) -> Double { 1 + lost / configuration.tuning.spread }

    /// How much the clothes say that `person` is not the one of the track, 0 to 1; 0 where they are not known.
    private func strangeness(of person: Person, to track: Track) -> Double {
        guard let alike = track.clothes.likeness(to: person.appearance) else { return 0 }
        return min(max((configuration.tuning.clothesAlike - alike) / configuration.tuning.clothesSpan, 0), 1)
    }

    /// Whether what is seen of the clothes is the person's own: nobody else's box reaches over it.
    func showsClothes(_ person: Person, among people: [Person]) -> Bool {
        guard configuration.appearance, person.appearance != nil else { return false }
        return !people.contains { $0.box.overlap(person.box) > configuration.tuning.clothesOverlap && $0 != person }
    }

    /// How alike a track and a person are: 0 to 1, and in `staged` a little more or less by the way a lost person went.
    func likeness(of track: Track, to person: Person, scale: Double, overlap: Double, in frame: TrackedFrame) -> Double {
        guard configuration.similarity != .box else { return overlap }
        let tuning = configuration.tuning
        let poses = configuration.similarity == .multiFlow ? track.poses[...] : track.poses.prefix(1)
        let best = poses.reduce(0.0) { best, pose in
            max(best, similarity.blended(pose, person.keypoints, area: scale, jointScore: configuration.jointScore, iou: overlap))
        }
        guard configuration.association == .staged else { return best }
        let lost = track.age(at: previousTime ?? 0)
        guard lost > Track.sameTime else { return max(best, tuning.boxWorth * overlap) }
        guard best > 0, comesBackWhereItLeft(track, person, in: frame) else { return 0 }
        // The place of a lost person is wide: whoever stands in it is like that person. Who was seen a moment ago comes first, and the
        // wider the place, the less it says; who is like enough to be linked at all stays so.
        let way = tuning.momentum * min(1, lost / Self.knownWay) * direction(of: track, to: person)
        let beyond = tuning.lostWorth * best + way - configuration.threshold
        let shrinking = beyond > 0 ? pow(growth(lost), -tuning.lostShrinking) : 1
        return (configuration.threshold + beyond * shrinking) * (1 - tuning.clothesWorth * strangeness(of: person, to: track))
    }

    /// Who went over the border comes back on that side and as tall as before.
    private func comesBackWhereItLeft(_ track: Track, _ person: Person, in frame: TrackedFrame) -> Bool {
        guard let exit = track.exit else { return true }
        let (box, height) = (person.box, track.height)
        guard height > 0, box.height > 0, max(box.height / height, height / box.height) <= 1.3 else { return false }
        let (marginX, marginY) = (0.05 * frame.width, 0.05 * frame.height)
        switch exit {
        case .left: return box.x <= marginX
        case .right: return box.right >= frame.width - marginX
        case .top: return box.y <= marginY
        case .bottom: return box.bottom >= frame.height - marginY
        }
    }

    /// Cosine between the way a person went before it was lost and the way to `person`; 0 for who stood still (OC-SORT's momentum).
    private func direction(of track: Track, to person: Person) -> Double {
        guard let last = track.centers.last else { return 0 }
        let (velocity, jump) = (track.centers.velocity, center(of: person) - last)
        let (speed, length) = (velocity.length, jump.length)
        // Slower than a tenth of the height a second says nothing of where to.
        guard speed > 0.1 * track.height, length > 0.02 * track.height, speed.isFinite, length.isFinite else { return 0 }
        return (velocity.x * jump.x + velocity.y * jump.y) / (speed * length)
    }
}
