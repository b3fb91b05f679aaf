import Downloads

extension ModelRegistry {
    /// Our own small networks, carried by the program (docs/models.md: data, terms, how they were trained and measured).
    static let embedded: [RegisteredModel] = [
        own(
            "detector", .detector, .detector, "compact person detector", input: "352x480",
            sha256: "2ad5eabdb55eada68783b95cdca7382565963b61b6e79a19c2b37b28a34687b5", bytes: 2_492_470,
            accuracy: "person box AP 0.249, keypoint AP 0.268 with compact-pose, 79 COCO pictures"),
        own(
            "pose", .pose, .pose, "compact SimpleBaseline", input: "256x192",
            sha256: "e753772100f5eabc99e6f88e949005acfe5da4141448b1e3c871eb67ffac53f4", bytes: 3_554_306,
            accuracy: "keypoint AP 0.309 on 79 COCO pictures, true boxes"),
    ]

    private static func own(
        _ name: String, _ model: EmbeddedModel, _ task: RegisteredModel.Task, _ architecture: String, input: String, sha256: String,
        bytes: Int, accuracy: String
    ) -> RegisteredModel {
        RegisteredModel(
            name: "compact-\(name)", architecture: architecture, task: task, files: [model.fileName], source: .program(model),
            page: "docs/models.md", fingerprint: .sha256(sha256), size: .bytes(bytes), input: input,
            licence: "this program's; data: docs/models.md", accuracy: accuracy,
            note: "trained 2026-11-21 and 22 by training/ on COCO, LSP Extended, Penn-Fudan, Human Dataset v2 and MIRFLICKR pictures")
    }
}
