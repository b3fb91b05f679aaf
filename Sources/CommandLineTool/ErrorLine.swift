import Diagnostics
import Foundation

/// The one line on standard error.
enum ErrorLine {
    static func print(_ failure: Failure) {
        write("posestream: error: \(failure)")
    }

    static func print(usage message: String) {
        let line = message.split(whereSeparator: \.isNewline).joined(separator: " ")
        write("posestream: error: \(line) (posestream --help shows the commands, posestream run --help the options)")
    }

    static func warn(_ message: String) {
        write("posestream: warning: \(message)")
    }

    static func write(_ line: String) {
        FileHandle.standardError.write(Data((Credentials.masked(in: line) + "\n").utf8))
    }
}
