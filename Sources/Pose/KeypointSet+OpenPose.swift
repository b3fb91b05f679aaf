extension KeypointSet {
    /// The 18 joints of OpenPose's COCO model and of Lightweight OpenPose: COCO's and the neck.
    public static let openPose18 = KeypointSet(
        name: "openpose18",
        names: [
            "nose", "neck", "right_shoulder", "right_elbow", "right_wrist", "left_shoulder", "left_elbow", "left_wrist", "right_hip",
            "right_knee", "right_ankle", "left_hip", "left_knee", "left_ankle", "right_eye", "left_eye", "right_ear", "left_ear",
        ],
        skeleton: [
            Edge(1, 2), Edge(1, 5), Edge(2, 3), Edge(3, 4), Edge(5, 6), Edge(6, 7), Edge(1, 8), Edge(8, 9), Edge(9, 10), Edge(1, 11),
            Edge(11, 12), Edge(12, 13), Edge(1, 0), Edge(0, 14), Edge(14, 16), Edge(0, 15), Edge(15, 17),
        ],
        mirrorPairs: [
            Edge(2, 5), Edge(3, 6), Edge(4, 7), Edge(8, 11), Edge(9, 12), Edge(10, 13), Edge(14, 15), Edge(16, 17),
        ],
        sigmas: [
            0.026, 0.079, 0.079, 0.072, 0.062, 0.079, 0.072, 0.062, 0.107, 0.087, 0.089, 0.107, 0.087, 0.089, 0.025, 0.025, 0.035, 0.035,
        ])

    /// For each joint of `coco17` the joint of `openPose18` that it is.
    public static let openPoseOfCOCO = [0, 15, 14, 17, 16, 5, 2, 6, 3, 7, 4, 11, 8, 12, 9, 13, 10]
}
