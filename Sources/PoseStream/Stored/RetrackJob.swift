import Diagnostics
import Pose
import Records
import Tracking

/// Links stored people again, without networks: what `posestream retrack` does.
///
/// The people of records that were written with `--no-track` are all that the networks found, so linking them gives the very lines
/// that a run over the whole film gives. Records that were linked before hold only the people that were linked then.
public final class RetrackJob: Sendable {
    private let records: [String]
    private let output: String
    private let overwrite: Bool
    private let keepsFlow: Bool
    private let interruption = Interruption()
    private let configure: @Sendable (inout PipelineConfiguration) throws -> Void

    /// - Parameters:
    ///   - records: NDJSON files, the parts of one film in order; "-" is standard input.
    ///   - output: NDJSON file, "-" for standard output.
    ///   - keepsFlow: the lines keep the motion that they came with.
    ///   - configure: changes the tracking of the pipeline that the records' header holds.
    public init(
        records: [String], output: String = "-", overwrite: Bool = false, keepsFlow: Bool = false,
        configure: @escaping @Sendable (inout PipelineConfiguration) throws -> Void = { _ in }
    ) {
        self.records = records
        self.output = output
        self.overwrite = overwrite
        self.keepsFlow = keepsFlow
        self.configure = configure
    }

    /// Asks the job to end in good order. Safe from any thread. False when nothing runs yet.
    public func interrupt(bySignal signal: Int32) -> Bool { interruption.request(bySignal: signal) }

    /// - Throws: `Failure`; what was linked until then is written, with an end line.
    public func run(reporting report: (RunEvent) -> Void) throws -> RunSummary {
        let stopwatch = Stopwatch()
        let stored = try JoinedRecords(records)
        var configuration = try PipelineConfiguration(recorded: stored.header.pipeline, at: records.first ?? "-")
        try configure(&configuration)
        // The header must say where the last part ends, so all headers are read first where that can be done twice.
        let writer = try RecordWriter(output == "-" ? .standardOutput : .file(output, overwrite: overwrite))
        var header = stored.header
        header.version = Versions.program
        header.pipeline = configuration.json
        header.options = try joinedOptions(stored)
        var outcome = try writer.write(.header(header))
        // It looks for the wish before each line.
        interruption.begin {}

        var linker = StoredLinker(configuration: configuration, header: header)
        var progress = ProgressCount()
        var failure: Failure?
        do {
            while outcome == .written, interruption.signal == nil, let record = try stored.next() {
                switch record {
                case .frame(var line):
                    line.result.people = linker.link(line)
                    if !keepsFlow {
                        line.motion = nil
                        line.result.forgetAppearances()
                    }
                    outcome = try writer.write(line)
                    report(.progress(progress.next(line.result, total: header.source.frames, elapsed: stopwatch.seconds)))
                case .gap(let gap): outcome = try writer.write(.gap(gap))
                case .header, .end: break
                }
            }
        } catch {
            failure = Failure(wrapping: error)
        }
        for part in stored.cutParts {
            report(.warning("\(part): has no end line: the run that wrote it was cut off (run it again with --resume)"))
        }
        let signal = interruption.signal
        let reason: EndRecord.Reason =
            failure != nil ? .error : outcome == .readerClosed ? .outputClosed : signal != nil ? .interrupted : stored.lastReason ?? .interrupted
        let seconds = stopwatch.seconds
        var summary = RunSummary(
            frames: progress.frames, decoded: stored.decoded, corrupt: stored.corrupt, people: progress.people, seconds: seconds,
            stageSeconds: [:], outputs: [], reason: reason.rawValue, interruptedBy: signal)
        do {
            _ = try writer.write(
                .end(
                    EndRecord(
                        reason: reason, frames: progress.frames, decoded: stored.decoded, dropped: stored.dropped, corrupt: stored.corrupt,
                        people: progress.people, seconds: seconds, fps: summary.framesPerSecond, error: failure?.description)))
            try writer.close()
        } catch {
            failure = failure ?? error
        }
        if let failure { throw failure }
        summary.outputs = [RunSummary.Output(path: output, bytes: writer.bytesWritten)]
        return summary
    }

    /// What the header of the whole says of its part of the film: from where the first part begins to where the last one ends.
    private func joinedOptions(_ stored: JoinedRecords) throws -> JSONValue? {
        var options = stored.header.options
        if records.count > 1, let last = records.last, last != "-" {
            options = options?.replacing("to", with: try RecordReader(.file(last)).header.options?["to"])
        }
        // What comes through a pipe may be several parts, whose last one is not known yet.
        if records.contains("-") { options = options?.replacing("to", with: nil) }
        // People have ids now.
        options = options?.replacing("track", with: nil)
        return (keepsFlow ? options : options?.replacing("store_flow", with: nil))?.nonEmpty
    }
}

/// Links the people of stored lines.
struct StoredLinker {
    private var tracker: FlowPoseTracker
    private var smoother: PoseSmoother?
    private let width: Double
    private let height: Double

    init(configuration: PipelineConfiguration, header: HeaderRecord) {
        tracker = FlowPoseTracker(configuration: configuration.tracking, keypoints: header.keypoints)
        smoother = configuration.smooth ? PoseSmoother(keypoints: header.keypoints, jointScore: configuration.track.jointScore) : nil
        width = Double(header.source.width)
        height = Double(header.source.height)
    }

    mutating func link(_ line: FrameRecord) -> [Person] {
        var place = TrackedFrame(
            time: line.result.time, width: line.size.map { Double($0.width) } ?? width, height: line.size.map { Double($0.height) } ?? height)
        if let motion = line.motion { place.motion = motion }
        let linked = tracker.link(line.result.people.compactMap(Self.asFound), in: place)
        return smoother?.smooth(linked, at: place.time, isCut: place.motion.isCut) ?? linked
    }

    /// A stored person as the networks found it; nil for one that only the tracker saw.
    private static func asFound(_ person: Person) -> Person? {
        guard person.state != .coasting else { return nil }
        var person = person
        person.keypoints = person.unsmoothedKeypoints ?? person.keypoints
        person.unsmoothedKeypoints = nil
        person.id = nil
        person.state = .confirmed
        return person
    }
}

extension JSONValue {
    /// The object with one member given another value at its place, or taken out.
    func replacing(_ name: String, with value: JSONValue?) -> JSONValue {
        guard case .object(var members) = self else { return self }
        if let index = members.firstIndex(where: { $0.name == name }) {
            if let value { members[index].value = value } else { members.remove(at: index) }
        } else if let value {
            members.append(Member(name, value))
        }
        return .object(members)
    }

    /// Nil for an object without members.
    var nonEmpty: JSONValue? {
        if case .object(let members) = self, members.isEmpty { nil } else { self }
    }
}
