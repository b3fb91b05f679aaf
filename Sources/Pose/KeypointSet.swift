/// The names and the build of a skeleton: which joints there are, in which order, and what belongs together.
public struct KeypointSet: Hashable, Sendable {
    /// A bone: indices of its two joints.
    public struct Edge: Hashable, Sendable {
        public var from: Int
        public var to: Int

        public init(_ from: Int, _ to: Int) {
            self.from = from
            self.to = to
        }
    }

    /// Short name as it stands in records and pipeline files: "coco17".
    public var name: String
    public var names: [String]
    public var skeleton: [Edge]
    /// Joints that a mirror exchanges.
    public var mirrorPairs: [Edge]
    /// Per-joint spread for OKS: the variance is (2 sigma)^2 in units of the person's area (COCO's form).
    public var sigmas: [Double]

    public init(name: String, names: [String], skeleton: [Edge], mirrorPairs: [Edge], sigmas: [Double]) {
        self.name = name
        self.names = names
        self.skeleton = skeleton
        self.mirrorPairs = mirrorPairs
        self.sigmas = sigmas
    }

    public var count: Int { names.count }

    /// For each joint the joint that takes its place in a mirrored picture.
    public var mirrored: [Int] {
        var order = Array(names.indices)
        for pair in mirrorPairs {
            order[pair.from] = pair.to
            order[pair.to] = pair.from
        }
        return order
    }
}

extension KeypointSet {
    /// The 17 joints of COCO: SimpleBaseline, HRNet, CPN, MultiPoseNet; our output set.
    public static let coco17 = KeypointSet(
        name: "coco17",
        names: [
            "nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder", "right_shoulder", "left_elbow", "right_elbow",
            "left_wrist", "right_wrist", "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle",
        ],
        skeleton: [
            Edge(15, 13), Edge(13, 11), Edge(16, 14), Edge(14, 12), Edge(11, 12), Edge(5, 11), Edge(6, 12), Edge(5, 6), Edge(5, 7),
            Edge(6, 8), Edge(7, 9), Edge(8, 10), Edge(1, 2), Edge(0, 1), Edge(0, 2), Edge(1, 3), Edge(2, 4), Edge(3, 5), Edge(4, 6),
        ],
        mirrorPairs: [Edge(1, 2), Edge(3, 4), Edge(5, 6), Edge(7, 8), Edge(9, 10), Edge(11, 12), Edge(13, 14), Edge(15, 16)],
        sigmas: [
            0.026, 0.025, 0.025, 0.035, 0.035, 0.079, 0.079, 0.072, 0.072, 0.062, 0.062, 0.107, 0.107, 0.087, 0.087, 0.089, 0.089,
        ])
}
