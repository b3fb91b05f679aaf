import Downloads

extension ModelRegistry {
    /// Our own small networks, carried by the program (docs/models.md: data, terms, how they were trained and measured).
    static let embedded: [RegisteredModel] = [
        own(
            "detector", .detector, .detector, "compact person detector", input: "320x320",
            sha256: "6b32f11152a04455d9837f1b598b08ef31da25c3ff06edc76bfdbfff33002537", bytes: 2_492_470,
            accuracy: "person box AP 0.158, keypoint AP 0.130 with compact-pose, 79 COCO pictures"),
        own(
            "pose", .pose, .pose, "compact SimpleBaseline", input: "256x192",
            sha256: "84d94a21ded6cce9bc188446b9f8454951c75efa852f1cf54d0e255b1b96ef1e", bytes: 3_554_306,
            accuracy: "keypoint AP 0.170 on 79 COCO pictures, true boxes"),
    ]

    private static func own(
        _ name: String, _ model: EmbeddedModel, _ task: RegisteredModel.Task, _ architecture: String, input: String, sha256: String,
        bytes: Int, accuracy: String
    ) -> RegisteredModel {
        RegisteredModel(
            name: "compact-\(name)", architecture: architecture, task: task, files: [model.fileName], source: .program(model),
            page: "docs/models.md", fingerprint: .sha256(sha256), size: .bytes(bytes), input: input,
            licence: "this program's; data: docs/models.md", accuracy: accuracy,
            note: "trained 2026-11-21 by training/ on COCO, LSP Extended, Penn-Fudan, Human Dataset v2 and MIRFLICKR pictures")
    }
}
