/// Which pictures of a source are wanted: a part of it, and how densely.
///
/// Whether a picture is taken depends on its number and times alone, never on where reading began: parts of one film that are
/// processed apart take exactly the pictures that one run over the whole takes.
public struct FrameSelection: Sendable, Hashable {
    /// Seconds from the source's first picture; pictures before are left out.
    public var from: Double?
    /// Pictures from this time on are left out: the parts [A, B) and [B, C) share no picture and miss none.
    public var to: Double?
    /// Pictures whose number is a multiple of this.
    public var every = 1
    /// At most so many pictures a second: the first one of each interval of 1 / `maximumRate` seconds.
    public var maximumRate: Double?
    /// Give the wanted pictures of so many seconds before `from` as well, at least the last one, for whoever needs to know how the
    /// picture moved since then; nil: none.
    public var leadIn: Double?

    public init() {}

    public init(from: Double? = nil, to: Double? = nil, every: Int = 1, maximumRate: Double? = nil) {
        self.from = from
        self.to = to
        self.every = max(1, every)
        self.maximumRate = maximumRate
    }

    /// Nothing is left out.
    public var isEverything: Bool { from == nil && to == nil && every == 1 && maximumRate == nil }

    /// Times are compared in whole microseconds, as records write them, so that a time copied from a record names its picture.
    static func isBefore(_ time: Double, _ limit: Double) -> Bool { (time * 1e6).rounded() < (limit * 1e6).rounded() }

    /// Whether a picture lies before the part: it is known only for the motion that leads to the next one.
    public func isLeadIn(_ frame: VideoFrame) -> Bool { from.map { FrameSelection.isBefore(frame.time, $0) } ?? false }

    /// Number of the first picture that a reader must see to decide about all that follow.
    ///
    /// - Parameter times: seconds of the source's pictures from the first on, increasing, at least up to `from`.
    func firstNeeded(of times: [Double]) -> Int {
        guard let from else { return 0 }
        let first = times.partitioningIndex { !FrameSelection.isBefore($0, from) }
        // The last `every` pictures before hold one that is wanted: the lead-in, or the one that fills the interval.
        guard leadIn != nil || maximumRate != nil else { return first }
        let begin = times.partitioningIndex { !FrameSelection.isBefore($0, from - (leadIn ?? 0)) }
        let earlier = min(begin, max(0, first - every))
        guard let maximumRate, earlier < times.count else { return earlier }
        let interval = FrameSelection.interval(times[earlier], maximumRate)
        return times.partitioningIndex { FrameSelection.interval($0, maximumRate) >= interval }
    }

    /// Number of the interval that a time falls into.
    static func interval(_ time: Double, _ rate: Double) -> Double { (time * rate + 1e-6).rounded(.down) }

    /// How many pictures will come; nil when unknown.
    func expectedFrames(of source: SourceDescription) -> Int? {
        guard !isEverything else { return source.frames }
        guard let rate = source.frameRate, rate > 0 else { return nil }
        let length = source.frames.map { Double($0) / rate }
        guard let end = [to, length].compactMap({ $0 }).min() else { return nil }
        let seconds = max(0, end - (from ?? 0))
        let wanted = min(rate / Double(every), maximumRate ?? .infinity)
        return Int(exactly: (seconds * wanted).rounded(.up))
    }
}

extension Array {
    /// The first index whose element satisfies `isInSecondPart`, which no element before and every one after does.
    func partitioningIndex(where isInSecondPart: (Element) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = low + (high - low) / 2
            if isInSecondPart(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
