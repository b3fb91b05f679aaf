import Geometry
import Pose

/// Who is new, and who cannot be (spec: tracking, 2.2 and 2.8).
extension FlowPoseTracker {
    /// How long the place where a lost person may come back grows when the number of people is known, in seconds.
    private static let longestGrowth = 1.0

    /// Whether a person who continues no track is so like one who does that it is nobody else.
    func isKnown(_ person: Person, among known: [Person], in frame: TrackedFrame) -> Bool {
        guard configuration.association == .staged else { return false }
        let limit = configuration.tuning.birthLikeness
        let extent = person.keypoints.extent
        return known.contains { other in
            if let extent, let found = other.keypoints.extent, extent.overlap(found) >= limit { return true }
            let area = max(area(of: person, in: frame), area(of: other, in: frame))
            return similarity.oks(person.keypoints, other.keypoints, area: area, jointScore: configuration.jointScore).value >= limit
        }
    }

    /// Whether a person may begin a track: by score, or because the detector is sure of somebody whose joints are not.
    func mayBegin(_ person: Person) -> Bool {
        person.score >= configuration.highScore || (configuration.highBox < 1 && person.boxScore >= configuration.highBox)
    }

    /// The track of a person who continues none: a new one, that of somebody lost when all people are known, or none.
    ///
    /// - Parameter taken: places of tracks that have their person in this frame.
    mutating func birth(of person: Person, at time: Double, isFirst: Bool, taken: Set<Int>, in frame: TrackedFrame) -> Int? {
        guard person.origin == .network else { return nil }
        var isConfirmed = true
        if configuration.association == .staged {
            guard mayBegin(person) else { return nil }
            isConfirmed = isFirst || person.score >= configuration.confirmScore
        }
        if configuration.people > 0, tracks.count >= configuration.people {
            guard let place = onlyExplanation(of: person, taken: taken, in: frame) else { return nil }
            observe(person, as: place, at: time, previous: previousTime ?? time, in: frame)
            return place
        }
        tracks.append(
            Track(
                id: nextID, person: person, at: time, shot: shot, area: area(of: person, in: frame), center: center(of: person),
                isConfirmed: isConfirmed))
        nextID += 1
        return tracks.count - 1
    }

    /// With a known number of people: the lost one who is most like `person`, else the nearest.
    private func onlyExplanation(of person: Person, taken: Set<Int>, in frame: TrackedFrame) -> Int? {
        var best: (place: Int, likeness: Double, distance: Double)?
        for place in tracks.indices where !taken.contains(place) {
            let track = tracks[place]
            let overlap = track.box.overlap(person.box)
            let scale = scale(of: track, and: person, in: frame, longest: Self.longestGrowth)
            let likeness = (likeness(of: track, to: person, scale: scale, overlap: overlap, in: frame) * 1e9).rounded() / 1e9
            let distance = (track.box.center - person.box.center).length
            if let known = best, (known.likeness, -known.distance) >= (likeness, -distance) { continue }
            best = (place, likeness, distance)
        }
        return best?.place
    }

    /// With a single person known to be there: the one with the largest score times height, where who was there before counts
    /// twice.
    func principal(of people: [Person], in frame: TrackedFrame) -> [Person] {
        func weight(_ person: Person) -> Double {
            let continues = tracks.contains { track in
                guard track.shot == shot else { return false }
                let overlap = track.box.overlap(person.box)
                let scale = scale(of: track, and: person, in: frame)
                return likeness(of: track, to: person, scale: scale, overlap: overlap, in: frame) >= configuration.threshold
            }
            return person.score * person.box.height * (continues ? 2 : 1)
        }
        var best: (person: Person, weight: Double)?
        for person in people {
            let weight = weight(person)
            if weight.isFinite, weight > best?.weight ?? 0 { best = (person, weight) }
        }
        return best.map { [$0.person] } ?? []
    }
}
