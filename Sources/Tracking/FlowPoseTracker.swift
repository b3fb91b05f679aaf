import Geometry
import Pose

/// The tracker of "Simple Baselines for Human Pose Estimation and Tracking" (Xiao, Wu, Wei, ECCV 2018, section 3), and what
/// people need beyond it: people who are hidden for a moment, unsure detections, doubles (spec: tracking, 1 and 2).
///
/// Deterministic: the order of frames is the only order, ties have fixed rules, coordinates enter as records hold them, so that
/// linking stored records again gives the same ids.
public struct FlowPoseTracker: PeopleTracker, Codable {
    public let configuration: TrackerConfiguration
    private let similarity: PoseSimilarity
    private let torso: [Int]
    /// In ascending id.
    private var tracks: [Track] = []
    private var nextID = 0
    private var previousTime: Double?

    /// Two times this close are one frame.
    private static let sameTime = 1e-6
    /// Gaps up to this never clear the memory, however short it is set.
    private static let shortestGap = 0.5
    /// With every such time that a person is lost the place where it may come back grows by its own size.
    private static let spread = 0.3
    /// How long after its last sighting an unsure detection may continue a track, in seconds.
    private static let coasting = 0.3

    public init(configuration: TrackerConfiguration = TrackerConfiguration(), keypoints: KeypointSet) {
        self.configuration = configuration
        similarity = PoseSimilarity(sigmas: keypoints.sigmas)
        torso = ["left_shoulder", "right_shoulder", "left_hip", "right_hip"].compactMap(keypoints.names.firstIndex)
    }

    /// How many ids were given so far.
    public var idCount: Int { nextID }

    // MARK: One frame

    public mutating func link(_ people: [Person], in frame: TrackedFrame) -> [Person] {
        let (time, isFirst) = advance(to: frame)
        let previous = previousTime ?? time
        var found = Self.ordered(people.map(Self.asRecorded))
        var ids: [Int?]
        switch configuration.association {
        case .paper:
            ids = pair(Array(found.indices), Array(tracks.indices), of: found, in: frame, threshold: configuration.threshold)
        case .staged:
            found.removeAll { !($0.score >= configuration.lowScore) }
            found = Doubles(similarity: similarity, torso: torso).refused(in: found) { area(of: $0, in: frame) }
            ids = stagedPairs(found, in: frame, previous: previous)
        }
        var linked: [Person] = []
        for (index, person) in found.enumerated() {
            let position = ids[index] ?? birth(of: person, at: time, isFirst: isFirst, in: frame)
            guard let position else { continue }
            if ids[index] != nil {
                tracks[position].observe(
                    person, at: time, previous: previous, area: area(of: person, in: frame), center: center(of: person),
                    queue: configuration.queue, confirmScore: configuration.confirmScore)
            }
            ids[index] = position
            linked.append(person.linked(to: tracks[position]))
        }
        previousTime = time
        return linked.sorted { ($0.id ?? 0) < ($1.id ?? 0) }
    }

    public func predictedBoxes(in frame: TrackedFrame) -> [ScoredBox] {
        guard let previousTime, !frame.motion.isCut else { return [] }
        return tracks.compactMap { track in
            guard track.age(at: previousTime) < Self.sameTime else { return nil }
            let sure = track.poses[0].filter { $0.score >= configuration.jointScore && !$0.isMissing }
            guard sure.count >= 3, let moved = frame.motion.move(sure.map(\.position)),
                let box = Box(bounding: moved.map(\.position))?.expanded(by: 0.075).clipped(width: frame.width, height: frame.height),
                box.width > 0, box.height > 0
            else { return nil }
            return ScoredBox(box: box, score: track.score)
        }
    }

    /// Moves the memory to this frame and forgets who is away for too long; gives the frame's time and whether it is the first
    /// one, of the run or after a cut or a gap.
    private mutating func advance(to frame: TrackedFrame) -> (time: Double, isFirst: Bool) {
        let rounded = (frame.time * 1e6).rounded() / 1e6
        guard let previous = previousTime else { return (rounded.isFinite ? rounded : 0, true) }
        let limit = max(configuration.memory, Self.shortestGap)
        var time = rounded.isFinite ? rounded : previous
        if frame.motion.isCut || (time - previous).magnitude > limit {
            tracks.removeAll()
            previousTime = time
            return (time, true)
        }
        time = max(time, previous)
        let memory = configuration.memory
        let forgetsTentative = configuration.association == .staged
        tracks.removeAll { track in
            let lost = track.age(at: previous)
            return lost > Self.sameTime && (lost > memory || (forgetsTentative && !track.isConfirmed))
        }
        let usesFlow = configuration.similarity.usesFlow
        for index in tracks.indices {
            switch configuration.association {
            case .paper: if usesFlow { tracks[index].follow(frame.motion) }
            case .staged: tracks[index].predict(from: previous, to: time, motion: frame.motion, usesFlow: usesFlow)
            }
        }
        return (time, false)
    }

    // MARK: Association

