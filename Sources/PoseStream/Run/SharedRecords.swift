import Diagnostics
import Records
import Synchronization

/// Where the lines of one of several sources go, and what they call it.
public struct SharedRecords: Sendable {
    let lines: JoinedLines
    public let source: String
}

/// The lines of several sources in one place.
///
/// The first line is a header, as every reader expects. So the end lines of sources that never opened wait until another source has
/// written its own.
final class JoinedLines: Sendable {
    private struct State {
        var hasHeader = false
        var waiting: [EndRecord] = []
    }

    let writer: RecordWriter
    private let state = Mutex(State())

    init(_ writer: RecordWriter) {
        self.writer = writer
    }

    /// The header of a source.
    func begin(_ header: HeaderRecord) throws {
        _ = try writer.write(.header(header))
        let waiting = state.withLock { state in
            defer { state.waiting = [] }
            state.hasHeader = true
            return state.waiting
        }
        for end in waiting { _ = try writer.write(.end(end)) }
    }

    /// The end of a source that never opened and has no other line.
    func end(unopened end: EndRecord) throws {
        let isReady = state.withLock { state in
            if !state.hasHeader { state.waiting.append(end) }
            return state.hasHeader
        }
        if isReady { _ = try writer.write(.end(end)) }
    }

    /// No more lines will come.
    func close() throws {
        for end in state.withLock({ $0.waiting }) { _ = try writer.write(.end(end)) }
        try writer.close()
    }
}
