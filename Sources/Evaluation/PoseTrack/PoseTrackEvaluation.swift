import Geometry

/// PoseTrack's figures as poseval computes them: AP, and MOTA, MOTP, precision and recall of every joint on its own, in
/// percent (spec: metrics, section 3), and IDF1 and HOTA of whole people by OKS.
public struct PoseTrackEvaluation: Sendable {
    public enum Compatibility: String, Sendable, CaseIterable {
        /// As the benchmark defines it.
        case none
        /// With poseval's faults, for comparing with figures that it gave: the last frame of each sequence is left out of
        /// tracking, frames without truth are left out of everything, a frame with nothing on one side counts one phantom miss
        /// and one phantom false positive for each joint, and MOTP counts some distances twice.
        case poseval
    }

    /// A figure for each joint of `PoseTrackJoint` (nil where there is nothing to count), and its mean.
    public struct Figure: Sendable, Hashable {
        public var joints: [Double?]
        public var total: Double? { Figure.mean(joints) }

        /// The columns that poseval prints: head, shoulders, elbows, wrists, hips, knees, ankles, total.
        public var groups: [Double?] {
            Figure.members.map { group in Figure.mean(group.map { joints[$0.rawValue] }) } + [total]
        }

        public static let groupNames = ["Head", "Shou", "Elb", "Wri", "Hip", "Knee", "Ankl", "Total"]
        private static let members: [[PoseTrackJoint]] = [
            [.headTop, .headBottom, .nose], [.rightShoulder, .leftShoulder], [.rightElbow, .leftElbow], [.rightWrist, .leftWrist],
            [.rightHip, .leftHip], [.rightKnee, .leftKnee], [.rightAnkle, .leftAnkle],
        ]

        private static func mean(_ values: [Double?]) -> Double? {
            let known = values.compactMap { $0 }
            return known.isEmpty ? nil : known.reduce(0, +) / Double(known.count)
        }
    }

    public let ap: Figure
    public let mota: Figure
    public let motp: Figure
    public let precision: Figure
    public let recall: Figure
    /// Whole people by OKS, 0 to 1, a score for each sequence.
    public let tracking: [TrackingScore]

    /// - Parameter sequences: for `.poseval` made with `skipsEmptyTruth`.
    public init(_ sequences: [PoseTrackSequence], compatibility: Compatibility = .none) {
        ap = Figure(joints: PoseTrackPrecision(sequences).averages(compatibility))
        let counts = PoseTrackJoint.allCases.map { joint in
            sequences.map { JointTracking($0, joint: joint.rawValue, compatibility) }.reduce(JointTracking(), +)
        }
        mota = Figure(joints: counts.map(\.mota))
        motp = Figure(joints: counts.map(\.motp))
        precision = Figure(joints: counts.map(\.precision))
        recall = Figure(joints: counts.map(\.recall))
        tracking = sequences.map { TrackingScore(TrackingSequence(frames: $0.frames.map(\.trackingFrame))) }
    }

    /// All figures by name, in the order in which they are printed.
    public var figures: [(name: String, figure: Figure)] {
        [("AP", ap), ("MOTA", mota), ("MOTP", motp), ("precision", precision), ("recall", recall)]
    }
}

/// Average precision of every joint.
private struct PoseTrackPrecision {
    /// For each joint, of every predicted one: its score and whether it is right, in the order of the files.
    private var marks: [[(score: Double, isRight: Bool)]]
    private var annotated: [Int]

    init(_ sequences: [PoseTrackSequence]) {
        marks = Array(repeating: [], count: PoseTrackJoint.allCases.count)
        annotated = Array(repeating: 0, count: PoseTrackJoint.allCases.count)
        for sequence in sequences { for frame in sequence.frames { add(frame) } }
    }

    private mutating func add(_ frame: PoseTrackSequence.Frame) {
        for person in frame.truth { for (joint, place) in person.joints.enumerated() where place != nil { annotated[joint] += 1 } }
        let truthOf = Self.assignment(frame)
        for (index, person) in frame.predicted.enumerated() {
            for (joint, place) in person.joints.enumerated() {
                guard let place else { continue }
                let isRight = truthOf[index].flatMap { frame.distance($0, index, joint) }.map { $0 <= 0.5 } ?? false
                marks[joint].append((place.score, isRight))
            }
        }
    }

    /// The true person of each prediction. Each prediction keeps the person of whom it has the largest share of joints right;
    /// each person takes the best of the predictions that kept it.
    private static func assignment(_ frame: PoseTrackSequence.Frame) -> [Int?] {
        var kept: [(truth: Int, share: Double)?] = []
        for predicted in frame.predicted.indices {
            var best: (truth: Int, share: Double)?
            for (truth, person) in frame.truth.enumerated() {
                let right = person.joints.indices.count { (frame.distance(truth, predicted, $0) ?? .infinity) <= 0.5 }
                let share = Double(right) / Double(max(1, person.joints.count { $0 != nil }))
                if best == nil || share > best?.share ?? 0 { best = (truth, share) }
            }
            kept.append(best)
        }
        var truthOf = [Int?](repeating: nil, count: frame.predicted.count)
        for truth in frame.truth.indices {
            var winner: (predicted: Int, share: Double)?
            for (predicted, best) in kept.enumerated() {
                guard let best, best.truth == truth, best.share > winner?.share ?? 0 else { continue }
                winner = (predicted, best.share)
            }
            if let winner { truthOf[winner.predicted] = truth }
        }
        return truthOf
    }

