import Diagnostics
import Foundation
import Media
import Records

extension RunJob {
    /// Seconds of work that a killed run loses at most.
    static let bookmarkInterval = 1.0

    /// The pictures that were asked for, and those before them that flow needs to know.
    var wantedFrames: FrameSelection {
        var selection = options.frames
        // With a tracker the part would begin with ids from before it.
        if options.storesFlow, !options.tracks, selection.from != nil { selection.leadIn = RunOptions.flowLeadIn }
        return selection
    }

    /// Opens the input, or the part of it that is wanted.
    func openSource(_ selection: FrameSelection, _ report: @escaping @Sendable (RunEvent) -> Void) throws -> SelectedSource {
        var sourceOptions = opening.sourceOptions { report(.warning($0)) }
        sourceOptions.keepsOtherStreams = outputs.video != nil
        sourceOptions.selection = selection
        sourceOptions.interrupt = reading
        let opened = try pipeline.openSource(.argument(input), options: sourceOptions)
        let policy = opening.policy(for: opened.description)
        return SelectedSource(opening.paced(opened, under: policy), selection)
    }

    /// Finds out whether there is something to go on with.
    func findResumePoint(for header: HeaderRecord, _ source: SelectedSource, _ report: (RunEvent) -> Void) throws -> ResumePoint {
        guard outputs.resume else { return .start(because: nil) }
        guard let path = outputs.records, path != "-" else {
            throw Failure(.usage, "cannot resume", at: "--resume", because: "the records do not go to a file", remedy: "-o poses.ndjson --resume")
        }
        guard !source.description.isLive else {
            throw Failure(.usage, "cannot resume", at: source.description.uri, because: "what a live source has sent is gone")
        }
        let point = try ResumePoint.find(in: path, for: header.asRead)
        switch point {
        case .start(let reason):
            if let reason { report(.warning("\(path): begins anew: \(reason)")) }
        case .after(let bookmark): report(.note("\(path): goes on after frame \(bookmark.frame)"))
        case .done:
            report(.note("\(path): is complete already"))
            forgetBookmark()
        }
        return point
    }

    /// The source from the bookmark's picture on, which comes first as the lead-in.
    func reopen(
        _ source: SelectedSource, after bookmark: Bookmark, _ report: @escaping @Sendable (RunEvent) -> Void
    ) throws -> SelectedSource {
        var selection = options.frames
        // Pictures lie more than a microsecond apart: records tell times no finer.
        selection.from = bookmark.time + 1e-6
        selection.leadIn = RunOptions.flowLeadIn
        // Standard input cannot be opened twice; it is read from its start.
        return input == "-" || input.hasPrefix("pipe:") ? source.selecting(selection) : try openSource(selection, report)
    }

    func destination(_ path: String, after bookmark: Bookmark?) -> RecordWriter.Destination {
        if path == "-" { return .standardOutput }
        if let bookmark { return .continuing(path, after: bookmark.bytes) }
        return .file(path, overwrite: outputs.overwrite || outputs.resume)
    }

    /// Who writes the bookmarks; nil where no run could go on with them.
    func keeper(_ writer: RecordWriter?, _ bookmark: Bookmark?, isLive: Bool) -> BookmarkKeeper? {
        guard let writer, writer.canBeContinued, !isLive, let path = outputs.records else { return nil }
        // Of an earlier run whose records are replaced now.
        if bookmark == nil { forgetBookmark() }
        return BookmarkKeeper(records: path, header: bookmark?.header ?? Bookmark.hash(writer.lastLine))
    }

    func forgetBookmark() {
        if let path = outputs.records, path != "-" { Bookmark.remove(besides: path) }
    }

    /// Draws the whole film anew from the records: the one of the run that was cut off holds only its part.
    func rebuild(_ film: String, _ report: (RunEvent) -> Void) throws -> RunSummary.Output {
        let job = RenderJob(records: outputs.records ?? "-", video: input, output: film, format: outputs.videoFormat, encoding: outputs.encoding, overwrite: true)
        let summary = try job.run(reporting: report)
        return summary.outputs.first ?? RunSummary.Output(path: film, bytes: 0)
    }
}

extension RunSummary {
    /// Of a run that had nothing left to do.
    init(finished end: EndRecord, records: String) {
        let size = (try? FileManager.default.attributesOfItem(atPath: records)[.size] as? Int) ?? 0
        self.init(
            frames: end.frames, decoded: end.decoded, corrupt: end.corrupt, people: end.people, seconds: end.seconds, stageSeconds: [:],
            outputs: [Output(path: records, bytes: size)], reason: end.reason.rawValue)
    }
}
