import Detection
import Diagnostics
import Estimation
import Evaluation
import Foundation
import Geometry
import Media
import Pose

/// A pipeline's pose network on the people of MPII, each in the box that the annotators gave by centre and scale.
public struct MPIIRun: Sendable {
    /// MPII's `valid.json`: an array with image, centre and scale (height / 200) of each person, in the order of `gt_valid.mat`.
    public struct People: Sendable {
        struct Entry: Decodable, Sendable {
            var image: String
            /// Pixels, counted from 1.
            var center: [Double]
            var scale: Double
        }

        let entries: [Entry]

        public init(contentsOf url: URL) throws {
            try self.init(json: GroundTruthFile.read(url), place: url.lastPathComponent)
        }

        /// - Throws: `Failure` (`.data`) when the text is not of that form.
        public init(json: Data, place: String) throws {
            entries = try GroundTruthFile.decode([Entry].self, from: json, place: place)
            for (index, entry) in entries.enumerated() {
                guard entry.center.count == 2, (entry.center + [entry.scale]).allSatisfy({ $0.magnitude <= 1e6 }), entry.scale > 0 else {
                    throw Failure(.data, "cannot read ground truth", at: "\(place), [\(index)]", because: "it has no sensible center and scale")
                }
            }
        }
    }

    private let pipeline: Pipeline
    private let people: People
    private let pictures: URL

    /// - Throws: `Failure` (`.configuration`) when the pipeline's joints are not MPII's sixteen.
    public init(pipeline: Pipeline, people: People, pictures: URL) throws {
        guard pipeline.keypointSet.names == KeypointSet.mpii16.names else {
            throw Failure(
                .configuration, "cannot score the joints", at: "pipeline \(pipeline.configuration.name)",
                because: "they are those of \(pipeline.keypointSet.name), MPII asks for its own 16", remedy: "choose a network trained on MPII, with pose.keypoints=native")
        }
        (self.pipeline, self.people, self.pictures) = (pipeline, people, pictures)
    }

    /// Sixteen places for each person, pixels counted from 0; (0, 0) where a joint was not found.
    public func joints(reporting report: (Int, Int) -> Void = { _, _ in }) throws -> [[Point]] {
        let stages = try pipeline.makeStages()
        var last: (name: String, frame: VideoFrame)?
        return try people.entries.enumerated().map { index, entry in
            defer { report(index + 1, people.entries.count) }
            if last?.name != entry.image { last = try (entry.image, PictureFolder(pictures).frame(entry.image)) }
            guard let frame = last?.frame else { return [] }
            // As the official code: centre moved down a little, a square of 200 pixels a unit, pixels from 0.
            let side = 200 * entry.scale
            let box = Box(
                x: entry.center[0] - 1 - side / 2, y: entry.center[1] - 1 + 15 * entry.scale - side / 2, width: side, height: side)
            let found = try stages.estimator.estimate(frame, boxes: [ScoredBox(box: box, score: 1)])
            return found.first.map { $0.keypoints.map(\.position) } ?? Array(repeating: .zero, count: MPIITruth.jointCount)
        }
    }
}
