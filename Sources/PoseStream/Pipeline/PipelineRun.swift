import Diagnostics
import Dispatch
import Foundation
import Media
import Pose
import Synchronization
import Tracking

/// A frame with everything that was found in it.
public struct ProcessedFrame: Sendable {
    public var frame: VideoFrame
    public var result: FrameResult
    /// What the stages remember after this frame; now and then, for whoever wants to go on from here in another run.
    var memory: Data?
    /// How the picture moved since the frame before; nil without flow.
    var motion: SampledMotion?

    init(frame: VideoFrame, result: FrameResult) {
        self.frame = frame
        self.result = result
    }
}

/// From where a run goes on, and how often it tells what it remembers.
struct Continuation: Sendable {
    /// The last frame of the earlier run, which the source gives once more as its lead-in, and the memory after it.
    var after: Bookmark?
    /// Which frames are lead-in.
    var selection = FrameSelection()
    /// Seconds between two memories; nil: they are not wanted.
    var interval: Double?

    /// Whether the networks need not look: the people of this frame are part of the memory.
    func knowsPeople(of frame: VideoFrame) -> Bool { after != nil && selection.isLeadIn(frame) }
}

/// One source walking through the stages: decode → detect → people.
///
/// Each stage runs on a queue of its own and passes values on through a bounded channel, so that the detector works on
/// the next frame while the people of this one are found and linked, and memory stays flat whatever the length of the film.
/// Poses and links are one stage, as the boxes of a frame come in part from the people of the frame before (Xiao et al. 2018,
/// section 3.1). What a stage gives depends on the frames before it alone, never on how fast another stage is.
/// Order is kept. An error of any stage reaches `output` behind everything that was finished before it.
package final class PipelineRun: Sendable {
    /// Frames in the order of the source.
    package let output = Channel<ProcessedFrame>(capacity: 2)
    let times = StageTimes()

    /// The decode stage reads from it; `cancel()` is the one call that others may make meanwhile.
    private let source: Handover<any FrameSource>
    private let working = DispatchGroup()
    private let frames: FrameQueue
    /// Of a live policy: nothing grows old between the stages.
    private let gate: LatencyGate?
    private let detected = Channel<DetectedFrame>(capacity: 2)
    private let continuation: Continuation
    private let isStopping = Atomic(false)

    init(source: Handover<any FrameSource>, policy: LivePolicy = .block, continuation: Continuation = Continuation()) {
        self.source = source
        self.continuation = continuation
        frames = FrameQueue(policy: policy)
        gate = policy == .latest ? LatencyGate() : nil
    }

    /// A run with stages of one's own.
    package static func of(_ source: sending any FrameSource, through stages: sending Stages, policy: LivePolicy) -> PipelineRun {
        let run = PipelineRun(source: Handover(source), policy: policy)
        run.start(Handover(stages))
        return run
    }

    /// Frames that the live policy dropped so far.
    package var dropped: Int { frames.dropped }

    /// The next frame for the first stage, at the right moment.
    private func nextFrame() throws -> VideoFrame? {
        gate?.wait(until: { output.isEmpty }, orOver: { frames.isCancelled })
        return try frames.receive()
    }

    func start(_ stages: Handover<Stages>) {
        stage("decode") { [source, frames, times] in
            while let frame = try times.measure(.decode, { try source.value.next() }) {
                guard frames.send(frame) else { return }
            }
        } closing: { [frames] in frames.finish(throwing: $0) }

        stage("detect") { [self, gate, detected, times, continuation] in
            // A detector that rests between key frames is asked where it is known whether it may rest.
            let detector = stages.value.detectEvery == .all ? stages.value.detector : nil
            while let frame = try nextFrame() {
                var boxes: [ScoredBox]?
                if let detector, !continuation.knowsPeople(of: frame) {
                    boxes = try gate.first { try times.measure(.detect) { try detector.detect(frame) } }
                } else {
                    gate.first {}
                }
                guard detected.send(DetectedFrame(frame: frame, boxes: boxes)) else { return }
            }
        } closing: { [self] in
            if $0 != nil {
                stopReading()
                frames.cancel()
            }
            detected.finish(throwing: $0)
        }

        stage("people") { [self, gate, detected, output, times, continuation] in
            var people = PeopleStage(stages.value, times: times)
            var awaited = continuation.after
            var told = Stopwatch()
            while let frame = try detected.receive() {
                if continuation.selection.isLeadIn(frame.frame) {
                    // A part that is processed for itself finds the people before it, too: flow goes on from them.
                    guard continuation.after != nil else {
                        _ = try people.process(frame)
                        continue
                    }
                    try people.follow(frame.frame)
                    if let bookmark = awaited, frame.frame.index == bookmark.frame, frame.frame.pts == bookmark.pts {
                        try people.restore(bookmark.memory)
                        awaited = nil
                    }
                    continue
                }
                if let awaited { throw Self.lost(awaited) }
                var processed = try gate.second { try people.process(frame) }
                if let interval = continuation.interval, told.seconds >= interval {
                    processed.memory = try people.memory()
                    told = Stopwatch()
                }
                guard output.send(processed) else { return }
            }
            // The film ended before the picture after which it was to go on.
            if let awaited, !isStopping.load(ordering: .relaxed) { throw Self.lost(awaited) }
        } closing: { [self] in
            if $0 != nil { stopReading(detected) }
            output.finish(throwing: $0)
        }
    }

    /// Ends in good order: nothing more is read, what was read is finished.
    func stopReading() {
        isStopping.store(true, ordering: .relaxed)
        source.value.cancel()
    }

    private static func lost(_ bookmark: Bookmark) -> Failure {
        Failure(
            .data, "cannot resume", at: "frame \(bookmark.frame)", because: "it is not where it was: the source has changed",
            remedy: "begin anew with --overwrite")
    }

    /// Ends at once: what is under way is dropped.
    func cancel() {
        source.value.cancel()
        frames.cancel()
        detected.cancel()
        output.cancel()
    }

    /// After an error in a stage: the stages before it must not wait for room that never comes.
    private func stopReading<Element>(_ channel: Channel<Element>) {
        source.value.cancel()
        frames.cancel()
        channel.cancel()
    }

    /// Takes and drops what is left, waits until every stage has ended, and gives the source back for its last words:
    /// statistics, warnings, trailing packets.
    func sourceAtRest() -> any FrameSource {
        do { while try output.receive() != nil {} } catch {}
        working.wait()
        return source.value
    }

    /// Runs a stage's loop on a queue of its own; `closing` hands its end, or its error, to the next stage.
    private func stage(_ name: String, _ loop: @escaping @Sendable () throws -> Void, closing: @escaping @Sendable ((any Error)?) -> Void) {
        DispatchQueue(label: "posestream.\(name)").async(group: working) {
            do {
                try loop()
                closing(nil)
            } catch {
                closing(error)
            }
        }
    }
}
