import Geometry
import Pose

/// The tracker of "Simple Baselines for Human Pose Estimation and Tracking" (Xiao, Wu, Wei, ECCV 2018, section 3), and what
/// people need beyond it: people who are hidden for a moment, unsure detections, doubles, crossings (spec: tracking, 1 and 2).
///
/// Deterministic: the order of frames is the only order, ties have fixed rules, coordinates enter as records hold them, so that
/// linking stored records again gives the same ids.
public struct FlowPoseTracker: PeopleTracker, Codable {
    public let configuration: TrackerConfiguration
    let similarity: PoseSimilarity
    let torso: [Int]
    let limbs: LimbIndices
    /// In ascending id.
    var tracks: [Track] = []
    var nextID = 0
    var previousTime: Double?
    /// The shot that is seen, and the one before it, to which a cut may go back.
    var shot = 0
    private var earlierShot = 0
    private var shotCount = 1
    /// People who cannot be told apart just now.
    var crossings: [Crossing] = []

    /// Gaps up to this never clear the memory, however short it is set.
    private static let shortestGap = 0.5

    public init(configuration: TrackerConfiguration = TrackerConfiguration(), keypoints: KeypointSet) {
        self.configuration = configuration
        similarity = PoseSimilarity(sigmas: keypoints.sigmas)
        torso = ["left_shoulder", "right_shoulder", "left_hip", "right_hip"].compactMap(keypoints.names.firstIndex)
        limbs = LimbIndices(keypoints)
    }

    /// How many ids were given so far.
    public var idCount: Int { nextID }

    // MARK: One frame

    public mutating func link(_ people: [Person], in frame: TrackedFrame) -> [Person] {
        let (time, isFirst) = advance(to: frame)
        let previous = previousTime ?? time
        var found = Self.ordered(people.map(\.asRecorded))
        if configuration.association == .staged {
            found.removeAll { $0.origin == .network && !($0.score >= configuration.lowScore) }
            found = Doubles(similarity: similarity, torso: torso).refused(in: found) { area(of: $0, in: frame) }
        }
        if configuration.people == 1 { found = principal(of: found, in: frame) }
        var places = carriedPlaces(found)
        switch configuration.association {
        case .paper: pairAll(found, &places, in: frame)
        case .staged: pairInStages(found, &places, in: frame, previous: previous)
        }
        let known = found.indices.filter { places[$0] != nil }
        for (index, person) in found.enumerated() {
            if let place = places[index] {
                observe(person, as: place, at: time, previous: previous, in: frame)
            } else if !isKnown(person, among: known.map { found[$0] }, in: frame) {
                places[index] = birth(of: person, at: time, isFirst: isFirst, taken: Set(places.compactMap { $0 }), in: frame)
            }
        }
        if configuration.association == .staged { settleCrossings(found, &places, at: time) }
        previousTime = time
        var linked = found.indices.compactMap { index in places[index].map { found[index].linked(to: tracks[$0]) } }
        if configuration.association == .staged { linked += coasting(at: time, in: frame, beside: linked) }
        tracks.sort { $0.id < $1.id }
        return linked.sorted { ($0.id ?? 0) < ($1.id ?? 0) }
    }

    /// The track continues with this person.
    mutating func observe(_ person: Person, as place: Int, at time: Double, previous: Double, in frame: TrackedFrame) {
        tracks[place].observe(
            person, at: time, previous: previous, area: area(of: person, in: frame), center: center(of: person),
            queue: configuration.queue, confirmScore: configuration.confirmScore)
        tracks[place].shot = shot
    }

