import Diagnostics
import Pose
import Records

/// Formats of other tools (spec: metrics, section 6).
public enum ExportFormat: String, Sendable, CaseIterable {
    case coco, posetrack18, openpose, mot, cvat, csv, trc

    /// Whether many files are written, into a folder, rather than one.
    public var writesFolder: Bool { self == .openpose || self == .trc }
}

/// What can be chosen when records are exported.
public struct ExportOptions: Sendable {
    /// What CVAT draws for a person.
    public enum Shape: String, Sendable, CaseIterable { case skeleton, points, box }
    /// How many joints OpenPose's files have.
    public enum OpenPoseBody: Int, Sendable, CaseIterable {
        case coco18 = 18
        case body25 = 25
    }

    /// People whose track was not confirmed yet as well. CSV always has them, with their state.
    public var includesTentative = false
    public var shape = Shape.skeleton
    public var body = OpenPoseBody.coco18
    /// CSV: one row for each person and frame rather than for each joint.
    public var isWide = false
    /// PoseTrack18: make up neck and head top from nose and shoulders.
    public var guessesHead = false
    /// PoseTrack18: number of the video, 0 to 999999; nil takes it from the source's name, else 1.
    public var video: Int?
    /// TRC: how tall the person is, in metres; nil writes a pixel as a millimetre.
    public var height: Double?
    /// TRC: rows a second; nil takes the source's frame rate.
    public var rate: Double?

    public init() {}
}

/// Takes the frames of one source in order and writes them in the form of another tool.
protocol FrameExport {
    mutating func add(_ frame: FrameResult) throws
    /// After the last frame.
    mutating func finish() throws
}

/// Turns stored records into another tool's format.
public enum Export {
    /// Where the result goes.
    public enum Destination: Sendable {
        case standardOutput
        case file(String, overwrite: Bool)
        case folder(String, overwrite: Bool)
    }

    /// - Parameters:
    ///   - source: which source's frames, for records of several.
    /// - Returns: the number of frames, and whether the reader of standard output has closed it.
    /// - Throws: `Failure`: `.noInput` and `.data` for the records, `.cannotCreate` and `.inputOutput` for the output, `.usage` for
    ///   a destination that the format cannot have, `.data` for what the format cannot hold.
    public static func run(
        _ input: RecordReader.Input, to format: ExportFormat, _ destination: Destination, options: ExportOptions = ExportOptions(),
        source: String? = nil
    ) throws -> (frames: Int, readerClosed: Bool) {
        let reader = try RecordReader(input)
        var export = try make(format, ExportSource(reader.header), destination, options)
        var (frames, last) = (0, -1)
        var sources: Set<String?> = []
        do {
            while let record = try reader.next() {
                guard case .frame(let frame) = record else { continue }
                if let source, frame.source != source { continue }
                sources.insert(frame.source)
                guard sources.count == 1 else {
                    throw Failure(
                        .usage, "cannot export records of several sources", at: reader.header.source.name,
                        because: "there are frames of \(sources.map { $0 ?? "?" }.sorted().joined(separator: " and "))",
                        remedy: "name one with --source")
                }
                guard frame.result.frame > last, frame.result.frame < 1 << 31 else {
                    throw Failure(
                        .data, "cannot export records", at: "line \(reader.line)",
                        because: "frame \(frame.result.frame) follows frame \(last)")
                }
                last = frame.result.frame
                frames += 1
                try export.add(frame.result)
            }
            try export.finish()
        } catch is OutputClosed {
            return (frames, true)
        }
        return (frames, false)
    }

    private static func make(_ format: ExportFormat, _ source: ExportSource, _ destination: Destination, _ options: ExportOptions) throws
        -> any FrameExport
    {
        if format.writesFolder {
            guard case .folder(let path, let overwrite) = destination else {
                throw Failure(
                    .usage, "cannot export", at: format.rawValue, because: "it makes a file for each \(format == .trc ? "person" : "frame")",
                    remedy: "name a folder with --output")
            }
            let folder = try OutputFolder(path, overwrite: overwrite)
            switch format {
            case .openpose: return OpenPoseExport(source, options, folder)
            default: return try TRCExport(source, options, folder)
            }
        }
        let output = try OutputText(destination)
        switch format {
        case .coco: return COCOExport(source, options, output)
        case .posetrack18: return try PoseTrackExport(source, options, output)
        case .mot: return MOTExport(options, output)
        case .cvat: return CVATExport(source, options, output)
        default: return CSVExport(source, options, output)
        }
    }
}

/// What the header says, in the form that exports need.
struct ExportSource {
    /// The file's name without its ending.
    let name: String
    let width: Int
    let height: Int
    let frameRate: Double?
    let set: KeypointSet

    init(_ header: HeaderRecord) {
        let last = header.source.name.split(separator: "/").last.map(String.init) ?? "poses"
        let stem = last.split(separator: ".", omittingEmptySubsequences: false).dropLast().joined(separator: ".")
        name = stem.isEmpty ? last : stem
        width = header.source.width
        height = header.source.height
        frameRate = header.source.frameRate
        set = header.keypoints
    }

    /// Indices of joints by name.
    func index(_ joint: String) -> Int? { set.names.firstIndex(of: joint) }
}

extension FrameResult {
    func people(_ options: ExportOptions) -> [Person] {
        options.includesTentative ? people : people.filter { $0.state != .tentative }
    }
}

extension Person {
    /// The joint at a place, nil where it is missing or there is no such place.
    func found(_ index: Int?) -> Keypoint? {
        guard let index, keypoints.indices.contains(index), !keypoints[index].isMissing else { return nil }
        return keypoints[index]
    }
}
