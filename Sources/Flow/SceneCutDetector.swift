/// Tells where a new shot begins (spec: optical-flow section 4).
///
/// A cut changes both the histogram and, after the best shift, the cells themselves, far more than the frames of the last
/// second did. A flash or a change of exposure leaves the structure, and a fade changes little from frame to frame: neither is a cut.
/// A frame without structure (black, white) cannot be told; the one behind it is compared with the one before it.
package struct SceneCutDetector: Sendable {
    /// What was found out about a frame.
    package struct Judgement: Sendable, Equatable {
        package var isCut = false
        /// The frame looks like the one before the last cut.
        package var isReturn = false
        /// Too little structure to follow anything, in this frame or the one before.
        package var isBlank = false
        /// Where the picture went as a whole, in cells.
        package var shift = (dx: 0, dy: 0)
        package var exposure = Exposure.unchanged

        package init(isCut: Bool = false, isReturn: Bool = false) { (self.isCut, self.isReturn) = (isCut, isReturn) }

        package static func == (a: Judgement, b: Judgement) -> Bool {
            a.isCut == b.isCut && a.isReturn == b.isReturn && a.isBlank == b.isBlank && a.shift == b.shift && a.exposure == b.exposure
        }
    }

    private struct Change {
        var time: Double
        var histogram: Double
        var difference: Double
    }

    /// Measured on 79 unrelated photographs and six films: frames of one shot differ by less than 0.02 and 10 grey levels at the films'
    /// own rate, pictures that have nothing to do with each other by more than 0.07 and 33 (98 % of pairs), correlation below 0.55.
    private static let histogramFloor = 0.06
    private static let differenceFloor = 20.0
    private static let correlationCeiling = 0.75
    /// Two shots of one place in one light: the same histogram, but nothing where it was.
    private static let strongDifference = 30.0
    private static let strongCorrelation = 0.4
    /// Seconds of earlier changes that a new one is compared with.
    private static let span = 1.0
    /// Seconds after which a shot that was left counts as forgotten.
    private static let returnSpan = 1.0
    /// Grey levels of deviation below which a frame is blank.
    private static let blankDeviation = 3.0

    private var last: Thumbnail?
    private var lastWasBlank = false
    private var changes: [Change] = []
    private var left: (thumbnail: Thumbnail, time: Double)?

    package init() {}

    /// Takes the next frame; the first one is no cut.
    package mutating func judge(_ thumbnail: Thumbnail, time: Double) -> Judgement {
        var result = Judgement()
        if thumbnail.statistics.deviation < Self.blankDeviation {
            result.isBlank = true
            lastWasBlank = true
            return result
        }
        defer {
            last = thumbnail
            lastWasBlank = false
        }
        guard let last, last.columns == thumbnail.columns else {
            result.isCut = last != nil
            changes = []
            return result
        }
        let match = Match(last, thumbnail)
        result.isBlank = lastWasBlank
        result.shift = match.shift
        result.exposure = match.exposure
        changes.removeAll { time - $0.time > Self.span || $0.time > time }
        let usual = (median(changes.map(\.histogram)), median(changes.map(\.difference)))
        let jumps = match.histogram > max(Self.histogramFloor, 3 * usual.0) && match.difference > max(Self.differenceFloor, 3 * usual.1)
            && match.correlation < Self.correlationCeiling
        let isElsewhere = match.difference > max(Self.strongDifference, 3 * usual.1) && match.correlation < Self.strongCorrelation
        guard jumps || isElsewhere else {
            changes.append(Change(time: time, histogram: match.histogram, difference: match.difference))
            return result
        }
        result.isCut = true
        result.exposure = .unchanged
        result.shift = (0, 0)
        changes = []
        if let left, time - left.time <= Self.returnSpan {
            let back = Match(left.thumbnail, thumbnail)
            result.isReturn = back.correlation > 0.9 && back.histogram < Self.histogramFloor
        }
        left = (last, time)
        return result
    }

    package mutating func reset() { self = SceneCutDetector() }
}

/// How a thumbnail compares with an earlier one.
struct Match {
    private(set) var shift: (dx: Int, dy: Int)
    private(set) var exposure = Exposure.unchanged
    /// After shift and exposure: distance of the histograms, mean absolute difference, correlation.
    private(set) var histogram: Double
    private(set) var difference: Double
    private(set) var correlation: Double

    /// Below this two pictures have too little in common to speak of a change of exposure.
    private static let leastCorrelation = 0.7

    init(_ first: Thumbnail, _ second: Thumbnail) {
        var (dx, dy, plain) = first.bestShift(second)
        // A change of brightness hides the shift: look again with mean and deviation made equal.
        let (a, b) = (first.statistics, second.statistics)
        let gain = a.deviation / max(b.deviation, 0.1)
        let isBrighter = abs(gain - 1) > 0.01 || abs(a.mean - b.mean) > 1
        if isBrighter {
            let equal = second.mapped(Exposure(gain: gain, offset: a.mean - gain * b.mean))
            let again = first.bestShift(equal)
            if again.difference < 0.9 * plain { (dx, dy) = (again.dx, again.dy) }
        }
        let pairs = first.pairs(second, dx: dx, dy: dy)
        correlation = Flow.correlation(pairs.first, pairs.second)
        var matched = second
        if isBrighter, correlation >= Self.leastCorrelation, let change = Exposure(first: pairs.first, second: pairs.second),
            abs(change.gain - 1) > 0.01 || abs(change.offset) > 1
        {
            let candidate = second.mapped(change)
            // It must explain the difference, not hide some motion in it.
            if first.difference(candidate, dx: dx, dy: dy) < 0.8 * first.difference(second, dx: dx, dy: dy) {
                exposure = change
                matched = candidate
            }
        }
        plain = first.difference(matched, dx: dx, dy: dy)
        shift = (dx, dy)
        difference = plain
        histogram = first.histogramDistance(matched)
    }
}
