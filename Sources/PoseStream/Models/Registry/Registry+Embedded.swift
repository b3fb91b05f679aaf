import Downloads

extension ModelRegistry {
    /// Our own small networks, carried by the program (docs/models.md: data, terms, how they were trained and measured).
    static let embedded: [RegisteredModel] = [
        own(
            "detector", .detector, .detector, "compact person detector", input: "352x480",
            sha256: "1d283c7b58f6ce39fcf4e2e46f318e26b9979c1e34fac18357ffa199aee2c8fc", bytes: 2_640_542,
            accuracy: "person box AP 0.304, keypoint AP 0.406 with compact-pose, 79 COCO pictures"),
        own(
            "pose", .pose, .pose, "compact SimpleBaseline", input: "256x192",
            sha256: "52224d7379f0f14a0f64fa8faae9da9d158e7510f154dff76a2a1cbcb6d4c1b3", bytes: 4_914_066,
            accuracy: "keypoint AP 0.457 on 79 COCO pictures, true boxes, read by DARK"),
    ]

    private static func own(
        _ name: String, _ model: EmbeddedModel, _ task: RegisteredModel.Task, _ architecture: String, input: String, sha256: String,
        bytes: Int, accuracy: String
    ) -> RegisteredModel {
        RegisteredModel(
            name: "compact-\(name)", architecture: architecture, task: task, files: [model.fileName], source: .program(model),
            page: "docs/models.md", fingerprint: .sha256(sha256), size: .bytes(bytes), input: input,
            licence: "this program's; data: docs/models.md", accuracy: accuracy,
            note: "trained 2026-11-21 to 23 by training/ on COCO, LSP Extended, Penn-Fudan, Human Dataset v2 and MIRFLICKR pictures")
    }
}
