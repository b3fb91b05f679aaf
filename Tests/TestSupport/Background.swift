import Foundation

/// A helper that runs beside a test, bounded in time also when the test itself is killed.
public final class Background: Sendable {
    private let program: RunningProgram

    /// - Parameters:
    ///   - words: the program, found in PATH, and its arguments. No shell is involved.
    ///   - seconds: after so long it is killed whatever happens.
    public init(_ words: [String], environment: [String: String] = [:], seconds: Double = 60) throws {
        program = try RunningProgram(["timeout", "-k", "1", String(seconds)] + words, environment: environment, readsOutput: true)
    }

    /// The first line that it prints; nil when it ends without one.
    public func firstLine() -> String? {
        var line = Data()
        while let byte = try? program.output?.read(upToCount: 1), let first = byte.first, first != UInt8(ascii: "\n") { line.append(first) }
        return line.isEmpty ? nil : String(decoding: line, as: UTF8.self)
    }

    /// Ends it and waits for that.
    public func stop() { program.stop() }
}

/// An X display of its own without a screen, for the time of one test; nil where there is no Xvfb.
public final class VirtualDisplay: Sendable {
    /// ":77"
    public let name: String
    private let server: Background

    public static let isPossible = Program(named: "Xvfb") != nil
    public static let absent = "needs Xvfb (Debian: apt install xvfb)"

    public init(width: Int, height: Int) throws {
        // It chooses a free number and prints it when it is ready.
        server = try Background(
            ["Xvfb", "-displayfd", "1", "-screen", "0", "\(width)x\(height)x24", "-nolisten", "tcp", "-noreset"])
        guard let number = server.firstLine(), Int(number) != nil else { throw Program.TimedOut(description: "Xvfb did not start") }
        name = ":" + number
    }

    /// The display is gone, as when its machine falls.
    public func close() { server.stop() }
}
