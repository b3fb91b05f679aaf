import Dispatch
import Pose

/// The frames of a source with the people in them, in order, as they are finished.
public struct FrameResults: AsyncSequence, Sendable {
    public typealias Element = FrameResult

    let run: PipelineRun

    public func makeAsyncIterator() -> Iterator { Iterator(run: run) }

    public final class Iterator: AsyncIteratorProtocol {
        private let run: PipelineRun
        /// Waiting for the next frame blocks; it must not block a thread of the cooperative pool.
        private let waiting = DispatchQueue(label: "posestream.results")

        init(run: PipelineRun) {
            self.run = run
        }

        deinit {
            // Whoever leaves the loop early wants no more: without this the stages would wait for ever.
            run.cancel()
        }

        public func next() async throws -> FrameResult? {
            let run = run
            return try await withTaskCancellationHandler {
                try Task.checkCancellation()
                let result: FrameResult? = try await withCheckedThrowingContinuation { continuation in
                    waiting.async {
                        continuation.resume(with: Result { try run.output.receive()?.result })
                    }
                }
                try Task.checkCancellation()
                return result
            } onCancel: {
                run.cancel()
            }
        }
    }
}
