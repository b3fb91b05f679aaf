/// COCOeval's matching and averaging, whatever the similarity (spec: metrics section 1).
struct AveragePrecision {
    /// What the matching knows of an annotation.
    struct Truth {
        var id: Int
        var isCrowd: Bool
        /// Ignored in every area range: crowds, and people without keypoints.
        var isIgnored: Bool
        var area: Double
    }

    struct Detection {
        var score: Double
        var area: Double
    }

    /// One picture: annotations in file order, detections by falling score, and their similarities `[detection][truth]`.
    struct Picture {
        var truths: [Truth]
        var detections: [Detection]
        var similarity: [[Double]]
    }

    /// Areas in pixels^2, both ends included.
    struct AreaRange {
        var low: Double
        var high: Double

        static let all = AreaRange(low: 0, high: 1e10)
        static let small = AreaRange(low: 0, high: 32 * 32)
        static let medium = AreaRange(low: 32 * 32, high: 96 * 96)
        static let large = AreaRange(low: 96 * 96, high: 1e10)

        func excludes(_ area: Double) -> Bool { area < low || area > high }
    }

    /// 0.50, 0.55 .. 0.95, with the rounding of NumPy's linspace.
    static let thresholds = linspace(from: 0.5, to: 0.95, count: 10)
    private static let recalls = linspace(from: 0, to: 1, count: 101)

    private static func linspace(from first: Double, to last: Double, count: Int) -> [Double] {
        let step = (last - first) / Double(count - 1)
        return (0..<count - 1).map { Double($0) * step + first } + [last]
    }

    /// Precision at the 101 recalls and final recall, for each threshold; nil where there is nothing to find.
    struct Curves {
        var precision: [[Double]]
        var recall: [Double]
    }

    let pictures: [Picture]

    func curves(_ range: AreaRange, maximumDetections: Int) -> Curves? {
        let matched = pictures.filter { !$0.truths.isEmpty || !$0.detections.isEmpty }
            .map { Self.match($0, range, maximumDetections: maximumDetections) }
        let positives = matched.map(\.positives).reduce(0, +)
        guard positives > 0 else { return nil }
        let scores = matched.flatMap(\.scores)
        let order = scores.indices.sorted { scores[$0] == scores[$1] ? $0 < $1 : scores[$0] > scores[$1] }
        var curves = Curves(precision: [], recall: [])
        for threshold in Self.thresholds.indices {
            let marks = matched.flatMap { $0.marks[threshold] }
            let (precision, recall) = Self.curve(order.map { marks[$0] }, positives: positives)
            curves.precision.append(precision)
            curves.recall.append(recall)
        }
        return curves
    }

    // MARK: One picture

    private enum Mark { case right, wrong, ignored }

    private struct Matched {
        var scores: [Double]
        /// For each threshold and detection.
        var marks: [[Mark]]
        /// Annotations that count.
        var positives: Int
    }

    private static func match(_ picture: Picture, _ range: AreaRange, maximumDetections: Int) -> Matched {
        let ignored = picture.truths.map { $0.isIgnored || range.excludes($0.area) }
        let order = picture.truths.indices.filter { !ignored[$0] } + picture.truths.indices.filter { ignored[$0] }
        let detections = picture.detections.prefix(maximumDetections)
        let marks = thresholds.map { threshold in
            var taken = [Bool](repeating: false, count: picture.truths.count)
            return detections.indices.map { detection -> Mark in
                var best = min(threshold, 1 - 1e-10)
                var found: Int?
                for truth in order {
                    if taken[truth] && !picture.truths[truth].isCrowd { continue }
                    // Annotations that count come first: once one of them is held, the ignored ones are not looked at.
                    if let found, !ignored[found], ignored[truth] { break }
                    if picture.similarity[detection][truth] < best { continue }
                    best = picture.similarity[detection][truth]
                    found = truth
                }
                let outside = range.excludes(detections[detection].area)
                guard let found else { return outside ? .ignored : .wrong }
                taken[found] = true
                if ignored[found] { return .ignored }
                // COCOeval marks a match by the annotation's id, so that an annotation with id 0 is found by nobody.
                return picture.truths[found].id != 0 ? .right : outside ? .ignored : .wrong
            }
        }
        return Matched(scores: detections.map(\.score), marks: marks, positives: ignored.count { !$0 })
    }

    // MARK: All pictures

    private static func curve(_ marks: [Mark], positives: Int) -> (precision: [Double], recall: Double) {
        var (right, wrong) = (0.0, 0.0)
        var recall: [Double] = []
        var precision: [Double] = []
        for mark in marks {
            if mark == .right { right += 1 }
            if mark == .wrong { wrong += 1 }
            recall.append(right / Double(positives))
            precision.append(right / (wrong + right + 0x1p-52))
        }
        for index in precision.indices.dropLast().reversed() { precision[index] = max(precision[index], precision[index + 1]) }
        var place = 0
        let sampled = recalls.map { wanted in
            while place < recall.count, recall[place] < wanted { place += 1 }
            return place < precision.count ? precision[place] : 0
        }
        return (sampled, recall.last ?? 0)
    }
}
