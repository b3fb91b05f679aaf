import Downloads

extension ModelRegistry {
    /// Our own small networks, carried by the program (docs/models.md: data, terms, how they were trained and measured).
    static let embedded: [RegisteredModel] = [
        own(
            "detector", .detector, .detector, "compact person detector", input: "320x320",
            sha256: "9ea7387748e12473625632b8db40b3d20ae70c0b3fbaacddd47d776b03158069", bytes: 2_492_470,
            accuracy: "person box AP 0.180, keypoint AP 0.178 with compact-pose, 79 COCO pictures"),
        own(
            "pose", .pose, .pose, "compact SimpleBaseline", input: "256x192",
            sha256: "79debafa9af85a0b0f451b9146aca4a0148c04712984d360f55e67b4729ada1e", bytes: 3_554_306,
            accuracy: "keypoint AP 0.238 on 79 COCO pictures, true boxes"),
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
