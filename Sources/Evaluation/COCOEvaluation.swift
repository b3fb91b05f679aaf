import Diagnostics
import Foundation
import Geometry
import Pose

/// COCO's numbers for people, equal to those of pycocotools (spec: metrics section 1).
public struct COCOEvaluation: Sendable {
    /// One of COCO's numbers: "AP", "AP50"; nil where there was nothing to average (pycocotools prints -1).
    public struct Number: Sendable, Hashable {
        public var name: String
        public var value: Double?
        /// As pycocotools' `summarize` prints it.
        public var line: String
    }

    /// The ten numbers for keypoints or the twelve for boxes, in pycocotools' order.
    public let numbers: [Number]

    /// A number by its name; nil when there is none.
    public subscript(name: String) -> Double? { numbers.first { $0.name == name }?.value }

    /// What pycocotools' `summarize` prints.
    public var summary: String { numbers.map(\.line).joined(separator: "\n") }

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
        numbers = Self.numbers(
            precision,
            [
                Wanted("AP", .precision, limit: limit), Wanted("AP50", .precision, at: 0, limit: limit),
                Wanted("AP75", .precision, at: 5, limit: limit), Wanted("APM", .precision, .medium, limit: limit),
                Wanted("APL", .precision, .large, limit: limit), Wanted("AR", .recall, limit: limit),
                Wanted("AR50", .recall, at: 0, limit: limit), Wanted("AR75", .recall, at: 5, limit: limit),
                Wanted("ARM", .recall, .medium, limit: limit), Wanted("ARL", .recall, .large, limit: limit),
            ])
    }

    /// AP and AR of boxes by IoU, at most 100 a picture.
    public init(boxes results: [COCOBoxResult], truth: COCODataset, category: Int = 1) throws {
        let precision = try Self.gather(
            results, truth, category, limit: 100, picture: { $0.picture }, category: { $0.category }, score: { $0.score },
            area: { $0.box.area }, isIgnored: { $0.isCrowd },
            similarity: { result, annotation in Self.overlap(result.box, annotation.box, isCrowd: annotation.isCrowd) })
        numbers = Self.numbers(
            precision,
            [
                Wanted("AP", .precision, limit: 100), Wanted("AP50", .precision, at: 0, limit: 100),
                Wanted("AP75", .precision, at: 5, limit: 100), Wanted("APs", .precision, .small, limit: 100),
                Wanted("APm", .precision, .medium, limit: 100), Wanted("APl", .precision, .large, limit: 100),
                Wanted("AR1", .recall, limit: 1), Wanted("AR10", .recall, limit: 10), Wanted("AR100", .recall, limit: 100),
                Wanted("ARs", .recall, .small, limit: 100), Wanted("ARm", .recall, .medium, limit: 100),
                Wanted("ARl", .recall, .large, limit: 100),
            ])
    }

    // MARK: Numbers

    /// What one number averages over.
    private struct Wanted {
        enum Kind { case precision, recall }
        enum Area: String { case all, small, medium, large }

        var name: String
        var kind: Kind
        var area: Area
        /// Index of the one threshold; nil for all ten.
        var threshold: Int?
        var limit: Int

        init(_ name: String, _ kind: Kind, _ area: Area = .all, at threshold: Int? = nil, limit: Int) {
            (self.name, self.kind, self.area, self.threshold, self.limit) = (name, kind, area, threshold, limit)
        }

        var range: AveragePrecision.AreaRange {
            switch area {
            case .all: .all
            case .small: .small
            case .medium: .medium
            case .large: .large
            }
        }

        func value(_ curves: AveragePrecision.Curves) -> Double {
            switch (kind, threshold) {
            case (.precision, nil): curves.mean()
            case (.precision, let threshold?): curves.mean(at: threshold)
            case (.recall, nil): curves.meanRecall()
            case (.recall, let threshold?): curves.recall[threshold]
            }
        }

        func line(_ value: Double?) -> String {
            let title = kind == .precision ? "Average Precision  (AP)" : "Average Recall     (AR)"
            let thresholds = AveragePrecision.thresholds
            let overlap = threshold.map { String(format: "%.2f     ", thresholds[$0]) }
                ?? String(format: "%.2f:%.2f", thresholds[0], thresholds[thresholds.count - 1])
            let area = String(repeating: " ", count: 6 - area.rawValue.count) + area.rawValue
            return " \(title) @[ IoU=\(overlap) | area=\(area) | maxDets=\(String(format: "%3d", limit)) ] = \(String(format: "%.3f", value ?? -1))"
        }
    }

    private static func numbers(_ precision: AveragePrecision, _ wanted: [Wanted]) -> [Number] {
        var known: [String: AveragePrecision.Curves?] = [:]
        return wanted.map { number in
            let key = "\(number.area) \(number.limit)"
            let curves = known[key] ?? precision.curves(number.range, maximumDetections: number.limit)
            known[key] = .some(curves)
            let value = curves.map(number.value)
            return Number(name: number.name, value: value, line: number.line(value))
        }
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