    /// Area below the whole precision-recall curve, in percent.
    func averages(_ compatibility: PoseTrackEvaluation.Compatibility) -> [Double?] {
        zip(marks, annotated).map { marks, annotated in
            guard annotated > 0 else { return marks.isEmpty && compatibility == .poseval ? 0 : nil }
            // poseval reverses an ascending sort: of equal scores the later one comes first.
            let order = marks.indices.sorted {
                marks[$0].score == marks[$1].score
                    ? (compatibility == .poseval ? $0 > $1 : $0 < $1) : marks[$0].score > marks[$1].score
            }
            var right = 0.0
            var recall = [0.0], precision = [0.0]
            for (place, index) in order.enumerated() {
                if marks[index].isRight { right += 1 }
                recall.append(right / Double(annotated))
                precision.append(right / Double(place + 1))
            }
            recall.append(1)
            precision.append(0)
            for place in precision.indices.dropLast().reversed() { precision[place] = max(precision[place], precision[place + 1]) }
            var area = 0.0
            for place in 1..<recall.count where recall[place] != recall[place - 1] {
                area += (recall[place] - recall[place - 1]) * precision[place]
            }
            return 100 * area
        }
    }
}

/// CLEAR MOT of one joint: everybody who has it is an object, distances in head sizes.
private struct JointTracking {
    var objects = 0
    var matches = 0
    var misses = 0
    var falsePositives = 0
    var switches = 0
    /// Sum of the distances that MOTP counts.
    var distance = 0.0

    var mota: Double? { objects > 0 ? 100 * (1 - Double(misses + switches + falsePositives) / Double(objects)) : nil }
    var motp: Double? { matches > 0 ? 100 * (1 - distance / Double(matches)) : nil }
    var precision: Double? { matches + falsePositives > 0 ? 100 * Double(matches) / Double(matches + falsePositives) : nil }
    var recall: Double? { objects > 0 ? 100 * Double(matches) / Double(objects) : nil }

    init() {}

    static func + (a: JointTracking, b: JointTracking) -> JointTracking {
        var sum = a
        sum.objects += b.objects
        sum.matches += b.matches
        sum.misses += b.misses
        sum.falsePositives += b.falsePositives
        sum.switches += b.switches
        sum.distance += b.distance
        return sum
    }

    init(_ sequence: PoseTrackSequence, joint: Int, _ compatibility: PoseTrackEvaluation.Compatibility) {
        switch compatibility {
        case .none:
            let clear = ClearMOT(TrackingSequence(frames: sequence.frames.map { Self.frame($0, joint) }))
            (objects, matches, misses) = (clear.objects, clear.matches, clear.misses)
            (falsePositives, switches) = (clear.falsePositives, clear.switches)
            distance = Double(clear.matches) - clear.similarity
        case .poseval:
            countAsPoseval(sequence.frames.dropLast(), joint)
        }
    }

    /// The people who have the joint; similarity is 1 - distance where that is at most 0.5, else 0.
    private static func frame(_ frame: PoseTrackSequence.Frame, _ joint: Int) -> TrackingSequence.Frame {
        let rows = frame.truth.indices.filter { frame.truth[$0].joints[joint] != nil }
        let columns = frame.predicted.indices.filter { frame.predicted[$0].joints[joint] != nil }
        var similarity = PairMatrix(rows: rows.count, columns: columns.count)
        for (i, row) in rows.enumerated() {
            for (j, column) in columns.enumerated() {
                if let distance = frame.distance(row, column, joint), distance <= 0.5 { similarity[i, j] = max(0.5, 1 - distance) }
            }
        }
        return .init(truth: rows.map { frame.truth[$0].id }, predicted: columns.map { frame.predicted[$0].id }, similarity: similarity)
    }

    /// py-motmetrics 1.1 and later records more rows with a distance than matches, and poseval adds up all of them.
    private mutating func countAsPoseval(_ frames: some Sequence<PoseTrackSequence.Frame>, _ joint: Int) {
        var lastMatch: [Int: Int] = [:]
        var ownerOf: [Int: Int] = [:]
        var (seenPredicted, matchedTruth) = (Set<Int>(), Set<Int>())
        for frame in frames {
            guard !frame.truth.isEmpty, !frame.predicted.isEmpty else {
                objects += 1
                misses += 1
                falsePositives += 1
                continue
            }
            let seen = Self.frame(frame, joint)
            func away(_ row: Int, _ column: Int) -> Double { 1 - seen.similarity[row, column] }
            for value in seen.similarity.values where value > 0 { distance += 1 - value }
            let (kept, all) = ClearMOT.pairs(seen, lastMatch, threshold: 0.5)
            for (row, column) in kept.enumerated() {
                guard let column else { continue }
                matchedTruth.insert(seen.truth[row])
                seenPredicted.insert(seen.predicted[column])
            }
            for (row, column) in all.enumerated() {
                guard let column else { continue }
                matches += 1
                distance += away(row, column)
                guard kept[row] == nil else { continue }
                let (person, id) = (seen.truth[row], seen.predicted[column])
                if let last = lastMatch[person], last != id {
                    switches += 1
                    if !seenPredicted.contains(id) { distance += away(row, column) }
                }
                if let owner = ownerOf[id], owner != person {
                    distance += away(row, column) * (matchedTruth.contains(person) ? 1 : 2)
                }
                seenPredicted.insert(id)
                matchedTruth.insert(person)
                ownerOf[id] = person
                lastMatch[person] = id
            }
            let found = all.count { $0 != nil }
            objects += seen.truth.count
            misses += seen.truth.count - found
            falsePositives += seen.predicted.count - found
        }
    }
}
