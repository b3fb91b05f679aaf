/// How fast a whole pipeline walks through a clip, and where its time goes: `posestream bench pipeline`.
public struct PipelineBench: Sendable {
    /// Runs over the clip; the one with the median time is told.
    public var runs = 3

    public init() {}

    public struct Stage: Sendable, Encodable {
        public var name: String
        /// Busy seconds. Stages work side by side, so together they exceed the run's seconds.
        public var seconds: Double
        /// Of all stages' busy time, 0 to 1.
        public var share: Double
        /// A frame.
        public var milliseconds: Double
    }

    public struct Result: Sendable, Encodable {
        public var clip: String
        public var pipeline: String
        public var models: [String]
        public var threads: Int
        public var frames: Int
        /// Confirmed ids.
        public var people: Int
        public var seconds: Double
        public var fps: Double
        /// From asking for the networks until they are ready to run.
        public var startSeconds: Double
        public var stages: [Stage]
    }

    /// Decodes, detects, estimates and tracks; writes nothing.
    ///
    /// - Throws: `Failure`.
    public func run(
        _ clip: String, configuration: PipelineConfiguration, models: ModelLibrary, threads: Int, precision: NetworkPrecision = .automatic
    ) throws -> Result {
        let clock = ContinuousClock()
        let start = clock.now
        let pipeline = try Pipeline(configuration: configuration, models: models, threads: threads, precision: precision)
        let startSeconds = (clock.now - start) / .seconds(1)
        let summaries = try (0..<max(runs, 1)).map { _ in
            try RunJob(pipeline: pipeline, input: clip, outputs: RunOutputs(records: nil)).run(reporting: { _ in })
        }.sorted { $0.seconds < $1.seconds }
        let summary = summaries[summaries.count / 2]
        let busy = summary.stageSeconds.values.reduce(0, +)
        let stages = StageName.allCases.compactMap { name in
            summary.stageSeconds[name].map { seconds in
                Stage(
                    name: name.rawValue, seconds: seconds, share: busy > 0 ? seconds / busy : 0,
                    milliseconds: summary.frames > 0 ? seconds * 1000 / Double(summary.frames) : 0)
            }
        }
        return Result(
            clip: clip, pipeline: configuration.name, models: pipeline.models.map(\.name), threads: threads, frames: summary.frames,
            people: summary.people, seconds: summary.seconds, fps: summary.framesPerSecond, startSeconds: startSeconds, stages: stages)
    }
}
