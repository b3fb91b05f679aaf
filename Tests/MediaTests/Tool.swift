import Foundation

/// Runs ffmpeg and its like, bounded in time: the truth that our reading is compared with.
enum Tool {
    struct Failed: Error, CustomStringConvertible {
        var description: String
    }

    /// What the program prints. `$NAME` in words is not expanded: no shell is involved.
    @discardableResult
    static func run(_ words: [String], seconds: Double = 60) throws -> Data {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["timeout", "-k", "1", String(seconds)] + words
        let (output, errors) = (Pipe(), Pipe())
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        // One reader each, since a full pipe would stop the program.
        let complaint = Reading(errors.fileHandleForReading)
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        let said = complaint.wait()
        guard process.terminationStatus == 0 else {
            throw Failed(description: "\(words.joined(separator: " ")): \(process.terminationStatus): \(String(decoding: said, as: UTF8.self))")
        }
        return data
    }

    /// One line of words, split at spaces.
    @discardableResult
    static func run(_ line: String) throws -> Data { try run(line.split(separator: " ").map(String.init)) }

    static let quiet = ["ffmpeg", "-nostdin", "-hide_banner", "-loglevel", "error", "-y"]

    static func ffmpeg(_ line: String, to file: URL? = nil) throws -> Data {
        try run(quiet + line.split(separator: " ").map(String.init) + [file?.path ?? "-"])
    }

    /// One column of `ffprobe` for the first video stream, a value a line.
    static func probe(_ file: URL, _ entries: String, _ more: [String] = []) throws -> [String] {
        let words = ["ffprobe", "-v", "quiet", "-select_streams", "v:0"] + more + ["-show_entries", entries, "-of", "csv=p=0", file.path]
        // ffprobe ends with an error for damaged files but prints what it found.
        let text = String(decoding: try run(["sh", "-c", "\"$@\" || true", "sh"] + words), as: UTF8.self)
        return text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: CharacterSet(charactersIn: ", ")) }.filter { !$0.isEmpty }
    }

    static func countFrames(_ file: URL) throws -> Int {
        Int(try probe(file, "stream=nb_read_frames", ["-count_frames"]).first ?? "") ?? 0
    }
}

/// Reads a file handle to its end on a thread of its own.
private final class Reading: @unchecked Sendable {
    // Safe to share: `data` is written before the semaphore is signalled and read after.
    private var data = Data()
    private let done = DispatchSemaphore(value: 0)

    init(_ handle: FileHandle) {
        Thread.detachNewThread { [self] in
            data = handle.readDataToEndOfFile()
            done.signal()
        }
    }

    func wait() -> Data {
        done.wait()
        return data
    }
}
