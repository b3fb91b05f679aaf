import Foundation
import Records

/// What a run did, for the five lines at its end.
public struct RunSummary: Sendable {
    public struct Output: Sendable {
        public var path: String
        public var bytes: Int
    }

    public var frames: Int
    public var decoded: Int
    /// Frames that a live policy dropped.
    public var dropped: Int = 0
    public var corrupt: Int
    /// Number of ids that were given to confirmed people.
    public var people: Int
    /// Seconds that the run took.
    public var seconds: Double
    /// Busy seconds of each stage.
    public var stageSeconds: [StageName: Double]
    public var outputs: [Output]
    /// Why the run ended: eof, interrupted, output-closed.
    public var reason: String
    /// The signal that ended the run, if one did.
    public var interruptedBy: Int32?

    public var framesPerSecond: Double { seconds > 0 ? Double(frames) / seconds : 0 }

    public var text: String {
        let damaged = (dropped > 0 ? ", \(dropped) dropped" : "") + (corrupt > 0 ? ", \(corrupt) damaged" : "")
        let busy = stageSeconds.values.reduce(0, +)
        let shares = StageName.allCases.compactMap { stage in
            stageSeconds[stage].map { String(format: "%@ %.0f %%", stage.rawValue, busy > 0 ? $0 / busy * 100 : 0) }
        }
        let files = outputs.map { "\($0.path) (\(RunSummary.size($0.bytes)))" }
        return """
            frames   \(frames) of \(decoded) decoded\(damaged)\(["eof", "limit"].contains(reason) ? "" : " (\(reason))")
            time     \(String(format: "%.1f s, %.1f frames a second", seconds, framesPerSecond))
            people   \(people)
            stages   \(shares.isEmpty ? "none" : shares.joined(separator: ", "))
            outputs  \(files.isEmpty ? "none" : files.joined(separator: ", "))
            """
    }

    /// One JSON object, for `--progress json`: seconds that each stage was busy, outputs with their bytes.
    public var json: String {
        let number = { (value: Double) in JSONValue.number((value * 1000).rounded() / 1000) }
        let stages = StageName.allCases.compactMap { stage in stageSeconds[stage].map { JSONValue.Member(stage.rawValue, number($0)) } }
        let files = outputs.map { JSONValue.object([.init("path", .string($0.path)), .init("bytes", .integer($0.bytes))]) }
        return JSONValue.object([
            .init("type", .string("summary")), .init("reason", .string(reason)), .init("frames", .integer(frames)),
            .init("decoded", .integer(decoded)), .init("dropped", .integer(dropped)), .init("corrupt", .integer(corrupt)),
            .init("people", .integer(people)), .init("seconds", number(seconds)), .init("fps", number(framesPerSecond)),
            .init("stages", .object(stages)), .init("outputs", .array(files)),
        ]).text
    }

    static func size(_ bytes: Int) -> String {
        switch bytes {
        case ..<1000: "\(bytes) B"
        case ..<1_000_000: String(format: "%.1f kB", Double(bytes) / 1e3)
        case ..<1_000_000_000: String(format: "%.1f MB", Double(bytes) / 1e6)
        default: String(format: "%.2f GB", Double(bytes) / 1e9)
        }
    }
}
