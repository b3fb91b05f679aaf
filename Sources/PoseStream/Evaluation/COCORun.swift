import Detection
import Diagnostics
import Estimation
import Evaluation
import Foundation
import Geometry
import Media
import Pose

/// A pipeline's networks on the pictures of a COCO ground truth, each picture for itself: no tracking.
public struct COCORun: Sendable {
    /// Where the boxes of a top-down network come from.
    public enum Boxes: Sendable {
        /// The annotations with keypoints that are no crowds, each box as it is annotated, with score 1.
        case truth
        /// The same, cut at the picture's last pixels as the official codes do (spec: networks-topdown 7.1).
        case clippedTruth
        /// The pipeline's detector.
        case detector
        /// Another detector's boxes, by picture: published figures were measured on such files.
        case given([Int: [ScoredBox]])

        /// Another detector's boxes of people, from COCO's results format.
        public init(_ results: [COCOBoxResult]) {
            self = .given(Dictionary(grouping: results.filter { $0.category == 1 }, by: \.picture).mapValues { results in
                results.map { ScoredBox(box: $0.box, score: $0.score) }
            })
        }

        var isDetector: Bool { if case .detector = self { true } else { false } }
    }

    public let pipeline: Pipeline
    public let truth: COCODataset
    /// The folder that holds the truth's pictures by their file names.
    public let pictures: URL

    public init(pipeline: Pipeline, truth: COCODataset, pictures: URL) {
        self.pipeline = pipeline
        self.truth = truth
        self.pictures = pictures
    }

    /// The poses that the pipeline finds, in the truth's order of pictures.
    ///
    /// - Parameter report: told of every picture that is done: its number from 1 and how many there are.
    /// - Throws: `Failure`: `.noInput` for a picture that is not there, `.usage` for true boxes with a network that takes none,
    ///   `.configuration` when the pipeline's joints are not COCO's.
    public func poses(boxes: Boxes, reporting report: (Int, Int) -> Void = { _, _ in }) throws -> [COCOKeypointResult] {
        guard pipeline.keypointSet.names == KeypointSet.coco17.names else {
            throw Failure(
                .configuration, "cannot score the joints", at: "pipeline \(pipeline.configuration.name)",
                because: "they are those of \(pipeline.keypointSet.name), the truth has COCO's", remedy: "choose a pipeline with coco17 joints")
        }
        let stages = try pipeline.makeStages()
        guard boxes.isDetector || stages.detector != nil else {
            throw Failure(
                .usage, "cannot give boxes", at: "pipeline \(pipeline.configuration.name)",
                because: "it finds people from their joints and takes no boxes", remedy: "leave --boxes out")
        }
        let annotations = truth.annotations(ofCategory: 1)
        var results: [COCOKeypointResult] = []
        for (number, picture) in truth.pictures.enumerated() {
            defer { report(number + 1, truth.pictures.count) }
            let given = known(boxes, annotations[picture.id] ?? [], in: picture)
            if given?.isEmpty == true { continue }
            let frame = try frame(picture)
            let found = try given ?? stages.detector?.detect(frame) ?? []
            results += try stages.estimator.estimate(frame, boxes: found).map { COCOKeypointResult($0, in: picture.id) }
        }
        return results
    }

    /// The boxes of a picture where they need not be found.
    private func known(_ boxes: Boxes, _ annotations: [COCODataset.Annotation], in picture: COCODataset.Picture) -> [ScoredBox]? {
        let people = annotations.filter { $0.numberOfKeypoints > 0 && !$0.isCrowd }
        switch boxes {
        case .detector: return nil
        case .given(let boxes): return boxes[picture.id] ?? []
        case .truth: return people.map { ScoredBox(box: $0.box, score: 1) }
        case .clippedTruth:
            return people.compactMap { annotation in
                let box = annotation.box, x = max(0, box.x), y = max(0, box.y)
                let right = min(Double(picture.width) - 1, x + max(0, box.width - 1)), bottom = min(Double(picture.height) - 1, y + max(0, box.height - 1))
                guard annotation.area > 0, right >= x, bottom >= y else { return nil }
                return ScoredBox(box: Box(x: x, y: y, width: right - x, height: bottom - y), score: 1)
            }
        }
    }

    /// The boxes of people that the pipeline's detector finds; for a system without one the boxes of its poses.
    public func boxes(reporting report: (Int, Int) -> Void = { _, _ in }) throws -> [COCOBoxResult] {
        let stages = try pipeline.makeStages()
        var results: [COCOBoxResult] = []
        for (number, picture) in truth.pictures.enumerated() {
            let frame = try frame(picture)
            let found = try stages.detector?.detect(frame)
                ?? stages.estimator.estimate(frame, boxes: []).map { ScoredBox(box: $0.box, score: $0.score) }
            results += found.map { COCOBoxResult($0, in: picture.id) }
            report(number + 1, truth.pictures.count)
        }
        return results
    }

    private func frame(_ picture: COCODataset.Picture) throws -> VideoFrame {
        guard let name = picture.fileName else {
            throw Failure(.data, "cannot find a picture", at: "image \(picture.id)", because: "the ground truth does not name its file")
        }
        return try PictureFolder(pictures).frame(name)
    }
}
