import Foundation

/// The folder of reference numbers, real weights and clips that lies beside the checkout, when it is there.
///
/// Tests that need it carry `.enabled(if: Shared.isPresent, "…")` so that they are skipped with a message elsewhere.
public enum Shared {
    /// `$POSESTREAM_SHARED`, or `shared` beside the checkout.
    public static let folder: URL = {
        if let path = ProcessInfo.processInfo.environment["POSESTREAM_SHARED"] { return URL(fileURLWithPath: path) }
        return checkout.deletingLastPathComponent().appendingPathComponent("shared")
    }()

    /// The root of the checkout that this test was compiled in.
    public static let checkout = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    public static let isPresent = FileManager.default.fileExists(atPath: folder.appendingPathComponent("README.md").path)

    /// A file below the shared folder: `Shared.file("assets/video/tud_campus.mp4")`.
    public static func file(_ path: String) -> URL { folder.appendingPathComponent(path) }

    /// A file below `fixtures/`.
    public static func fixture(_ path: String) -> URL { checkout.appendingPathComponent("fixtures").appendingPathComponent(path) }

    /// The message of a skipped test.
    public static let absent = "needs the shared folder beside the checkout (or $POSESTREAM_SHARED)"
}

/// Tests of the second tier: heavy reference cases that `make test-heavy` runs and `make test` leaves out.
public enum Heavy {
    public static let isWanted = ProcessInfo.processInfo.environment["POSESTREAM_HEAVY"] == "1"
    public static let absent = "heavy: run with POSESTREAM_HEAVY=1 (make test-heavy)"
}
