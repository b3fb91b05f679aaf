import ArgumentParser
import Diagnostics
import Evaluation
import Foundation
import Records

/// `posestream eval mot`: how well boxes keep their ids.
struct EvalMOTCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mot",
        abstract: "Score tracked boxes against truth of MOTChallenge: MOTA, IDF1, HOTA, switches.",
        discussion: """
            TRUTH is a file of rows frame,id,left,top,width,height,conf,… (frames from 1), RESULTS records of posestream or such rows.
            Both may be folders: each NAME.txt (or NAME/gt/gt.txt) is scored with NAME.ndjson or NAME.txt, and all together.

            Examples:
              posestream eval mot gt.txt poses.ndjson
              posestream eval mot gt_768x576.txt poses.ndjson --scale 0.625
              posestream eval mot gt/ results/ --json | jq .combined.idf1
            """)

    @Argument(help: "Truth: a file, or a folder of them.")
    var truth: String

    @Argument(help: "Results: NDJSON or MOTChallenge text, or a folder of them.")
    var results: String

    @Option(help: "Factor on the boxes of the truth, when it was made on another size of the film.")
    var scale: Double = 1

    @Option(help: "IoU from which a pair is a match, for MOTA and IDF1.")
    var iou: Double = 0.5

    @Flag(help: "Ask also for the rows of the truth that are marked as not to be considered (conf 0).")
    var everyRow = false

    @Flag(help: "Count people whose track was never confirmed as well.")
    var tentative = false

    @Option(help: "Which source, for records of several.")
    var source: String?

    @Flag(help: "One JSON object instead of a table.")
    var json = false

    func validate() throws {
        guard scale > 0, scale <= 1000 else { throw ValidationError("--scale must be a factor above 0, at most 1000") }
        guard iou > 0, iou <= 1 else { throw ValidationError("--iou must be above 0 and at most 1") }
    }

    func run() throws {
        let scored = try SequencePair.pairs(truth: truth, results: results).map { pair in
            let truth = try MOTChallengeFile.truth(contentsOf: pair.truth, everyRow: everyRow).scaled(by: scale)
            let found = try tracks(pair.results)
            return (name: pair.name, score: TrackingScore(try TrackingSequence(truth: truth, predicted: found), threshold: iou))
        }
        print(TrackingReport(sequences: scored).text(json: json))
    }

    private func tracks(_ url: URL) throws -> BoxTracks {
        guard url.pathExtension != "txt" else { return try MOTChallengeFile.results(contentsOf: url) }
        return try BoxTracks(
            StoredPeople(.file(url.path), source: source), countsTentative: tentative, place: url.lastPathComponent)
    }
}

/// Truth and results of one sequence.
struct SequencePair {
    var name: String
    var truth: URL
    var results: URL

    /// The sequences that two paths name: two files, or every sequence of a folder of truth with its results in the other.
    static func pairs(truth: String, results: String, truthEndings: [String] = ["txt"], resultEndings: [String] = ["ndjson", "txt"]) throws
        -> [SequencePair]
    {
        let (truths, found) = (URL(fileURLWithPath: truth), URL(fileURLWithPath: results))
        guard isFolder(truths) else {
            guard !isFolder(found) else {
                throw Failure(.usage, "cannot pair truth and results", at: results, because: "it is a folder and the truth is a file")
            }
            return [SequencePair(name: stem(truths.lastPathComponent), truth: truths, results: found)]
        }
        guard isFolder(found) else {
            throw Failure(.usage, "cannot pair truth and results", at: results, because: "it is no folder and the truth is one")
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: truth).filter { !$0.hasPrefix(".") }.sorted()
        let sequences = names.compactMap { name -> (String, URL)? in
            let url = truths.appendingPathComponent(name)
            let nested = url.appendingPathComponent("gt/gt.txt")
            if FileManager.default.fileExists(atPath: nested.path) { return (name, nested) }
            return truthEndings.contains(url.pathExtension) ? (stem(name), url) : nil
        }
        guard !sequences.isEmpty else {
            throw Failure(.noInput, "no truth found", at: truth, because: "the folder holds no NAME.\(truthEndings.joined(separator: " or NAME."))")
        }
        return try sequences.map { name, url in
            let candidates = resultEndings.map { found.appendingPathComponent("\(name).\($0)") }
            guard let match = candidates.first(where: { FileManager.default.fileExists(atPath: $0.path) }) else {
                throw Failure(
                    .noInput, "no results for a sequence", at: candidates[0].path, because: "the truth has \(name)",
                    remedy: "a sequence in which nobody was found needs an empty file")
            }
            return SequencePair(name: name, truth: url, results: match)
        }
    }

    private static func isFolder(_ url: URL) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) && isFolder.boolValue
    }

    private static func stem(_ name: String) -> String { (name as NSString).deletingPathExtension }
}

/// Tracking figures as a table or as JSON.
struct TrackingReport {
    var sequences: [(name: String, score: TrackingScore)]

    private var combined: TrackingScore { TrackingScore(combining: sequences.map(\.score)) }

    var value: JSONValue {
        let rows = sequences.map { JSONValue.object([.init("name", .string($0.name))] + Self.members($0.score)) }
        return .object([.init("sequences", .array(rows)), .init("combined", .object(Self.members(combined)))])
    }

    func text(json: Bool) -> String {
        if json { return value.text }
        var table = TextTable(
            header: ["sequence", "MOTA", "MOTP", "IDF1", "IDP", "IDR", "HOTA", "DetA", "AssA", "switches", "frag", "missed", "false", "ids", "true"])
        for (name, score) in sequences { table.add(name, Self.cells(score)) }
        if sequences.count > 1 { table.add("all", Self.cells(combined)) }
        return table.text
    }

    private static func cells(_ score: TrackingScore) -> [TextTable.Value] {
        [
            .share(score.clear.mota), .share(score.clear.motp), .share(score.identity.idf1), .share(score.identity.precision),
            .share(score.identity.recall), .share(score.hota.hota), .share(score.hota.detectionAccuracy),
            .share(score.hota.associationAccuracy), .count(score.clear.switches), .count(score.clear.fragmentations),
            .count(score.clear.misses), .count(score.clear.falsePositives), .count(score.predictedPeople), .count(score.truePeople),
        ]
    }

    private static func members(_ score: TrackingScore) -> [JSONValue.Member] {
        [
            .init("mota", .optional(score.clear.mota)), .init("motp", .optional(score.clear.motp)),
            .init("precision", .optional(score.clear.precision)), .init("recall", .optional(score.clear.recall)),
            .init("idf1", .optional(score.identity.idf1)), .init("idp", .optional(score.identity.precision)),
            .init("idr", .optional(score.identity.recall)), .init("hota", .number(score.hota.hota)),
            .init("deta", .number(score.hota.detectionAccuracy)), .init("assa", .number(score.hota.associationAccuracy)),
            .init("loca", .number(score.hota.localization)), .init("switches", .integer(score.clear.switches)),
            .init("fragmentations", .integer(score.clear.fragmentations)), .init("objects", .integer(score.clear.objects)),
            .init("matches", .integer(score.clear.matches)), .init("misses", .integer(score.clear.misses)),
            .init("false_positives", .integer(score.clear.falsePositives)), .init("ids", .integer(score.predictedPeople)),
            .init("true_ids", .integer(score.truePeople)),
        ]
    }
}
