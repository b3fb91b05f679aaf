import ArgumentParser
import Diagnostics
import Evaluation
import Foundation
import PoseStream
import Records

/// `posestream eval coco`: AP and AR as pycocotools counts them.
struct EvalCOCOCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "coco",
        abstract: "Score a pipeline or stored results on COCO's ground truth: AP and AR of poses or boxes.",
        discussion: """
            TRUTH is person_keypoints_*.json. Give either RESULTS (COCO results JSON, or NDJSON of a run over a folder with exactly
            the pictures of the truth) or --pictures, on which the pipeline is run.
            The figures are those of pycocotools, digit by digit. Published figures count low-scored boxes, too:
            --set detect.score=0.05 for poses, 0.01 for boxes.

            Examples:
              posestream eval coco person_keypoints_val2017.json results.json
              posestream eval coco person_keypoints_val2017.json --pictures val2017 --boxes truth --set pose.flip=true
              posestream eval coco person_keypoints_val2017.json --pictures val2017 --task boxes --set detect.score=0.01 --json
            """)

    enum Task: String, ExpressibleByArgument, CaseIterable { case keypoints, boxes }

    @Argument(help: "Ground truth: COCO keypoints JSON.")
    var truth: String

    @Argument(help: "Stored results to score: COCO results JSON, or NDJSON of a folder of pictures.")
    var stored: String?

    @Option(help: "Folder with the pictures of the ground truth: run a pipeline on them.")
    var pictures: String?

    @Option(help: "What is scored: keypoints or boxes.")
    var task: Task = .keypoints

    @Option(help: "Boxes for a top-down network: detector, truth, clipped-truth (cut at the picture's edge as the official codes do), or a file of COCO box results.")
    var boxes = "detector"

    @OptionGroup var pipeline: PipelineArguments

    @Option(help: "Keep what was found as COCO results JSON.")
    var results: String?

    @Flag(name: [.customShort("y"), .long], help: "Replace the file of --results when it exists.")
    var overwrite = false

    @Flag(help: "One JSON object with all digits.")
    var json = false

    func validate() throws {
        guard (stored == nil) != (pictures == nil) else {
            throw ValidationError("give either stored results or --pictures FOLDER to run a pipeline on")
        }
        guard results == nil || pictures != nil else { throw ValidationError("--results keeps what a pipeline finds: give --pictures") }
        guard boxes == "detector" || (pictures != nil && task == .keypoints) else {
            throw ValidationError("--boxes is for poses of a pipeline: give --pictures")
        }
    }

    func run() throws {
        let truth = try COCODataset(contentsOf: URL(fileURLWithPath: truth))
        if let results { try ResultFile.check(results, overwrite: overwrite) }
        let evaluation: COCOEvaluation
        let count: Int
        switch task {
        case .keypoints:
            let poses = try poses(truth)
            count = poses.count
            evaluation = try COCOEvaluation(keypoints: poses, truth: truth)
        case .boxes:
            let boxes = try boxes(truth)
            count = boxes.count
            evaluation = try COCOEvaluation(boxes: boxes, truth: truth)
        }
        print(json ? report(evaluation, truth, results: count) : evaluation.summary)
    }

    private func poses(_ truth: COCODataset) throws -> [COCOKeypointResult] {
        guard let pictures else {
            if let records = try storedRecords() { return try StoredPictures.poses(records, truth: truth) }
            let (url, place) = storedFile
            return try COCOResults.keypoints(json: ResultFile.read(url), place: place)
        }
        let poses = try COCORun(pipeline: pipeline.load(), truth: truth, pictures: URL(fileURLWithPath: pictures))
            .poses(boxes: givenBoxes(), reporting: PictureProgress().show)
        if let results { try ResultFile.write(COCOResults.json(poses), to: results, overwrite: overwrite) }
        return poses
    }

    private func boxes(_ truth: COCODataset) throws -> [COCOBoxResult] {
        guard let pictures else {
            if let records = try storedRecords() { return try StoredPictures.boxes(records, truth: truth) }
            let (url, place) = storedFile
            return try COCOResults.boxes(json: ResultFile.read(url), place: place)
        }
        let boxes = try COCORun(pipeline: pipeline.load(), truth: truth, pictures: URL(fileURLWithPath: pictures))
            .boxes(reporting: PictureProgress().show)
        if let results { try ResultFile.write(COCOResults.json(boxes), to: results, overwrite: overwrite) }
        return boxes
    }

    private func givenBoxes() throws -> COCORun.Boxes {
        switch boxes {
        case "detector": return .detector
        case "truth": return .truth
        case "clipped-truth": return .clippedTruth
        default:
            let url = URL(fileURLWithPath: boxes)
            return COCORun.Boxes(try COCOResults.boxes(json: ResultFile.read(url), place: url.lastPathComponent))
        }
    }

    private var storedFile: (URL, String) {
        let url = URL(fileURLWithPath: stored ?? "")
        return (url, url.lastPathComponent)
    }

    /// Our own records, where the results are such.
    private func storedRecords() throws -> StoredPeople? {
        guard let stored, stored.hasSuffix(".ndjson") else { return nil }
        return try StoredPeople(.file(stored))
    }

    private func report(_ evaluation: COCOEvaluation, _ truth: COCODataset, results: Int) -> String {
        JSONValue.object(
            [
                .init("task", .string(task.rawValue)), .init("pictures", .integer(truth.pictures.count)),
                .init("annotations", .integer(truth.annotations.count)), .init("results", .integer(results)),
            ] + evaluation.numbers.map { .init($0.name, .optional($0.value)) }
        ).text
    }
}

/// Files that an evaluation reads and leaves behind.
enum ResultFile {
    static func read(_ url: URL) throws -> Data {
        do { return try Data(contentsOf: url) } catch {
            throw Failure(.noInput, "cannot read results", at: url.path, because: (error as NSError).localizedDescription)
        }
    }

    /// Fails before the work when the file could not be kept after it.
    static func check(_ path: String, overwrite: Bool) throws {
        if !overwrite, FileManager.default.fileExists(atPath: path) {
            throw Failure(.cannotCreate, "cannot write results", at: path, because: "it exists already", remedy: "add --overwrite to replace it")
        }
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        guard FileManager.default.isWritableFile(atPath: folder) else {
            throw Failure(.cannotCreate, "cannot write results", at: path, because: "its folder cannot be written")
        }
    }

    static func write(_ data: Data, to path: String, overwrite: Bool) throws {
        do { try data.write(to: URL(fileURLWithPath: path), options: overwrite ? .atomic : .withoutOverwriting) } catch {
            throw Failure(.inputOutput, "cannot write results", at: path, because: (error as NSError).localizedDescription)
        }
    }
}

/// How many pictures are done, on a terminal only.
struct PictureProgress {
    private let isTerminal = isatty(STDERR_FILENO) == 1

    func show(_ done: Int, _ all: Int) {
        guard isTerminal else { return }
        FileHandle.standardError.write(Data("\r\(done) of \(all) pictures\u{1B}[K\(done == all ? "\r\u{1B}[K" : "")".utf8))
    }
}