    /// The track (its place in `tracks`) of each person.
    private func stagedPairs(_ people: [Person], in frame: TrackedFrame, previous: Double) -> [Int?] {
        var ids = [Int?](repeating: nil, count: people.count)
        func stage(_ rows: (Track) -> Bool, _ columns: (Person) -> Bool, threshold: Double, boxesMeet: Bool = false) {
            let taken = Set(ids.compactMap { $0 })
            let free = tracks.indices.filter { !taken.contains($0) && rows(tracks[$0]) }
            let open = people.indices.filter { ids[$0] == nil && columns(people[$0]) }
            let pairs = pair(open, free, of: people, in: frame, threshold: threshold, boxesMeet: boxesMeet)
            for index in open where pairs[index] != nil { ids[index] = pairs[index] }
        }
        let high = configuration.highScore
        stage({ $0.isConfirmed }, { $0.score >= high }, threshold: configuration.threshold)
        stage(
            { $0.isConfirmed && $0.age(at: previous) <= Self.coasting }, { $0.score < high },
            threshold: configuration.lowThreshold, boxesMeet: true)
        stage({ !$0.isConfirmed }, { $0.score >= high }, threshold: configuration.threshold)
        return ids
    }

    /// Pairs people and tracks, both given by their places; the result has a place for each person of `people`.
    private func pair(
        _ open: [Int], _ free: [Int], of people: [Person], in frame: TrackedFrame, threshold: Double, boxesMeet: Bool = false
    ) -> [Int?] {
        var ids = [Int?](repeating: nil, count: people.count)
        guard !open.isEmpty, !free.isEmpty else { return ids }
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
                table[row, column] = (similarity(of: track, to: person, scale: scale, overlap: overlap) * 1e9).rounded() / 1e9
            }
        }
        for (row, column) in chosen(table, threshold: threshold).enumerated() {
            if let column { ids[open[column]] = free[row] }
        }
        return ids
    }

    private func chosen(_ table: PairMatrix, threshold: Double) -> [Int?] {
        switch configuration.assignment {
        case .greedy: return Assignment.greedy(table, threshold: max(threshold, .leastNonzeroMagnitude))
        case .hungarian:
            var cost = PairMatrix(rows: table.rows, columns: table.columns, repeating: Assignment.forbidden)
            for row in 0..<table.rows {
                for column in 0..<table.columns where table[row, column] >= threshold && table[row, column] > 0 {
                    cost[row, column] = 1 - table[row, column]
                }
            }
            return Assignment.minimumCost(cost).enumerated().map { row, column in
                column.flatMap { cost[row, $0] < Assignment.forbidden ? $0 : nil }
            }
        }
    }

    /// The squared scale of a pair for OKS, in square pixels. For a track that is lost it grows with the time.
    private func scale(of track: Track, and person: Person, in frame: TrackedFrame) -> Double {
        let growth = 1 + max(0, track.age(at: previousTime ?? 0)) / Self.spread
        return max(track.area, area(of: person, in: frame)) * growth * growth
    }

    /// How alike a track and a person are, 0 to 1.
    private func similarity(of track: Track, to person: Person, scale: Double, overlap: Double) -> Double {
        guard configuration.similarity != .box else { return overlap }
        let poses = configuration.similarity == .multiFlow ? track.poses[...] : track.poses.prefix(1)
        return poses.reduce(0) { best, pose in
            let value = similarity.blended(
                pose, person.keypoints, area: scale, jointScore: configuration.jointScore, iou: overlap)
            return max(best, value)
        }
    }

    /// A new track for a person that continues none; nil when it may not begin one.
    private mutating func birth(of person: Person, at time: Double, isFirst: Bool, in frame: TrackedFrame) -> Int? {
        let area = area(of: person, in: frame)
        var isConfirmed = true
        if configuration.association == .staged {
            guard person.score >= configuration.highScore else { return nil }
            isConfirmed = isFirst || person.score >= configuration.confirmScore
        }
        tracks.append(
            Track(id: nextID, person: person, at: time, area: area, center: center(of: person), isConfirmed: isConfirmed))
        nextID += 1
        return tracks.count - 1
    }

    // MARK: Measures of a person

    /// The squared scale for OKS: the box's area, at least that of 32 x 32 in a picture 720 high.
    private func area(of person: Person, in frame: TrackedFrame) -> Double {
        let least = 32 * max(frame.height, 1) / 720
        let area = person.box.area
        return max(area.isFinite ? area : 0, least * least)
    }

    /// The median of shoulders and hips, which hands and feet do not jerk; of all sure joints or the box where they are hidden.
    private func center(of person: Person) -> Point {
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

    // MARK: Order and precision

    /// Best first: the order in which people are linked when nothing else decides.
    private static func ordered(_ people: [Person]) -> [Person] {
        people.enumerated().sorted { a, b in
            let (p, q) = (a.element, b.element)
            return (q.score, p.box.x, p.box.y, a.offset) < (p.score, q.box.x, q.box.y, b.offset)
        }.map(\.element)
    }

    /// The person with the digits that its record keeps: linking stored people again must see the same numbers.
    private static func asRecorded(_ person: Person) -> Person {
        func kept(_ value: Double, _ scale: Double) -> Double {
            value.isFinite ? (min(max(value, -1e9), 1e9) * scale).rounded() / scale : 0
        }
        var person = person
        person.score = kept(person.score, 1e4)
        person.box = Box(
            x: kept(person.box.x, 100), y: kept(person.box.y, 100), width: kept(person.box.width, 100), height: kept(person.box.height, 100))
        for index in person.keypoints.indices {
            let joint = person.keypoints[index]
            guard joint.position.x.isFinite, joint.position.y.isFinite, joint.score.isFinite else {
                person.keypoints[index] = .missing
                continue
            }
            person.keypoints[index] = Keypoint(
                x: kept(joint.position.x, 100), y: kept(joint.position.y, 100), score: kept(joint.score, 1e4))
        }
        return person
    }
}

extension Person {
    fileprivate func linked(to track: Track) -> Person {
        var person = self
        person.id = track.id
        person.state = track.isConfirmed ? .confirmed : .tentative
        return person
    }
}
