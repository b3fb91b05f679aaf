import Testing

/// How long a test may take that would otherwise never end: `.timeLimit(.minutes(Hang.minutes))`.
///
/// The suite starts all its tests at once and shares two threads among them, so the clock of a test runs while others work: a limit
/// near to what a test needs fails on a busy machine. It is there to end a hang; a test that promises a time takes it with a clock
/// of its own.
public enum Hang {
    public static let minutes = Sanitizer.isOn ? 240 : 20
}

/// Runs a piece of work that a test promises to end soon, and records an issue when it did not: whatever stands in a hostile input,
/// the answer may not take longer. Unlike the limit of a test, its clock runs only while the work does, which gets its share of the
/// processor beside other tests; a sanitizer's slowness is allowed for.
public func soon<Result>(
    within seconds: Double = 10, _ what: @autoclosure () -> String = "this input", location: SourceLocation = #_sourceLocation,
    _ work: () throws -> Result
) rethrows -> Result {
    let started = ContinuousClock.now
    defer {
        let taken = ContinuousClock.now - started
        if taken > .seconds(seconds * Sanitizer.patience) {
            Issue.record("\(what()) took \(taken), promised were \(seconds) s", sourceLocation: location)
        }
    }
    return try work()
}
