import Dispatch
import Detection
import Estimation
import Geometry
import Media
import Pose
import Synchronization
import Tracking

/// A frame with everything that was found in it.
public struct ProcessedFrame: Sendable {
    public var frame: VideoFrame
    public var result: FrameResult
}

/// One source walking through the stages: decode → detect → pose → track.
///
/// Each stage runs on a queue of its own and passes values on through a bounded channel, so that the detector works on
/// the next frame while poses of this one are computed, and memory stays flat whatever the length of the film.
/// Order is kept. An error of any stage reaches `output` behind everything that was finished before it.
final class PipelineRun: Sendable {
    /// Frames in the order of the source.
    let output = Channel<ProcessedFrame>(capacity: 2)
    let times = StageTimes()

    /// The decode stage reads from it; `cancel()` is the one call that others may make meanwhile.
    private let source: Handover<any FrameSource>
    private let working = DispatchGroup()
    private let frames = Channel<VideoFrame>(capacity: 3)
    private let found = Channel<(VideoFrame, [ScoredBox])>(capacity: 2)
    private let posed = Channel<(VideoFrame, [Person])>(capacity: 2)

    init(source: Handover<any FrameSource>) {
        self.source = source
    }

    func start(_ stages: Handover<Stages>) {
        stage("decode") { [source, frames, times] in
            while let frame = try times.measure(.decode, { try source.value.next() }) {
                guard frames.send(frame) else { return }
            }
        } closing: { [frames] in frames.finish(throwing: $0) }

        stage("detect") { [frames, found, times] in
            while let frame = try frames.receive() {
                let boxes = try times.measure(.detect) { try stages.value.detector?.detect(frame) ?? [] }
                guard found.send((frame, boxes)) else { return }
            }
        } closing: { [self] in
            if $0 != nil { stopReading(frames) }
            found.finish(throwing: $0)
        }

        stage("pose") { [found, posed, times] in
            while let (frame, boxes) = try found.receive() {
                let people = try times.measure(.pose) { try stages.value.estimator.estimate(frame, boxes: boxes) }
                guard posed.send((frame, people)) else { return }
            }
        } closing: { [self] in
            if $0 != nil { stopReading(found) }
            posed.finish(throwing: $0)
        }

        stage("track") { [posed, output, times] in
            var tracker = stages.value.tracker
            while let (frame, people) = try posed.receive() {
                let place = TrackedFrame(time: frame.time, width: Double(frame.width), height: Double(frame.height))
                let linked = times.measure(.track) { tracker.link(people, in: place) }
                let result = FrameResult(frame: frame.index, pts: frame.pts, time: frame.time, people: linked)
                guard output.send(ProcessedFrame(frame: frame, result: result)) else { return }
            }
        } closing: { [self] in
            if $0 != nil { stopReading(posed) }
            output.finish(throwing: $0)
        }
    }

    /// Ends in good order: nothing more is read, what was read is finished.
    func stopReading() {
        source.value.cancel()
    }

    /// Ends at once: what is under way is dropped.
    func cancel() {
        source.value.cancel()
        frames.cancel()
        found.cancel()
        posed.cancel()
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
