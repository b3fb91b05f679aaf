import Foundation

/// Whether the tests run under the address or thread sanitizer (`make sanitize`).
public enum Sanitizer {
    public static let isOn = ProcessInfo.processInfo.environment["POSESTREAM_SANITIZER"] != nil
    /// How many times as long as else a program may take.
    public static let patience = isOn ? 10.0 : 1
    /// The message of a test that is skipped.
    public static let distortsTime = "measures time, which means nothing under a sanitizer"
}
