/// Turns the time stamps of decoded pictures into strictly increasing ones (spec/media.md, section 2.2).
///
/// A missing stamp becomes the one before plus the picture's duration; a stamp that does not increase becomes the one
/// before plus one tick. Time is never computed from the number of the picture.
package struct Timeline: Sendable {
    package struct Place: Sendable, Equatable {
        /// Ticks of the stream's time base; nil when the picture came without a stamp.
        package var pts: Int64?
        /// Seconds from the first picture.
        package var time: Double
        /// The sender's time stamps jumped before this picture, and time goes on as if they had not.
        package var hasJumped = false

        package init(pts: Int64?, time: Double, hasJumped: Bool = false) {
            self.pts = pts
            self.time = time
            self.hasJumped = hasJumped
        }
    }

    /// Stamps that had to be made or moved.
    package private(set) var repaired = 0

    private let timeBase: Rational
    /// Ticks of one picture at the stream's rate, for pictures without a duration of their own.
    private let period: Double
    private let start: Int64?
    private let isLive: Bool
    /// Ticks that are added to a live sender's stamps since it jumped.
    private var shift: Int64 = 0
    private var first: Int64?
    private var last: Int64 = 0
    /// `last` before rounding, so that a period that is no whole number of ticks does not drift; duration of that picture.
    private var exact = 0.0
    private var step = 0.0

    /// - Parameters:
    ///   - frameRate: the stream's rate, pictures a second; nil takes 25.
    ///   - start: where a stream begins whose first picture has no stamp.
    ///   - isLive: stamps that jump far begin anew; in a file they are taken as they are.
    package init(timeBase: Rational, frameRate: Rational?, start: Int64?, isLive: Bool = false) {
        self.isLive = isLive
        self.timeBase = timeBase.numerator > 0 && timeBase.denominator > 0 ? timeBase : Rational(1, 90_000)
        let rate = frameRate.map(\.value) ?? 25
        period = max(1 / (rate * self.timeBase.value), 1e-6)
        self.start = start.flatMap(Self.plausible)
    }

    /// - Parameters:
    ///   - stamp: the decoder's best effort; nil when there is none.
    ///   - duration: ticks that the picture is shown; 0 when unknown.
    package mutating func place(stamp: Int64?, duration: Int64) -> Place {
        var pts = stamp.flatMap(Self.plausible)
        var hasJumped = false
        if isLive, let raw = pts {
            (pts, hasJumped) = continued(raw)
        }
        let ticks: Int64
        if let stamped = pts {
            ticks = first == nil ? stamped : max(stamped, last + 1)
            if ticks != stamped { repaired += 1 }
            pts = ticks
            exact = Double(ticks)
        } else {
            repaired += 1
            exact = first == nil ? Double(start ?? 0) : exact + step
            // Far from zero a Double is coarser than a tick; the maximum keeps the order.
            ticks = first == nil ? (start ?? 0) : max(Int64(min(exact, Double(Self.limit)).rounded()), last + 1)
        }
        let origin = first ?? ticks
        first = origin
        last = ticks
        step = duration > 0 && duration < 1 << 40 ? Double(duration) : period
        return Place(
            pts: pts, time: Self.seconds(ticks, from: origin, timeBase), hasJumped: hasJumped)
    }

    /// Seconds by which a live sender's stamps may run ahead, or fall back, and still be believed.
    private static let longestLead = 10.0
    private static let longestReturn = 1.0

    /// A live sender's stamp on our time line, and whether the sender jumped.
    private mutating func continued(_ raw: Int64) -> (Int64?, Bool) {
        let stamp = Self.plausible(raw.addingReportingOverflow(shift).partialValue)
        guard first != nil else { return (stamp, false) }
        if let stamp {
            let advance = (Double(stamp) - Double(last)) * timeBase.value
            if -Self.longestReturn...Self.longestLead ~= advance { return (stamp, false) }
        }
        let expected = last + max(1, Int64(step.rounded()))
        shift = expected.subtractingReportingOverflow(raw).partialValue
        return (Self.plausible(expected), true)
    }

    /// The time of a picture with a stamp of its own, in seconds from the first one.
    package static func seconds(_ ticks: Int64, from first: Int64, _ timeBase: Rational) -> Double {
        let (passed, overflow) = ticks.subtractingReportingOverflow(first)
        return overflow ? 0 : Double(passed) * Double(timeBase.numerator) / Double(timeBase.denominator)
    }

    /// Beyond this a stamp is nonsense, and sums with it could overflow.
    private static let limit: Int64 = 1 << 61

    private static func plausible(_ stamp: Int64) -> Int64? { abs(clamping: stamp) <= limit ? stamp : nil }

    private static func abs(clamping value: Int64) -> Int64 { value == .min ? .max : Swift.abs(value) }
}
