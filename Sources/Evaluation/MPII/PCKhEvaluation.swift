import Diagnostics
import Geometry
import Pose

/// People of MPII: where their 16 joints are and how large their heads are.
public struct MPIITruth: Sendable {
    public struct Person: Sendable {
        /// In MPII's order; nil where the joint is not annotated.
        public var joints: [Point?]
        /// Diagonal of the head's rectangle, pixels.
        public var headDiagonal: Double

        public init(joints: [Point?], headDiagonal: Double) {
            self.joints = joints
            self.headDiagonal = headDiagonal
        }
    }

    public static let jointCount = 16

    public var people: [Person]

    public init(people: [Person]) {
        self.people = people
    }
}

/// PCKh on MPII: the share of annotated joints that lie within half a head size of the truth, in percent (spec: metrics, section 2;
/// keypoints, MPII-16).
public struct PCKhEvaluation: Sendable {
    /// A column of MPII's table; nil where nobody is annotated.
    public struct Number: Sendable, Hashable {
        public var name: String
        public var value: Double?
    }

    /// Head, Shoulder, Elbow, Wrist, Hip, Knee, Ankle, Mean, Mean@0.1 (as the official script has it: 0.11), Mean@0.1 exact.
    public let numbers: [Number]
    /// For each joint in MPII's order; nil where nobody is annotated.
    public let joints: [Double?]

    public subscript(name: String) -> Double? { numbers.first { $0.name == name }?.value }

    /// A head is 0.6 times as large as the diagonal of its rectangle.
    private static let headShare = 0.6
    /// The official script takes the wrong entry of its grid for "Mean@0.1".
    private static let officialSmall = 0.11
    private static let small = 0.1
    private static let groups: [(name: String, joints: [Int])] = [
        ("Head", [9]), ("Shoulder", [12, 13]), ("Elbow", [11, 14]), ("Wrist", [10, 15]), ("Hip", [2, 3]), ("Knee", [1, 4]), ("Ankle", [0, 5]),
    ]
    /// Pelvis and thorax.
    private static let leftOut: Set<Int> = [6, 7]

    /// - Parameters:
    ///   - predicted: for each person of the truth, in its order, 16 joints in MPII's order.
    ///   - offset: added to both coordinates of the predictions: 1 where they count pixels from 0 and the truth from 1.
    /// - Throws: `Failure` (`.data`) when the numbers of people or joints differ.
    public init(predicted: [[Point]], truth: MPIITruth, offset: Double = 0) throws {
        guard predicted.count == truth.people.count else {
            throw Failure(
                .data, "cannot score results", at: "\(predicted.count) people", because: "the ground truth has \(truth.people.count)",
                remedy: "results are in the order of the ground truth, one for each of its people")
        }
        var annotated = [Double](repeating: 0, count: MPIITruth.jointCount)
        var right = annotated, near = annotated, close = annotated
        let shift = Point(x: offset, y: offset)
        for (index, (found, person)) in zip(predicted, truth.people).enumerated() {
            guard found.count == MPIITruth.jointCount, person.joints.count == MPIITruth.jointCount else {
                throw Failure(.data, "cannot score results", at: "person \(index)", because: "it has \(found.count) joints, not 16")
            }
            for (joint, place) in person.joints.enumerated() {
                guard let place else { continue }
                annotated[joint] += 1
                let error = (found[joint] + shift - place).length / (person.headDiagonal * Self.headShare)
                if error <= 0.5 { right[joint] += 1 }
                if error <= Self.officialSmall { near[joint] += 1 }
                if error <= Self.small { close[joint] += 1 }
            }
        }
        let shares: [Double?] = zip(right, annotated).map { $1 > 0 ? 100 * $0 / $1 : nil }
        joints = shares
        let counted = annotated.indices.filter { !Self.leftOut.contains($0) }
        let all = counted.reduce(0) { $0 + annotated[$1] }
        func mean(_ hits: [Double]) -> Double? { all > 0 ? 100 * counted.reduce(0) { $0 + hits[$1] } / all : nil }
        numbers = Self.groups.map { name, members in
            let known = members.compactMap { shares[$0] }
            return Number(name: name, value: known.count == members.count ? known.reduce(0, +) / Double(known.count) : nil)
        } + [
            Number(name: "Mean", value: mean(right)), Number(name: "Mean@0.1", value: mean(near)),
            Number(name: "Mean@0.1 exact", value: mean(close)),
        ]
    }
}
