import Diagnostics
import Foundation
import Geometry

/// Tracks in the text format of MOTChallenge, truth or results (spec: metrics, section 6): a row for each box,
/// `frame,id,left,top,width,height,conf,…`, frames counted from 1, pixels.
public enum MOTChallengeFile {
    /// What MOT16 and later annotate beside people on foot, so that a box on them is neither right nor wrong.
    private static let distractors: Set<Int> = [2, 7, 8, 12]
    private static let pedestrian = 1
    private static let largest = 1e9

    /// Results: every row counts.
    public static func results(contentsOf url: URL) throws -> BoxTracks {
        try results(text: read(url), place: url.lastPathComponent)
    }

    public static func results(text: some Sequence<UInt8>, place: String) throws -> BoxTracks {
        try parse(text, place: place) { _ in .person }
    }

    /// Truth: rows with conf 0 do not count. In the nine columns of MOT16 and later (class and visibility behind conf) only people
    /// on foot count, and people on vehicles, static ones, distractors and reflections take what lies on them out of the count.
    ///
    /// - Parameter everyRow: rows with conf 0 count too: people whom the annotators followed while nothing of them could be seen.
    public static func truth(contentsOf url: URL, everyRow: Bool = false) throws -> BoxTracks {
        try truth(text: read(url), place: url.lastPathComponent, everyRow: everyRow)
    }

    public static func truth(text: some Sequence<UInt8>, place: String, everyRow: Bool = false) throws -> BoxTracks {
        try parse(text, place: place) { columns in
            if columns.count == 9 {
                let kind = Int(exactly: columns[7]) ?? 0
                if distractors.contains(kind) { return .distractor }
                if kind != pedestrian { return .nothing }
            }
            return columns.count > 6 && columns[6] == 0 && !everyRow ? .nothing : .person
        }
    }

    private enum Meaning { case person, distractor, nothing }

    private static func read(_ url: URL) throws -> Data {
        do { return try Data(contentsOf: url) } catch {
            throw Failure(.noInput, "cannot read tracks", at: url.path, because: (error as NSError).localizedDescription)
        }
    }

    private static func parse(_ text: some Sequence<UInt8>, place: String, meaning: ([Double]) -> Meaning) throws -> BoxTracks {
        var tracks = BoxTracks()
        var line: [UInt8] = []
        var number = 0

        func take() throws {
            number += 1
            defer { line.removeAll(keepingCapacity: true) }
            let fields = line.split { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: "\r") }
            guard !fields.isEmpty else { return }
            let place = "\(place), line \(number)"
            func fail(_ why: String) -> Failure {
                Failure(.data, "cannot read tracks", at: place, because: why, remedy: "rows are frame,id,left,top,width,height,conf,…")
            }
            let columns = try fields.map { field in
                let text = String(decoding: field, as: UTF8.self)
                guard let value = Double(text), value.magnitude <= largest else { throw fail("\"\(text.prefix(40))\" is no number") }
                return value
            }
            guard columns.count >= 6 else { throw fail("it has \(columns.count) columns, fewer than 6") }
            guard let frame = Int(exactly: columns[0]), frame >= 1 else { throw fail("the frame is no whole number from 1") }
            guard let id = Int(exactly: columns[1]) else { throw fail("the id is no whole number") }
            guard columns[4] >= 0, columns[5] >= 0 else { throw fail("the box has a negative size") }
            let box = Box(x: columns[2], y: columns[3], width: columns[4], height: columns[5])
            switch meaning(columns) {
            case .person: try tracks.add(.init(id: id, box: box), toFrame: frame, place: place)
            case .distractor: try tracks.add(.init(id: id, box: box, counts: false), toFrame: frame, place: place)
            case .nothing: break
            }
        }

        for byte in text {
            if byte == UInt8(ascii: "\n") {
                try take()
            } else {
                guard line.count < 4096 else {
                    throw Failure(.data, "cannot read tracks", at: "\(place), line \(number + 1)", because: "the line is too long to be one of MOTChallenge")
                }
                line.append(byte)
            }
        }
        try take()
        return tracks
    }
}
