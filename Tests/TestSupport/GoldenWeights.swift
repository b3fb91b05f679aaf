import Foundation

/// assets/weights/golden.json: what the real networks give on two COCO pictures and a video frame, measured with other
/// software (tolerances in the README beside it).
public struct GoldenWeights: Decodable, Sendable {
    public struct Scene: Decodable, Sendable {
        public var size: [Int]
        /// Rows x1, y1, x2, y2, score by network, score >= 0.4, best first.
        public var detectors: [String: [[Double]]]
        /// x, y, width, height.
        public var true_boxes: [[Double]]
        /// By network (with "+flip"): for each true box 17 rows x, y, maximum.
        public var poses: [String: [[[Double]]]]
    }

    public var pictures: [String: Scene]
    /// By "clip.mp4#index".
    public var frames: [String: Scene]

    public static func load() throws -> GoldenWeights {
        try JSONDecoder().decode(GoldenWeights.self, from: Data(contentsOf: Shared.file("assets/weights/golden.json")))
    }

    /// Pictures and the first frames, each with the file to open and the factor on the tolerances.
    public var scenes: [(name: String, file: URL, scene: Scene, slack: Double)] {
        pictures.sorted { $0.key < $1.key }.map { ($0.key, Shared.file("assets/images/coco/\($0.key)"), $0.value, 1) }
            + frames.sorted { $0.key < $1.key }.map { key, scene in
                (key, Shared.file("assets/video/\(key.split(separator: "#")[0])"), scene, 2)
            }
    }
}
