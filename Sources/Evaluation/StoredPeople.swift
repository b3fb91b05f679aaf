import Diagnostics
import Pose
import Records

/// Stored records read for scoring: the people of each frame of one source.
public struct StoredPeople: Sendable {
    public let header: HeaderRecord
    /// In file order.
    public let frames: [FrameResult]

    private static let mostFrames = 1 << 31

    /// - Parameter source: which source's frames, for records of several.
    /// - Throws: `Failure`: `.noInput`, `.data` for what are no records, `.usage` when there are several sources and none is named.
    public init(_ input: RecordReader.Input, source wanted: String? = nil) throws {
        let reader = try RecordReader(input)
        var frames: [FrameResult] = []
        var sources: Set<String?> = []
        while let record = try reader.next() {
            guard case .frame(let frame) = record else { continue }
            if let wanted, frame.source != wanted { continue }
            sources.insert(frame.source)
            guard sources.count == 1 else {
                throw Failure(
                    .usage, "cannot score records of several sources", at: reader.header.source.name,
                    because: "there are frames of \(sources.map { $0 ?? "?" }.sorted().joined(separator: " and "))",
                    remedy: "name one with --source")
            }
            guard frame.result.frame < Self.mostFrames else {
                throw Failure(.data, "cannot score records", at: "line \(reader.line)", because: "frame \(frame.result.frame) is beyond any film")
            }
            frames.append(frame.result)
        }
        header = reader.header
        self.frames = frames
    }

    /// Whether a person counts as one: a track that ends before it was confirmed is nobody, one that is confirmed later was somebody from
    /// the start (spec: tracking, 2.1).
    func counts(_ person: Person, confirmed: Set<Int>) -> Bool {
        person.state != .tentative || person.id.map(confirmed.contains) ?? false
    }

    /// The tracks that were confirmed at any time.
    var confirmedIDs: Set<Int> {
        frames.reduce(into: []) { ids, frame in
            for person in frame.people where person.state != .tentative { if let id = person.id { ids.insert(id) } }
        }
    }
}
