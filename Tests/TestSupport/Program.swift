import Foundation

/// Runs programs in tests: fixed arguments, never a shell, always bounded in time.
public struct Program: Sendable {
    public struct Result: Sendable {
        public var status: Int32
        /// The number of the signal that ended it, if one did.
        public var signal: Int32?
        public var output: Data
        public var errors: String

        public var text: String { String(decoding: output, as: UTF8.self) }
        /// Lines of the standard output.
        public var lines: [Substring] { text.split(separator: "\n") }
    }

    public struct TimedOut: Error, CustomStringConvertible {
        public var description: String
    }

    public let url: URL

    public init(_ url: URL) {
        self.url = url
    }

    /// A program that is found in the usual folders; nil when it is not installed.
    public init?(named name: String) {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        guard let path = folders.map({ "\($0)/\(name)" }).first(where: FileManager.default.isExecutableFile) else { return nil }
        url = URL(fileURLWithPath: path)
    }

    /// The `posestream` that was built together with this test.
    public static let posestream: Program = {
        // The test bundle lies in the same folder as the products.
        let folder = Bundle.allBundles.map(\.bundleURL).first { $0.pathExtension == "xctest" }?.deletingLastPathComponent()
            ?? URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        return Program(folder.appendingPathComponent("posestream"))
    }()

    /// Runs to the end and collects what it prints.
    ///
    /// - Parameters:
    ///   - input: what it reads on standard input; empty by default.
    ///   - environment: added to that of the test.
    ///   - seconds: after so long it is killed and `TimedOut` is thrown.
    public func run(
        _ arguments: [String], input: Data = Data(), environment: [String: String] = [:], in folder: URL? = nil, seconds: Double = 120
    ) throws -> Result {
        let process = Process()
        process.executableURL = url
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        if let folder { process.currentDirectoryURL = folder }
        // Files, not pipes: whatever the program prints, it never waits for the test to read it.
        let scratch = try Scratch()
        let (inputFile, outputFile, errorFile) = (scratch.file("input"), scratch.file("output"), scratch.file("errors"))
        try input.write(to: inputFile)
        for file in [outputFile, errorFile] { try Data().write(to: file) }
        process.standardInput = try FileHandle(forReadingFrom: inputFile)
        process.standardOutput = try FileHandle(forWritingTo: outputFile)
        process.standardError = try FileHandle(forWritingTo: errorFile)
        let ended = DispatchSemaphore(value: 0)
        process.terminationHandler = { _ in ended.signal() }
        try process.run()
        guard ended.wait(timeout: .now() + seconds * Sanitizer.patience) == .success else {
            kill(process.processIdentifier, SIGKILL)
            throw TimedOut(description: "\(url.lastPathComponent) \(arguments.joined(separator: " ")): still running after \(seconds) s")
        }
        return Result(
            status: process.terminationStatus, signal: process.terminationReason == .uncaughtSignal ? process.terminationStatus : nil,
            output: try Data(contentsOf: outputFile), errors: String(decoding: try Data(contentsOf: errorFile), as: UTF8.self))
    }
}

/// A folder of its own for one test, gone with it.
public final class Scratch: Sendable {
    public let folder: URL

    public init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("posestream-\(UUID().uuidString)", isDirectory: true)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    public func file(_ name: String) -> URL { folder.appendingPathComponent(name) }
    public func path(_ name: String) -> String { file(name).path }
}
