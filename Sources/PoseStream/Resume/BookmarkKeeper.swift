import Diagnostics
import Foundation
import Pose
import Records

/// Writes the bookmarks of a run.
final class BookmarkKeeper {
    private let records: String
    private let header: String
    private var hasFailed = false

    /// - Parameters:
    ///   - records: the records file, beside which the bookmark lies.
    ///   - header: SHA-256 of its first line.
    init(records: String, header: String) {
        self.records = records
        self.header = header
    }

    /// Keeps what the stages remembered after the line that was written last. A failure is told once: the records matter more.
    func keep(
        _ memory: Data, after result: FrameResult, _ writer: RecordWriter, _ progress: ProgressCount, report: (RunEvent) -> Void
    ) {
        // The line must be on the disk before the bookmark that counts on it.
        writer.synchronize()
        let bookmark = Bookmark(
            header: header, bytes: writer.bytesWritten, line: Bookmark.hash(writer.lastLine), frame: result.frame, pts: result.pts,
            time: result.time, frames: progress.frames, ids: progress.idList, memory: memory)
        do throws(Failure) {
            try bookmark.write(besides: records)
        } catch {
            if !hasFailed { report(.warning("\(error); --resume cannot go on from here")) }
            hasFailed = true
        }
    }
}
