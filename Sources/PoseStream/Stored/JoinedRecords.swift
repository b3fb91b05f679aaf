import Diagnostics
import Records

/// Stored records of one film, in one file or in parts that were made apart, read as one: files one after another, or lines of
/// several files one after another in a pipe.
///
/// What does not belong together is refused: another source, other joints, frames that were there already, a hole between parts.
final class JoinedRecords {
    /// Of the first part; its options reach from the first part's beginning to the last one's end once all was read.
    private(set) var header: HeaderRecord
    /// Sums over all parts; nil before the end.
    private(set) var decoded = 0
    private(set) var dropped = 0
    private(set) var corrupt = 0
    /// Why the last part ended; nil when a part was cut off.
    private(set) var lastReason: EndRecord.Reason?
    /// Parts without an end line, which were cut off.
    private(set) var cutParts: [String] = []

    private var inputs: ArraySlice<String>
    private var reader: RecordReader
    private var name: String
    private var lastFrame: Int?
    private var hasEnded = false

    /// - Parameter inputs: NDJSON files in the order of the film; "-" is standard input.
    init(_ inputs: [String]) throws {
        guard let first = inputs.first else { throw Failure(.usage, "nothing to read", at: "POSES", because: "no records are given") }
        self.inputs = inputs.dropFirst()
        name = first
        reader = try RecordReader(Self.input(first))
        header = reader.header
    }

    private static func input(_ name: String) -> RecordReader.Input { name == "-" ? .standardInput : .file(name) }

    /// The number of the line that was read last, with its file, for messages.
    var place: String { "\(name), line \(reader.line)" }

    /// The next frame or gap; nil at the end of the last part.
    func next() throws -> Record? {
        while true {
            switch try reader.next() {
            case .header(let next)?:
                endPart()
                try join(next)
            case .end(let end)?:
                hasEnded = true
                lastReason = end.reason
                // What lines of others say is not trusted to be small.
                decoded = decoded.addingReportingOverflow(end.decoded).partialValue
                dropped = dropped.addingReportingOverflow(end.dropped).partialValue
                corrupt = corrupt.addingReportingOverflow(end.corrupt).partialValue
            case .frame(let frame)?:
                guard frame.source == nil else { throw refusal("the lines are of several sources", remedy: "choose those of one with jq or grep") }
                if let lastFrame, frame.result.frame <= lastFrame {
                    throw refusal(
                        "frame \(frame.result.frame) comes after frame \(lastFrame)", remedy: "name the parts in the order of the film, each once")
                }
                lastFrame = frame.result.frame
                return .frame(frame)
            case .gap(let gap)?: return .gap(gap)
            case nil:
                endPart()
                guard let following = inputs.popFirst() else { return nil }
                name = following
                reader = try RecordReader(Self.input(following))
                try join(reader.header)
            }
        }
    }

    private func endPart() {
        if !hasEnded {
            cutParts.append(name)
            lastReason = nil
        }
        hasEnded = false
    }

    /// Checks that a part goes on where the last one ended.
    private func join(_ next: HeaderRecord) throws {
        // Parts may be made on machines where the film lies elsewhere.
        var source = next.source
        source.uri = header.source.uri
        guard source == header.source else { throw refusal("it is of another video than the part before") }
        guard next.keypoints == header.keypoints else { throw refusal("its joints are others than those of the part before") }
        guard next.pipeline == header.pipeline, next.models == header.models else {
            throw refusal("it was made with another pipeline or other models than the part before")
        }
        let (before, after) = (header.options, next.options)
        guard Self.without(["from", "to"], before) == Self.without(["from", "to"], after) else {
            throw refusal("it was made with other options than the part before")
        }
        guard let end = before?["to"], let start = after?["from"], end == start else {
            throw refusal(
                "it does not begin where the part before ends",
                remedy: "make the parts with adjoining times: --to 60 for one, --from 60 for the next")
        }
        var members: [JSONValue.Member] = []
        if let from = before?["from"] { members.append(.init("from", from)) }
        if let to = after?["to"] { members.append(.init("to", to)) }
        members += Self.without(["from", "to"], after)
        header.options = members.isEmpty ? nil : .object(members)
    }

    private static func without(_ names: Set<String>, _ options: JSONValue?) -> [JSONValue.Member] {
        guard case .object(let members)? = options else { return [] }
        return members.filter { !names.contains($0.name) }
    }

    private func refusal(_ why: String, remedy: String? = nil) -> Failure {
        Failure(.data, "cannot join records", at: place, because: why, remedy: remedy)
    }
}
