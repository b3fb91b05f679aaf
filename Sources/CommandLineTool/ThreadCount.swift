import Diagnostics
import Foundation

/// How many threads the networks may use.
enum ThreadCount {
    /// What `--threads` says, else `$POSESTREAM_THREADS`, else the number of cores.
    static func resolve(_ option: Int?) throws -> Int {
        let text = option.map(String.init) ?? ProcessInfo.processInfo.environment["POSESTREAM_THREADS"]
        guard let text, !text.isEmpty else { return ProcessInfo.processInfo.activeProcessorCount }
        guard let count = Int(text), (1...256).contains(count) else {
            throw Failure(
                .usage, "wrong number of threads", at: option == nil ? "$POSESTREAM_THREADS" : "--threads",
                because: "\"\(text)\" is not a whole number from 1 to 256")
        }
        return count
    }
}
