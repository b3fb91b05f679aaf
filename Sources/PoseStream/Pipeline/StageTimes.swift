import Synchronization

/// The stages of a run, in the order in which a frame walks through them.
public enum StageName: String, Sendable, CaseIterable {
    case decode, detect, flow, pose, track, write, encode
}

/// How long each stage was busy, so that the summary can say where the time went.
final class StageTimes: Sendable {
    private let nanoseconds = Mutex<[StageName: UInt64]>([:])

    /// Runs `work` and counts its time for `stage`. Waiting for a channel belongs outside.
    func measure<Result>(_ stage: StageName, _ work: () throws -> Result) rethrows -> Result {
        let clock = ContinuousClock()
        let start = clock.now
        defer {
            let passed = clock.now - start
            let count = UInt64(max(0, passed.components.seconds)) * 1_000_000_000 + UInt64(max(0, passed.components.attoseconds / 1_000_000_000))
            nanoseconds.withLock { $0[stage, default: 0] += count }
        }
        return try work()
    }

    /// Busy seconds of each stage that ran.
    var seconds: [StageName: Double] {
        nanoseconds.withLock { $0.mapValues { Double($0) / 1e9 } }
    }
}
