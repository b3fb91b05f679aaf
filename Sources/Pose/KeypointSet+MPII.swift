extension KeypointSet {
    /// The 16 joints of MPII. It states no sigmas; these are mmpose's.
    public static let mpii16 = KeypointSet(
        name: "mpii16",
        names: [
            "right_ankle", "right_knee", "right_hip", "left_hip", "left_knee", "left_ankle", "pelvis", "thorax", "upper_neck", "head_top",
            "right_wrist", "right_elbow", "right_shoulder", "left_shoulder", "left_elbow", "left_wrist",
        ],
        skeleton: [
            Edge(0, 1), Edge(1, 2), Edge(2, 6), Edge(6, 3), Edge(3, 4), Edge(4, 5), Edge(6, 7), Edge(7, 8), Edge(8, 9), Edge(8, 12),
            Edge(12, 11), Edge(11, 10), Edge(8, 13), Edge(13, 14), Edge(14, 15),
        ],
        mirrorPairs: [Edge(0, 5), Edge(1, 4), Edge(2, 3), Edge(10, 15), Edge(11, 14), Edge(12, 13)],
        sigmas: [
            0.089, 0.083, 0.107, 0.107, 0.083, 0.089, 0.026, 0.026, 0.026, 0.026, 0.062, 0.072, 0.179, 0.179, 0.072, 0.062,
        ])

    /// For each joint of `coco17` the joint of `mpii16` that it is; nose, eyes and ears are none.
    public static let mpiiOfCOCO: [Int?] = [nil, nil, nil, nil, nil, 13, 12, 14, 11, 15, 10, 3, 2, 4, 1, 5, 0]
}
