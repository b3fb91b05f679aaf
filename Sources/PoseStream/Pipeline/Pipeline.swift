import Diagnostics
import Flow
import Foundation
import Media
import Pose
import Tracking

/// Where the frames come from.
public enum PipelineInput: Sendable {
    /// A video file or a picture.
    case file(String)
    /// As on the command line: file, folder, glob, `-` for standard input.
    case argument(String)
}

/// A configured pipeline: networks loaded and checked, ready for any number of sources.
///
/// ```swift
/// let pipeline = try Pipeline(configuration: .named("default"))
/// for try await result in try pipeline.results(for: .file("clip.mp4")) {
///     print(result.time, result.people.count)
/// }
/// ```
public struct Pipeline: Sendable {
    /// With the models' names where `auto` was said.
    public let configuration: PipelineConfiguration
    /// What could be pulled in place of the program's own networks, where `auto` came down to them.
    public let betterModels: [String]
    /// The model files in use.
    public var models: [ModelFile] { networks.files }
    /// The joints that people come with.
    public var keypointSet: KeypointSet { networks.keypointSet }

    let networks: PipelineNetworks

    /// Finds and loads the networks.
    ///
    /// - Parameters:
    ///   - configuration: which networks, with which settings.
    ///   - models: where to look for model files.
    ///   - threads: how many threads the networks may use together.
    ///   - precision: what the networks multiply in; `automatic` is f32 wherever bf16 was not checked with the very weights.
    ///   - measured: algorithms that `models tune` kept on this machine.
    /// - Throws: `Failure` when a model is missing, damaged or of the wrong kind.
    public init(
        configuration: PipelineConfiguration, models: ModelLibrary = .standard(),
        threads: Int = ProcessInfo.processInfo.activeProcessorCount, precision: NetworkPrecision = .automatic,
        measured: MeasuredStore = .standard()
    ) throws {
        self.configuration = configuration.naming(modelsIn: models)
        betterModels = configuration.betterModels(than: self.configuration)
        networks = try PipelineNetworks(
            self.configuration, library: models, threads: threads, precision: precision.resolved, measured: measured)
    }

    /// The stages for one source: they keep state from frame to frame, so each source needs its own.
    public func makeStages() throws -> sending Stages {
        try networks.makeStages(configuration)
    }

    /// Processes a source and gives its frames in order, also the empty ones.
    ///
    /// Frames of a file are only read as they are asked for (a few ahead); of a live source, unless told otherwise, the newest one
    /// is taken each time. Cancelling the task stops the stages and releases the source.
    /// - Throws: `Failure` when the source cannot be opened.
    public func results(for input: PipelineInput, options: InputOptions = InputOptions()) throws -> FrameResults {
        let source = try openSource(input, options: options.sourceOptions { _ in })
        let policy = options.policy(for: source.description)
        return FrameResults(run: try start(options.paced(source, under: policy), policy: policy))
    }

    /// Opens a source as the command line does.
    func openSource(_ input: PipelineInput, options: SourceOptions) throws -> sending any FrameSource {
        var options = options
        options.exportsMotionVectors = configuration.flow.needsMotionVectors
        return switch input {
        case .file(let path): try Media.openSource("file:" + path, options: options)
        case .argument(let argument): try Media.openSource(argument, options: options)
        }
    }

    /// Starts the stages on a source.
    func start(_ source: sending any FrameSource, policy: LivePolicy) throws -> PipelineRun {
        let stages = try makeStages(for: RunOptions())
        let run = PipelineRun(source: Handover(source), policy: policy)
        run.start(stages)
        return run
    }

    /// The stages of a run that was asked for more than its pipeline says.
    func makeStages(for options: RunOptions) throws -> Handover<Stages> {
        var stages = try makeStages().watching(options.area)
        if !options.tracks { stages.tracker = NoTracking() }
        return Handover(stages)
    }
}
