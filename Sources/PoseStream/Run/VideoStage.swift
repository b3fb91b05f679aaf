import Dispatch
import Drawing
import Media
import Pose
import Synchronization

/// The last stage: draws people onto their frames and encodes them, beside the stages before it.
final class VideoStage: Sendable {
    private let frames = Channel<ProcessedFrame>(capacity: 3)
    private let writer: Handover<VideoWriter>
    private let keypointSet: KeypointSet
    private let working = DispatchGroup()
    private let failure = Mutex<(any Error)?>(nil)
    private let destination: String

    /// Opens the output. Throws `Failure` when it cannot be created or no encoder is there.
    ///
    /// - Parameter from: seconds from the source's start that become the film's zero; nil: its start.
    init(
        destination: String, format: String?, encoding: VideoEncoding = VideoEncoding(), overwrite: Bool, source: borrowing any FrameSource,
        from: Double? = nil, keypointSet: KeypointSet
    ) throws {
        self.destination = destination
        self.keypointSet = keypointSet
        var options = VideoWriterOptions()
        options.format = format
        options.overwrite = overwrite
        encoding.apply(to: &options)
        options.startTime = from.map { source.description.startTime + $0 }
        writer = Handover(
            try VideoWriter(destination, options: options, source: source.description, passthrough: source.passthroughStreams))
    }

    func start(times: StageTimes) {
        DispatchQueue(label: "posestream.encode").async(group: working) { [self] in
            var annotator = FrameAnnotator(keypoints: keypointSet)
            do {
                while let processed = try frames.receive() {
                    try times.measure(.encode) {
                        try writer.value.write(processed.frame) { canvas in
                            annotator.draw(processed.result.people, on: canvas)
                        }
                    }
                }
            } catch {
                failure.withLock { $0 = error }
                frames.cancel()
            }
        }
    }

    /// Queues a frame, waiting for room. False when the stage has failed: `finish` says why.
    func send(_ frame: ProcessedFrame) -> Bool { frames.send(frame) }

    /// How the video ended.
    struct Finished {
        var output: RunSummary.Output
        /// What was left out, a sentence each; nothing is lost silently.
        var warnings: [String]
        var encoder: String
        /// Who read the video from standard output went away: no failure, and nothing more to write.
        var isReaderGone: Bool
    }

    /// Waits until all queued frames are encoded and closes the video, also after a failure: what is there stays playable.
    func finish(trailing: [PassthroughPacket]) throws -> Finished {
        frames.finish()
        working.wait()
        let earlier = failure.withLock { $0 }
        var finished = Finished(
            output: RunSummary.Output(path: destination, bytes: 0), warnings: [], encoder: writer.value.encoderName, isReaderGone: false)
        do {
            let summary = try writer.value.finish(trailing: earlier == nil ? trailing : [])
            if let earlier { throw earlier }
            finished.output.bytes = Int(clamping: summary.bytes)
            finished.warnings = summary.notes
        } catch {
            guard writer.value.isReaderGone else { throw earlier ?? error }
            finished.isReaderGone = true
        }
        return finished
    }
}
