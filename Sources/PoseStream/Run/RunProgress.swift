import Foundation

/// Where a run stands.
public struct RunProgress: Sendable {
    /// Frames whose record is written.
    public var frames: Int
    /// Frames that the source says it has; nil when unknown.
    public var total: Int?
    /// Seconds since the start of the run.
    public var elapsed: Double
    /// Frames a second over the last seconds.
    public var framesPerSecond: Double
    /// People in the last frame.
    public var people: Int
    /// Seconds of the source at the last frame.
    public var time: Double

    /// Share done, 0 to 1; nil when the total is unknown.
    public var share: Double? {
        guard let total, total > 0 else { return nil }
        return min(1, Double(frames) / Double(total))
    }

    /// Seconds to go; nil when unknown.
    public var remaining: Double? {
        guard let total, framesPerSecond > 0 else { return nil }
        return Double(max(0, total - frames)) / framesPerSecond
    }

    /// One line for people, at most `width` characters.
    public func line(width: Int) -> String {
        var parts: [String] = []
        if let share {
            let cells = 20
            let filled = Int(share * Double(cells))
            parts.append("[" + String(repeating: "#", count: filled) + String(repeating: "-", count: cells - filled) + "]")
            parts.append(String(format: "%3.0f %%", share * 100))
        }
        parts.append(total.map { "\(frames)/\($0) frames" } ?? "\(frames) frames, \(RunProgress.clock(time))")
        parts.append(String(format: "%.1f fps", framesPerSecond))
        if let remaining { parts.append("ETA \(RunProgress.clock(remaining))") }
        parts.append(people == 1 ? "1 person" : "\(people) people")
        return String(parts.joined(separator: "  ").prefix(width))
    }

    /// One JSON object.
    public var json: String {
        let number = { (value: Double) in value.isFinite ? String(format: "%.3f", value) : "null" }
        return "{\"type\":\"progress\",\"frames\":\(frames),\"total\":\(total.map(String.init) ?? "null"),\"share\":\(share.map(number) ?? "null"),"
            + "\"time\":\(number(time)),\"elapsed\":\(number(elapsed)),\"fps\":\(number(framesPerSecond)),"
            + "\"eta\":\(remaining.map(number) ?? "null"),\"people\":\(people)}"
    }

    static func clock(_ seconds: Double) -> String {
        let whole = Int(seconds.rounded())
        let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60)
        return hours > 0 ? String(format: "%d:%02d:%02d", hours, minutes, rest) : String(format: "%d:%02d", minutes, rest)
    }
}

/// Frames a second over a window of the last few seconds, so that the figure follows the film.
struct FrameRateWindow {
    private var marks: [(frames: Int, time: Double)]
    private let length: Double

    /// - Parameter frames: what was done before the clock began.
    init(seconds: Double, frames: Int = 0) {
        length = seconds
        marks = [(frames, 0)]
    }

    mutating func rate(frames: Int, elapsed: Double) -> Double {
        if let last = marks.last, elapsed - last.time >= 0.25 { marks.append((frames, elapsed)) }
        while marks.count > 2, elapsed - marks[1].time >= length { marks.removeFirst() }
        let first = marks[0]
        return elapsed > first.time ? Double(frames - first.frames) / (elapsed - first.time) : 0
    }
}

/// What a run tells while it works.
public enum RunEvent: Sendable {
    case progress(RunProgress)
    /// Something that the user should know but that stops nothing.
    case warning(String)
    /// Something worth knowing with `--log-level info`.
    case note(String)
}
