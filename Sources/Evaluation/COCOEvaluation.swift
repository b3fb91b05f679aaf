import Diagnostics
import Geometry
import Pose

/// COCO's numbers for people, equal to those of pycocotools (spec: metrics section 1).
public struct COCOEvaluation: Sendable {
    /// One of COCO's numbers: "AP", "AP50"; nil where there was nothing to average (pycocotools prints -1).
    public struct Number: Sendable, Hashable {
        public var name: String
        public var value: Double?
    }

    /// The ten numbers for keypoints or the twelve for boxes, in pycocotools' order.
    public let numbers: [Number]

    /// A number by its name; nil when there is none.
    public subscript(name: String) -> Double? { numbers.first { $0.name == name }?.value }

    /// AP and AR of poses by OKS, at most 20 a picture.
    ///
    /// - Parameter category: only annotations and results of this category count.
    /// - Throws: `Failure` of kind `.data` when a result names a picture that the ground truth does not have.
    public init(keypoints results: [COCOKeypointResult], truth: COCODataset, set: KeypointSet = .coco17, category: Int = 1) throws {
        let oks = ObjectKeypointSimilarity(set)
        let limit = 20
        let precision = try Self.gather(
            results, truth, category, limit: limit, picture: { $0.picture }, category: { $0.category }, score: { $0.score },
            area: { $0.area }, isIgnored: { $0.isCrowd || $0.numberOfKeypoints == 0 },
            similarity: { result, annotation in oks(result.joints, truth: annotation.pose) })
        let all = precision.curves(.all, maximumDetections: limit)
        let medium = precision.curves(.medium, maximumDetections: limit)
        let large = precision.curves(.large, maximumDetections: limit)
        numbers = [
            Number(name: "AP", value: all?.mean()), Number(name: "AP50", value: all?.mean(at: 0)),
            Number(name: "AP75", value: all?.mean(at: 5)), Number(name: "APM", value: medium?.mean()),
            Number(name: "APL", value: large?.mean()), Number(name: "AR", value: all?.meanRecall()),
            Number(name: "AR50", value: all?.recall[0]), Number(name: "AR75", value: all?.recall[5]),
            Number(name: "ARM", value: medium?.meanRecall()), Number(name: "ARL", value: large?.meanRecall()),
        ]
    }

    /// AP and AR of boxes by IoU, at most 100 a picture.
    public init(boxes results: [COCOBoxResult], truth: COCODataset, category: Int = 1) throws {
        let precision = try Self.gather(
            results, truth, category, limit: 100, picture: { $0.picture }, category: { $0.category }, score: { $0.score },
            area: { $0.box.area }, isIgnored: { $0.isCrowd },
            similarity: { result, annotation in Self.overlap(result.box, annotation.box, isCrowd: annotation.isCrowd) })
        let all = precision.curves(.all, maximumDetections: 100)
        let ranges = [AveragePrecision.AreaRange.small, .medium, .large].map { precision.curves($0, maximumDetections: 100) }
        numbers = [
            Number(name: "AP", value: all?.mean()), Number(name: "AP50", value: all?.mean(at: 0)),
            Number(name: "AP75", value: all?.mean(at: 5)), Number(name: "APs", value: ranges[0]?.mean()),
            Number(name: "APm", value: ranges[1]?.mean()), Number(name: "APl", value: ranges[2]?.mean()),
            Number(name: "AR1", value: precision.curves(.all, maximumDetections: 1)?.meanRecall()),
            Number(name: "AR10", value: precision.curves(.all, maximumDetections: 10)?.meanRecall()),
            Number(name: "AR100", value: all?.meanRecall()), Number(name: "ARs", value: ranges[0]?.meanRecall()),
            Number(name: "ARm", value: ranges[1]?.meanRecall()), Number(name: "ARl", value: ranges[2]?.meanRecall()),
        ]
    }

    /// Intersection over union; over the detection's own area where the annotation is a crowd.
    private static func overlap(_ detection: Box, _ truth: Box, isCrowd: Bool) -> Double {
        let shared = detection.intersection(truth).area
        let whole = isCrowd ? detection.area : detection.area + truth.area - shared
        return shared > 0 ? shared / whole : 0
    }

    /// Puts results beside the annotations of their pictures, pictures in the order of their ids.
    private static func gather<Result>(
        _ results: [Result], _ truth: COCODataset, _ wanted: Int, limit: Int, picture: (Result) -> Int, category: (Result) -> Int,
        score: (Result) -> Double, area: (Result) -> Double, isIgnored: (COCODataset.Annotation) -> Bool,
        similarity: (Result, COCODataset.Annotation) -> Double
    ) throws -> AveragePrecision {
        let known = Set(truth.pictures.map(\.id))
        if let stray = results.first(where: { !known.contains(picture($0)) }) {
            throw Failure(
                .data, "cannot score results", at: "image_id \(picture(stray))", because: "the ground truth has no such picture",
                remedy: "score the results with the annotations of their own pictures")
        }
        let annotations = truth.annotations(ofCategory: wanted)
        let found = Dictionary(grouping: results.filter { category($0) == wanted }, by: picture)
        return AveragePrecision(
            pictures: known.sorted().map { id in
                let truths = annotations[id] ?? []
                let candidates = found[id] ?? []
                let order = candidates.indices.sorted {
                    score(candidates[$0]) == score(candidates[$1]) ? $0 < $1 : score(candidates[$0]) > score(candidates[$1])
                }
                let best = order.prefix(limit).map { candidates[$0] }
                return AveragePrecision.Picture(
                    truths: truths.map { .init(id: $0.id, isCrowd: $0.isCrowd, isIgnored: isIgnored($0), area: $0.area) },
                    detections: best.map { .init(score: score($0), area: area($0)) },
                    similarity: best.map { result in truths.map { similarity(result, $0) } })
            })
    }
}

extension AveragePrecision.Curves {
    /// Mean precision over all thresholds and recalls.
    func mean() -> Double {
        precision.map { $0.reduce(0, +) }.reduce(0, +) / Double(precision.map(\.count).reduce(0, +))
    }

    /// Mean precision at one threshold.
    func mean(at threshold: Int) -> Double { precision[threshold].reduce(0, +) / Double(precision[threshold].count) }

    func meanRecall() -> Double { recall.reduce(0, +) / Double(recall.count) }
}
