/// How long a test may take that would otherwise never end: `.timeLimit(.minutes(Hang.minutes))`.
///
/// The suite starts all its tests at once and shares two threads among them, so the clock of a test runs while others work: a limit
/// near to what a test needs fails on a busy machine. It is there to end a hang; a test that promises a time takes it with a clock
/// of its own.
public enum Hang {
    public static let minutes = Sanitizer.isOn ? 240 : 20
}
