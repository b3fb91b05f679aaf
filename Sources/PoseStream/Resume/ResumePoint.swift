import Diagnostics
import Foundation
import Records

/// What `--resume` finds in an output that is there already.
enum ResumePoint {
    /// Nothing of use: the run begins anew. With a reason when something was there.
    case start(because: String?)
    /// The run goes on after this bookmark's line.
    case after(Bookmark)
    /// The run had come to its end.
    case done(EndRecord)

    /// Looks at the records of an earlier run.
    ///
    /// - Parameter header: what this run would write as its first line.
    /// - Throws: `Failure` (`.cannotCreate`) when the file is of another run, or no records at all: it is not touched.
    static func find(in path: String, for header: HeaderRecord) throws -> ResumePoint {
        var status = stat()
        guard stat(path, &status) == 0, status.st_size > 0 else { return .start(because: nil) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw Failure(.usage, "cannot resume", at: path, because: "it is no file: what went into it is not there any more")
        }
        let reader: RecordReader
        do throws(Failure) {
            reader = try RecordReader(.file(path))
        } catch {
            // Killed while the very first line was written.
            if isBeginningOfHeader(path) { return .start(because: "only a part of its first line was written") }
            throw Failure(
                .cannotCreate, "cannot resume", at: path, because: "it is there, but holds no records: \(error.why)", remedy: "name another output")
        }
        try compare(reader.header, with: header, path)
        // The end of a finished run; damage before it matters only where lines are kept.
        if let end = lastRecord(of: path, status.st_size) {
            if end.reason == .endOfFile || end.reason == .limit { return .done(end) }
        }
        guard let bookmark = Bookmark.read(besides: path) else {
            return .start(because: "no bookmark was written yet")
        }
        guard bookmark.fits(path) else { return .start(because: "its bookmark is not of these records") }
        return .after(bookmark)
    }

    private static func isBeginningOfHeader(_ path: String) -> Bool {
        guard let handle = FileHandle(forReadingAtPath: path), let data = try? handle.read(upToCount: 1 << 20) else { return false }
        let beginning = Array("{\"type\":\"header\"".utf8)
        return !data.contains(10) && data.prefix(beginning.count).elementsEqual(beginning.prefix(data.count))
    }

    /// The record in the file's last whole line, if it is an end.
    private static func lastRecord(of path: String, _ size: Int) -> EndRecord? {
        guard let handle = FileHandle(forReadingAtPath: path) else { return nil }
        defer { try? handle.close() }
        let start = max(0, size - (1 << 16))
        guard (try? handle.seek(toOffset: UInt64(start))) != nil, let tail = try? handle.read(upToCount: 1 << 16), tail.last == 10
        else { return nil }
        let body = tail.dropLast()
        let begin = body.lastIndex(of: 10).map { $0 + 1 } ?? body.startIndex
        return EndRecord(line: Array(body[begin...]))
    }

    private static func compare(_ old: HeaderRecord, with new: HeaderRecord, _ path: String) throws {
        let difference: String? =
            if old.source != new.source {
                "it is of another source (\(old.source.uri), \(old.source.width)x\(old.source.height))"
            } else if old.pipeline != new.pipeline || old.keypoints != new.keypoints {
                "it was made with another pipeline"
            } else if old.models != new.models {
                "it was made with other models"
            } else if old.options != new.options {
                "it was made with other options for the part of the film or picture"
            } else if old.version != new.version {
                "it was begun by posestream \(old.version), whose numbers may differ"
            } else {
                nil
            }
        guard let difference else { return }
        throw Failure(
            .cannotCreate, "cannot resume", at: path, because: difference, remedy: "give the options of the first run, or begin anew with --overwrite")
    }
}
