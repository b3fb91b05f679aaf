import Foundation
import Geometry
import Pose
import Sampling

/// Reads a RetinaNet's scores and box deltas: what is sure enough, moved from its anchor, freed of doubles (spec:
/// networks-bottomup 2.3 and section 3).
package struct RetinaNetDecoder: Sendable {
    /// A box of one of the classes, in input pixels.
    package struct Found: Sendable, Hashable {
        package var box: Box
        package var score: Float
        package var label: Int
    }

    package var rules: AnchorPyramid.Rules
    /// Only larger scores count.
    package var scoreThreshold: Float
    /// The best of a level that go on; nil: all.
    package var levelLimit: Int?
    package var suppression: BoxSuppression
    /// The best of all that come out.
    package var limit: Int
    private let pyramid: AnchorPyramid
    /// The part of the input that the picture covers; boxes are cut to it.
    private let content: InputSize

    /// Largest logarithm of a growth that torchvision believes.
    private static let largestGrowth = Float(log(1000.0 / 16))
    /// MultiPoseNet knows no limit; maps of noise would make suppression endless.
    private static let sanityLimit = 2000

    /// The official settings of each code.
    package init(_ rules: AnchorPyramid.Rules, input: InputSize, content: InputSize) {
        self.rules = rules
        self.content = content
        pyramid = AnchorPyramid(rules, input: input)
        scoreThreshold = 0.05
        switch rules {
        case .torchvision:
            levelLimit = 1000
            suppression = BoxSuppression(threshold: 0.5)
            limit = 300
        case .multiPoseNet:
            levelLimit = nil
            suppression = BoxSuppression(threshold: 0.5, areas: .inclusivePixels, removesAtThreshold: true)
            limit = Self.sanityLimit
        }
    }

    /// Number of anchors, which is that of rows in both outputs.
    package var anchors: Int { pyramid.count }

    /// The boxes that stay, best first.
    ///
    /// - Parameters:
    ///   - scores: [anchors, classes], probabilities or their logits.
    ///   - deltas: [anchors, 4].
    ///   - only: the one class that is looked for; nil: all.
    package func decode(
        scores: UnsafeBufferPointer<Float>, areLogits: Bool, classes: Int, only wanted: Int? = nil, deltas: UnsafeBufferPointer<Float>
    ) -> [Found] {
        precondition(classes > 0 && scores.count >= anchors * classes && deltas.count >= anchors * 4)
        let labels = wanted.map { $0...$0 } ?? 0...classes - 1
        var found: [Found] = []
        var firstRow = 0
        for level in pyramid.levels {
            var candidates = self.candidates(
                UnsafeBufferPointer(rebasing: scores[firstRow * classes..<(firstRow + level.count) * classes]), areLogits, classes, labels)
            candidates.sort { $0.score == $1.score ? $0.place < $1.place : $0.score > $1.score }
            for candidate in candidates.prefix(levelLimit ?? Self.sanityLimit) {
                let row = candidate.place / classes
                let delta = (0..<4).map { deltas[(firstRow + row) * 4 + $0] }
                guard let box = box(level[row], SIMD4(delta[0], delta[1], delta[2], delta[3])) else { continue }
                found.append(Found(box: box, score: candidate.score, label: candidate.place % classes))
            }
            firstRow += level.count
        }
        return kept(found)
    }

    private func candidates(
        _ scores: UnsafeBufferPointer<Float>, _ areLogits: Bool, _ classes: Int, _ labels: ClosedRange<Int>
    ) -> [(score: Float, place: Int)] {
        // Most are far below: no need for their sigmoid.
        let threshold = Double(max(scoreThreshold, 1e-6))
        let least = areLogits ? Float(log(threshold / max(1 - threshold, 1e-6)) - 1e-3) : scoreThreshold
        var candidates: [(score: Float, place: Int)] = []
        for row in 0..<scores.count / classes {
            for label in labels where scores[row * classes + label] >= least {
                let raw = scores[row * classes + label]
                let score = areLogits ? Float(1 / (1 + exp(-Double(raw)))) : raw
                if score > scoreThreshold { candidates.append((score, row * classes + label)) }
            }
        }
        return candidates
    }

    /// The anchor moved and grown by a network's row; nil where that is no number.
    package func box(_ anchor: AnchorPyramid.Anchor, _ delta: SIMD4<Float>) -> Box? {
        let width = anchor.z - anchor.x, height = anchor.w - anchor.y
        let (dx, dy, growX, growY): (Float, Float, Float, Float)
        switch rules {
        case .torchvision:
            (dx, dy, growX, growY) = (delta.x, delta.y, min(delta.z, Self.largestGrowth), min(delta.w, Self.largestGrowth))
        case .multiPoseNet:
            (dx, dy, growX, growY) = (delta.x * 0.1, delta.y * 0.1, delta.z * 0.2, delta.w * 0.2)
        }
        let centerX = dx * width + (anchor.x + 0.5 * width), centerY = dy * height + (anchor.y + 0.5 * height)
        let (newWidth, newHeight) = (exp(growX) * width, exp(growY) * height)
        var (left, top) = (centerX - 0.5 * newWidth, centerY - 0.5 * newHeight)
        var (right, bottom) = (centerX + 0.5 * newWidth, centerY + 0.5 * newHeight)
        guard left.isFinite, top.isFinite, right.isFinite, bottom.isFinite else { return nil }
        let (limitX, limitY) = (Float(content.width), Float(content.height))
        switch rules {
        case .torchvision:
            (left, right) = (min(max(left, 0), limitX), min(max(right, 0), limitX))
            (top, bottom) = (min(max(top, 0), limitY), min(max(bottom, 0), limitY))
        case .multiPoseNet:
            (left, top, right, bottom) = (max(left, 0), max(top, 0), min(right, limitX), min(bottom, limitY))
        }
        return Box(left: Double(left), top: Double(top), right: Double(right), bottom: Double(bottom))
    }

    private func kept(_ found: [Found]) -> [Found] {
        var kept: [Int] = []
        for label in Set(found.map(\.label)) {
            let own = found.indices.filter { found[$0].label == label }
            kept += suppression.indices(own.map { ScoredBox(box: found[$0].box, score: Double(found[$0].score)) }).map { own[$0] }
        }
        kept.sort { found[$0].score == found[$1].score ? $0 < $1 : found[$0].score > found[$1].score }
        return kept.prefix(limit).map { found[$0] }
    }
}