    /// Moves the memory to this frame and forgets who is away for too long; gives the frame's time and whether it is the first
    /// one, of the run or after a cut or a gap.
    private mutating func advance(to frame: TrackedFrame) -> (time: Double, isFirst: Bool) {
        let rounded = (frame.time * 1e6).rounded() / 1e6
        guard let previous = previousTime else { return (rounded.isFinite ? rounded : 0, true) }
        let limit = max(configuration.memory, Self.shortestGap)
        var time = rounded.isFinite ? rounded : previous
        if (time - previous).magnitude > limit {
            forgetAll()
            previousTime = time
            return (time, true)
        }
        time = max(time, previous)
        if frame.motion.isCut { cut(isReturn: frame.motion.isReturn) }
        forget(at: previous)
        guard !frame.motion.isCut else { return (time, true) }
        move(from: previous, to: time, in: frame)
        return (time, false)
    }

    /// Nobody of before is expected any more. People whose number is known are never forgotten, as nobody else can come.
    private mutating func forgetAll() {
        crossings.removeAll()
        if configuration.people == 0 {
            tracks.removeAll()
        } else {
            for index in tracks.indices { tracks[index].leave() }
        }
    }

    /// Over a cut nobody is followed; back in the shot before, its people are where they were (spec: tracking, 2.6).
    private mutating func cut(isReturn: Bool) {
        crossings.removeAll()
        if isReturn, configuration.association == .staged {
            swap(&shot, &earlierShot)
        } else {
            earlierShot = shot
            shot = shotCount
            shotCount += 1
        }
    }

    private mutating func forget(at previous: Double) {
        guard configuration.people == 0 else { return }
        let memory = configuration.memory
        let forgetsTentative = configuration.association == .staged
        tracks.removeAll { track in
            let lost = track.age(at: previous)
            return lost > Track.sameTime && (lost > memory || (forgetsTentative && !track.isConfirmed))
        }
        let left = Set(tracks.map(\.id))
        crossings.removeAll { !left.contains($0.first.id) || !left.contains($0.second.id) }
    }

    private mutating func move(from previous: Double, to time: Double, in frame: TrackedFrame) {
        let usesFlow = configuration.similarity.usesFlow
        for index in tracks.indices where tracks[index].shot == shot {
            switch configuration.association {
            case .paper: if usesFlow { tracks[index].follow(frame.motion) }
            case .staged:
                tracks[index].predict(
                    from: previous, to: time, in: frame, usesFlow: usesFlow, least: configuration.tuning.flowShare)
            }
        }
        for index in crossings.indices { crossings[index].move(with: frame.motion.background) }
    }

    // MARK: Measures of a person

    /// The squared scale for OKS: the box's area, at least that of 32 x 32 in a picture 720 high.
    func area(of person: Person, in frame: TrackedFrame) -> Double {
        let least = 32 * max(frame.height, 1) / 720
        let area = person.box.area
        return max(area.isFinite ? area : 0, least * least)
    }

    /// The median of shoulders and hips, which hands and feet do not jerk; of all sure joints or the box where they are hidden.
    func center(of person: Person) -> Point {
        func sure(_ joints: some Sequence<Int>) -> [Point] {
            joints.compactMap { index in
                guard person.keypoints.indices.contains(index), person.keypoints[index].score >= configuration.jointScore else { return nil }
                return person.keypoints[index].position
            }
        }
        var points = sure(torso)
        if points.count < 3 { points = sure(person.keypoints.indices) }
        if points.count < 3 { return person.box.center }
        return Point(x: median(points.map(\.x)), y: median(points.map(\.y)))
    }

    // MARK: Order

    /// Who was carried here first, then best first: the order in which people are linked when nothing else decides.
    private static func ordered(_ people: [Person]) -> [Person] {
        people.enumerated().sorted { a, b in
            let (p, q) = (a.element, b.element)
            if (p.origin == .flow) != (q.origin == .flow) { return p.origin == .flow }
            return (q.score, p.box.x, p.box.y, a.offset) < (p.score, q.box.x, q.box.y, b.offset)
        }.map(\.element)
    }
}

extension Person {
    func linked(to track: Track) -> Person {
        var person = self
        person.id = track.id
        person.state = track.isConfirmed ? .confirmed : .tentative
        return person
    }
}
