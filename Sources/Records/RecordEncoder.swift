import Diagnostics
import Geometry
import Pose

/// Writes records as lines: UTF-8, fields always in the same order, equal records equal bytes.
///
/// The encoder keeps its buffer, so after the first lines a frame costs no allocation.
/// Numbers: coordinates with at most 2 decimals, scores 4, times 6; what is not finite is written as 0.
public struct RecordEncoder: Sendable {
    private var text = JSONText()

    public init() {}

    /// The line that was encoded last, `\n` included.
    public var line: [UInt8] { text.bytes }

    /// Bytes of `line`.
    public var count: Int { text.bytes.count }

    /// The bytes of `line` in place.
    public func withLine<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        text.bytes.withUnsafeBytes(body)
    }

    /// Replaces `line` by this record.
    public mutating func encode(_ record: Record) {
        switch record {
        case .header(let header): encode(header)
        case .frame(let frame): encode(frame)
        case .gap(let gap): encode(gap)
        case .end(let end): encode(end)
        }
    }

    // MARK: Frame

    public mutating func encode(_ frame: FrameRecord) {
        text.removeAll()
        text.literal("{\"type\":\"frame\"")
        source(frame.source)
        text.literal(",\"frame\":")
        text.integer(frame.result.frame)
        text.literal(",\"pts\":")
        optional(frame.result.pts) { $0.integer($1) }
        text.literal(",\"time\":")
        time(frame.result.time)
        if let live = frame.live {
            text.literal(",\"wall\":\"")
            live.wall.write(to: &text)
            text.literal("\",\"latency_ms\":")
            coordinate(live.latency)
            text.literal(",\"dropped\":")
            text.integer(live.dropped)
        }
        if let size = frame.size {
            text.literal(",\"size\":[")
            text.integer(size.width)
            text.literal(",")
            text.integer(size.height)
            text.literal("]")
        }
        text.literal(",\"people\":[")
        if frame.result.people.isSortedByID {
            people(frame.result.people)
        } else {
            people(frame.result.people.sortedByID)
        }
        text.literal("]")
        if let motion = frame.motion { encode(motion) }
        text.literal("}\n")
    }

    private mutating func encode(_ motion: SampledMotion) {
        text.literal(",\"motion\":{")
        if motion.isCut { text.literal("\"cut\":true,") }
        if motion.isReturn { text.literal("\"return\":true,") }
        text.literal("\"background\":[")
        let map = motion.background
        for (index, number) in [map.a, map.b, map.tx, map.c, map.d, map.ty].enumerated() {
            if index > 0 { text.literal(",") }
            // All digits: what is linked later must see the same number.
            text.value(.number(number.isFinite ? min(max(number, -Record.largestNumber), Record.largestNumber) : 0))
        }
        text.literal("],\"bodies\":[")
        for (index, body) in motion.bodies.enumerated() {
            text.literal(index > 0 ? ",{\"reach\":" : "{\"reach\":")
            coordinate(body.reach)
            text.literal(",\"points\":[")
            for (index, sample) in body.samples.enumerated() {
                if index > 0 { text.literal(",") }
                for place in [sample.from, sample.to] {
                    coordinate(place.x)
                    text.literal(",")
                    coordinate(place.y)
                    text.literal(",")
                }
                score(sample.confidence)
            }
            text.literal("]}")
        }
        text.literal("]}")
    }

    private mutating func people(_ people: [Person]) {
        for index in people.indices {
            if index > 0 { text.literal(",") }
            person(people[index])
        }
    }

    private mutating func person(_ person: Person) {
        text.literal("{\"id\":")
        optional(person.id) { $0.integer($1) }
        text.literal(",\"state\":\"")
        switch person.state {
        case .tentative: text.literal("tentative")
        case .confirmed: text.literal("confirmed")
        case .coasting: text.literal("coasting")
        }
        text.literal("\",\"src\":\"")
        switch person.origin {
        case .network: text.literal("net")
        case .flow: text.literal("flow")
        }
        text.literal("\",\"score\":")
        score(person.score)
        text.literal(",\"box\":[")
        coordinate(person.box.x)
        text.literal(",")
        coordinate(person.box.y)
        text.literal(",")
        coordinate(person.box.width)
        text.literal(",")
        coordinate(person.box.height)
        text.literal("],\"keypoints\":")
        keypoints(person.keypoints)
        if let raw = person.unsmoothedKeypoints {
            text.literal(",\"raw\":")
            keypoints(raw)
        }
        if let appearance = person.appearance {
            text.literal(",\"appearance\":\"")
            text.hexadecimal(appearance.roots)
            text.literal("\"")
        }
        text.literal("}")
    }

    private mutating func keypoints(_ keypoints: [Keypoint]) {
        text.literal("[")
        for index in keypoints.indices {
            if index > 0 { text.literal(",") }
            let joint = keypoints[index]
            // A joint with a coordinate that is no number was not found.
            guard joint.position.x.isFinite, joint.position.y.isFinite, joint.score.isFinite else {
                text.literal("0,0,0")
                continue
            }
            coordinate(joint.position.x)
            text.literal(",")
            coordinate(joint.position.y)
            text.literal(",")
            score(joint.score)
        }
        text.literal("]")
    }

    // MARK: Header, gap, end

    public mutating func encode(_ header: HeaderRecord) {
        text.removeAll()
        text.literal("{\"type\":\"header\",\"schema\":")
        text.string(Record.schema)
        text.literal(",\"version\":")
        text.string(header.version)
        let source = header.source
        text.literal(",\"source\":{\"name\":")
        text.string(Credentials.masked(source.name))
        text.literal(",\"uri\":")
        text.string(Credentials.masked(source.uri))
        text.literal(",\"width\":")
        text.integer(source.width)
        text.literal(",\"height\":")
        text.integer(source.height)
        text.literal(",\"rotation\":")
        text.integer(source.rotation)
        text.literal(",\"time_base\":")
        optional(source.timeBase) { text, base in
            text.literal("[")
            text.integer(base.numerator)
            text.literal(",")
            text.integer(base.denominator)
            text.literal("]")
        }
        text.literal(",\"frame_rate\":")
        optional(source.frameRate.finite) { $0.decimal($1, Record.Decimals.time) }
        text.literal(",\"frames\":")
        optional(source.frames) { $0.integer($1) }
        text.literal(",\"start_time\":")
        optional(source.startTime.finite) { $0.decimal($1, Record.Decimals.time) }
        text.literal(",\"live\":")
        text.value(.bool(source.isLive))
        text.literal("},\"keypoints\":{\"set\":")
        text.string(header.keypoints.name)
        text.literal(",\"names\":")
        text.value(.array(header.keypoints.names.map(JSONValue.string)))
        text.literal(",\"skeleton\":")
        text.value(.array(header.keypoints.skeleton.map { .array([.integer($0.from), .integer($0.to)]) }))
        text.literal("},\"pipeline\":")
        text.value(header.pipeline)
        text.literal(",\"models\":")
        text.value(.array(header.models.map { ["name": .string($0.name), "sha256": .string($0.sha256)] }))
        if let options = header.options {
            text.literal(",\"options\":")
            text.value(options)
        }
        text.literal("}\n")
    }

    public mutating func encode(_ gap: GapRecord) {
        text.removeAll()
        text.literal("{\"type\":\"gap\"")
        source(gap.source)
        text.literal(",\"time\":")
        time(gap.time)
        text.literal(",\"seconds\":")
        time(gap.seconds)
        text.literal(",\"reason\":")
        text.string(gap.reason.rawValue)
        text.literal("}\n")
    }

    public mutating func encode(_ end: EndRecord) {
        text.removeAll()
        text.literal("{\"type\":\"end\"")
        source(end.source)
        text.literal(",\"reason\":")
        text.string(end.reason.rawValue)
        text.literal(",\"frames\":")
        text.integer(end.frames)
        text.literal(",\"decoded\":")
        text.integer(end.decoded)
        text.literal(",\"dropped\":")
        text.integer(end.dropped)
        text.literal(",\"corrupt\":")
        text.integer(end.corrupt)
        text.literal(",\"people\":")
        text.integer(end.people)
        text.literal(",\"seconds\":")
        time(end.seconds)
        text.literal(",\"fps\":")
        coordinate(end.fps)
        text.literal(",\"error\":")
        optional(end.error) { $0.string($1) }
        text.literal("}\n")
    }

    // MARK: Parts

    private mutating func source(_ name: String?) {
        guard let name else { return }
        text.literal(",\"source\":")
        text.string(Credentials.masked(name))
    }

    private mutating func coordinate(_ value: Double) { number(value, Record.Decimals.coordinate) }
    private mutating func score(_ value: Double) { number(value, Record.Decimals.score) }
    private mutating func time(_ value: Double) { number(value, Record.Decimals.time) }

    private mutating func number(_ value: Double, _ decimals: Int) {
        text.decimal(value.isFinite ? min(max(value, -Record.largestNumber), Record.largestNumber) : 0, decimals)
    }

    private mutating func optional<Value>(_ value: Value?, _ write: (inout JSONText, Value) -> Void) {
        if let value { write(&text, value) } else { text.literal("null") }
    }
}

extension Optional where Wrapped == Double {
    fileprivate var finite: Double? { flatMap { $0.isFinite ? min(max($0, -Record.largestNumber), Record.largestNumber) : nil } }
}

extension [Person] {
    fileprivate var isSortedByID: Bool {
        indices.dropFirst().allSatisfy { self[$0 - 1].idOrLast <= self[$0].idOrLast }
    }

    /// Stable: people without an id keep their order.
    fileprivate var sortedByID: [Person] {
        enumerated().sorted { ($0.element.idOrLast, $0.offset) < ($1.element.idOrLast, $1.offset) }.map(\.element)
    }
}

extension Person {
    fileprivate var idOrLast: Int { id ?? .max }
}
