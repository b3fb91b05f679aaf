import Checkpoints

/// The configuration of our own networks, from the shapes in their files.
enum CompactRecognition {
    static func kind(_ keys: NetworkKeys) throws -> NetworkRecognition.Kind {
        let stages = keys.count("backbone.stages.", 0..., ".0.conv.weight")
        let widths = (0..<stages).map { keys.shape("backbone.stages.\($0).0.conv.weight")?.first ?? 0 }
        let blocks = (0..<stages).map { keys.count("backbone.stages.\($0).", 1..., ".first.conv.weight") }
        guard !keys.has("backbone.stages.0.0.norm.weight") else {
            throw NetworkRecognition.Refusal("a training checkpoint of our own networks", remedy: "export it: python -m posetrain export")
        }
        if keys.has("lateral.0.conv.weight") {
            guard stages >= 3 else { throw NetworkRecognition.Refusal("a compact detector with \(stages) stages; it needs three") }
            return .compactDetector(.init(
                widths: widths, blocks: blocks, neck: keys.shape("lateral.0.conv.weight")?.first ?? 0,
                head: keys.count("heads.0.", 0..., ".conv.weight")))
        }
        let layers = keys.count("upsample.", 0..., ".conv.weight")
        guard layers < stages else {
            throw NetworkRecognition.Refusal(
                "a compact pose network with \(stages) stages and \(layers) transposed convolutions; it needs fewer of these")
        }
        let filters = (0..<layers).map { index in
            keys.shape("upsample.\(index).conv.weight").flatMap { $0.count == 4 ? $0[1] : nil } ?? 0
        }
        return .compactPose(.init(
            widths: widths, blocks: blocks, deconvolutions: filters, laterals: keys.has("upsample.0.lateral.conv.weight"),
            refinements: (0..<layers).map { keys.count("upsample.\($0).blocks.", 0..., ".first.conv.weight") },
            joints: keys.shape("head.weight")?.first ?? 0))
    }

    /// Height and width from the file's own header ("1x3x256x192").
    static func inputSize(_ checkpoint: Checkpoint) -> (height: Int, width: Int)? {
        let sides = (checkpoint.metadata["input"] ?? "").split(separator: "x").compactMap { Int($0) }
        guard sides.count == 4, sides[2...].allSatisfy({ $0 > 0 && $0 <= 4096 && $0 % 32 == 0 }) else { return nil }
        return (sides[2], sides[3])
    }
}
