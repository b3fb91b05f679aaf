import Geometry
import Pose

/// People who pass each other (spec: tracking, 2.4 and 2.5).
extension FlowPoseTracker {
    /// Notes who cannot be told apart, gives both their ids together when they part, and takes flow away from who is hidden.
    mutating func settleCrossings(_ people: [Person], _ places: inout [Int?], at time: Double) {
        var personOf = [Int?](repeating: nil, count: tracks.count)
        for (index, place) in places.enumerated() { if let place { personOf[place] = index } }
        coverHidden(people, personOf)
        part(people, &places, personOf, at: time)
        meet(at: time)
        // Only who stands alone shows limbs and clothes that are surely its own.
        let crossing = Set(crossings.flatMap { [$0.first.id, $0.second.id] })
        for (index, place) in places.enumerated() {
            guard let place, people[index].origin == .network else { continue }
            if !crossing.contains(tracks[place].id) {
                tracks[place].learn(people[index], limbs: limbs, jointScore: configuration.jointScore)
                if people[index].score >= configuration.highScore, showsClothes(people[index], among: people) {
                    tracks[place].learnClothes(of: people[index], at: time)
                }
            }
        }
    }

    private mutating func coverHidden(_ people: [Person], _ personOf: [Int?]) {
        let found = personOf.indices.compactMap { place in personOf[place].map { people[$0].linked(to: tracks[place]) } }
        for place in tracks.indices where tracks[place].shot == shot && isCovered(tracks[place], by: found) { tracks[place].cover() }
    }

    /// Two who were one heap and are apart again: if the ids fit better the other way round, they are exchanged.
    private mutating func part(_ people: [Person], _ places: inout [Int?], _ personOf: [Int?], at time: Double) {
        let tuning = configuration.tuning
        // A crowd in one place has as many crossings as pairs: each is looked at once a frame and searches nothing.
        var trackOf = Dictionary(tracks.indices.map { (tracks[$0].id, $0) }) { first, _ in first }
        var left: [Crossing] = []
        for var crossing in crossings {
            guard let a = trackOf[crossing.first.id], let b = trackOf[crossing.second.id] else { continue }
            let (first, second) = (personOf[a], personOf[b])
            let isHidden = [first, second].contains { place in place.map { people[$0].score < configuration.highScore } ?? true }
            crossing.wasHidden = crossing.wasHidden || isHidden
            guard let first, let second, tracks[a].box.overlap(tracks[b].box) < tuning.crossingEnds else {
                left.append(crossing)
                continue
            }
            guard crossing.wasHidden, !crossing.isOver(at: time) else { continue }
            func sight(_ person: Person) -> (center: Point, shape: BodyShape) {
                (center(of: person), BodyShape(person, limbs: limbs, jointScore: configuration.jointScore))
            }
            let misfit = crossing.misfit(sight(people[first]), sight(people[second]), at: time, shapeWeight: tuning.shapeWeight)
            guard misfit > tuning.crossingMargin else { continue }
            var (one, other) = (tracks[a], tracks[b])
            Track.exchangeIdentities(&one, &other)
            (tracks[a], tracks[b]) = (one, other)
            (trackOf[one.id], trackOf[other.id]) = (a, b)
        }
        crossings = left
    }

    private mutating func meet(at time: Double) {
        let near = tracks.indices.filter { tracks[$0].shot == shot && tracks[$0].isConfirmed }
        var known = Set(crossings.map(\.pair))
        for (index, a) in near.enumerated() {
            for b in near[(index + 1)...] where tracks[a].box.overlap(tracks[b].box) > configuration.tuning.crossingBegins {
                guard known.insert(Crossing.Pair(tracks[a].id, tracks[b].id)).inserted else { continue }
                crossings.append(Crossing(party(tracks[a]), party(tracks[b]), at: time))
            }
        }
    }

    private func party(_ track: Track) -> Crossing.Party {
        Crossing.Party(
            id: track.id, center: track.centers.last ?? track.box.center, velocity: track.centers.velocity, height: track.height,
            shape: track.shape)
    }
}
