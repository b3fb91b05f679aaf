import Foundation

/// A disk of a few kilobytes (tmpfs), gone with it.
public final class SmallDisk: Sendable {
    public static let isPossible = geteuid() == 0 && SmallDisk(kilobytes: 64) != nil
    /// The message of a skipped test.
    public static let impossible = "needs the right to mount a small disk"

    public let path: String
    public var folder: URL { URL(fileURLWithPath: path, isDirectory: true) }

    public init?(kilobytes: Int, isReadOnly: Bool = false) {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("posestream-disk-\(UUID().uuidString)").path
        guard mkdir(path, 0o700) == 0 else { return nil }
        guard mount("tmpfs", path, "tmpfs", isReadOnly ? UInt(MS_RDONLY) : 0, "size=\(kilobytes)k") == 0 else {
            rmdir(path)
            return nil
        }
    }

    deinit {
        umount2(path, Int32(MNT_DETACH))
        rmdir(path)
    }
}
