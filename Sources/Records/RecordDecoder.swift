import Geometry
import Pose

/// Reads one line back into a record. Unknown fields are skipped; what is known must be right.
struct RecordDecoder {
    typealias Problem = JSONCursor.Problem

    /// Joints a person, from the header; nil before it.
    private var jointCount: Int?

    /// The record of that line; nil for a type that this version does not know.
    mutating func decode(_ bytes: [UInt8], in range: Range<Int>) throws(Problem) -> Record? {
        var cursor = JSONCursor(bytes, in: range)
        switch try Self.type(cursor) {
        case "header":
            let header = try header(&cursor)
            try cursor.finish()
            jointCount = header.keypoints.count
            return .header(header)
        case "frame":
            let frame = try frame(&cursor)
            try cursor.finish()
            return .frame(frame)
        case "gap":
            let gap = try gap(&cursor)
            try cursor.finish()
            return .gap(gap)
        case "end":
            let end = try end(&cursor)
            try cursor.finish()
            return .end(end)
        default:
            try cursor.skip()
            try cursor.finish()
            return nil
        }
    }

    /// The `type` field, which need not be the first in lines that others wrote.
    private static func type(_ line: JSONCursor) throws(Problem) -> String {
        var cursor = line
        var type: String?
        try cursor.members { (name, cursor) throws(Problem) in
            if name == "type" { type = try cursor.string() } else { try cursor.skip() }
        }
        guard let type else { throw line.problem("the field \"type\" is missing") }
        return type
    }

    // MARK: Frame

    private func frame(_ cursor: inout JSONCursor) throws(Problem) -> FrameRecord {
        var source: String?
        var frame: Int?
        var pts: Int64?
        var time: Double?
        var people: [Person]?
        var wall: WallTime?
        var latency = 0.0
        var dropped = 0
        var size: FrameRecord.PictureSize?
        var motion: SampledMotion?
        try cursor.members { (name, cursor) throws(Problem) in
            switch name {
            case "size":
                let (width, height) = try cursor.pair()
                guard (1...1 << 20).contains(width), (1...1 << 20).contains(height) else { throw cursor.problem("\"size\" is no size of a picture") }
                size = FrameRecord.PictureSize(width: width, height: height)
            case "motion": motion = try cursor.optional { (c) throws(Problem) in try Self.motion(&c) }
            case "source": source = try cursor.optional { (c) throws(Problem) in try c.string() }
            case "frame": frame = try cursor.count()
            case "pts": pts = try cursor.optional { (c) throws(Problem) in Int64(try c.integer()) }
            case "time": time = try cursor.limitedNumber()
            case "people": people = try self.people(&cursor)
            case "wall": wall = try cursor.optional { (c) throws(Problem) in try Self.wall(&c) }
            case "latency_ms": latency = try cursor.limitedNumber()
            case "dropped": dropped = try cursor.count()
            default: try cursor.skip()
            }
        }
        guard let frame else { throw cursor.missing("frame") }
        guard let time else { throw cursor.missing("time") }
        guard let people else { throw cursor.missing("people") }
        var record = FrameRecord(
            FrameResult(frame: frame, pts: pts, time: time, people: people), source: source,
            live: wall.map { FrameRecord.Live(wall: $0, latency: latency, dropped: dropped) })
        record.size = size
        record.motion = motion
        return record
    }

    private static func motion(_ cursor: inout JSONCursor) throws(Problem) -> SampledMotion {
        var motion = SampledMotion()
        try cursor.members { (name, cursor) throws(Problem) in
            switch name {
            case "cut": motion.isCut = try cursor.bool()
            case "return": motion.isReturn = try cursor.bool()
            case "background":
                let map = try cursor.limitedNumbers()
                guard map.count == 6 else { throw cursor.problem("\"background\" has \(map.count) numbers, not 6") }
                motion.background = Affine(a: map[0], b: map[1], tx: map[2], c: map[3], d: map[4], ty: map[5])
            case "bodies":
                try cursor.elements { (cursor) throws(Problem) in motion.bodies.append(try body(&cursor)) }
            default: try cursor.skip()
            }
        }
        return motion
    }

    private static func body(_ cursor: inout JSONCursor) throws(Problem) -> SampledMotion.Body {
        var samples: [SampledMotion.Sample] = []
        var reach = 0.0
        try cursor.members { (name, cursor) throws(Problem) in
            switch name {
            case "reach": reach = try cursor.limitedNumber()
            case "points":
                let numbers = try cursor.limitedNumbers()
                guard numbers.count % 5 == 0 else { throw cursor.problem("\"points\" has \(numbers.count) numbers, not 5 for each point") }
                samples = stride(from: 0, to: numbers.count, by: 5).map { at in
                    SampledMotion.Sample(
                        from: Point(x: numbers[at], y: numbers[at + 1]), to: Point(x: numbers[at + 2], y: numbers[at + 3]),
                        confidence: numbers[at + 4])
                }
            default: try cursor.skip()
            }
        }
        return SampledMotion.Body(samples: samples, reach: reach)
    }

    private static func wall(_ cursor: inout JSONCursor) throws(Problem) -> WallTime {
        guard let wall = WallTime(try cursor.string()) else { throw cursor.problem("\"wall\" is no RFC 3339 time") }
        return wall
    }

    private func people(_ cursor: inout JSONCursor) throws(Problem) -> [Person] {
        var people: [Person] = []
        try cursor.elements { (cursor) throws(Problem) in people.append(try person(&cursor)) }
        return people
    }

    private func person(_ cursor: inout JSONCursor) throws(Problem) -> Person {
        var id: Int?
        var state = Person.State.confirmed
        var origin = Person.Origin.network
        var score: Double?
        var box: Box?
        var keypoints: [Keypoint]?
        var raw: [Keypoint]?
        var appearance: Appearance?
        try cursor.members { (name, cursor) throws(Problem) in
            switch name {
            case "id": id = try cursor.optional { (c) throws(Problem) in try c.count() }
            case "state": state = try cursor.choice("state")
            case "src": origin = try cursor.choice("src")
            case "score": score = try cursor.limitedNumber()
            case "box":
                let edges = try cursor.limitedNumbers()
                guard edges.count == 4 else { throw cursor.problem("\"box\" has \(edges.count) numbers, not 4") }
                box = Box(x: edges[0], y: edges[1], width: edges[2], height: edges[3])
            case "keypoints": keypoints = try self.keypoints(&cursor, "keypoints")
            case "raw": raw = try cursor.optional { (c) throws(Problem) in try self.keypoints(&c, "raw") }
            case "appearance": appearance = try cursor.optional { (c) throws(Problem) in try Self.appearance(&c) }
            default: try cursor.skip()
            }
        }
        guard let score else { throw cursor.missing("score") }
        guard let box else { throw cursor.missing("box") }
        guard let keypoints else { throw cursor.missing("keypoints") }
        return Person(
            id: id, state: state, origin: origin, score: score, box: box, keypoints: keypoints, unsmoothedKeypoints: raw,
            appearance: appearance)
    }

    private static func appearance(_ cursor: inout JSONCursor) throws(Problem) -> Appearance {
        let digits = try cursor.string().utf8.map { digit -> UInt8? in
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
            default: nil
            }
        }
        let known = digits.compactMap { $0 }
        guard known.count == digits.count, known.count == 2 * Appearance.count,
            let appearance = Appearance(roots: stride(from: 0, to: known.count, by: 2).map { known[$0] << 4 | known[$0 + 1] })
        else { throw cursor.problem("\"appearance\" is not \(2 * Appearance.count) small hexadecimal digits") }
        return appearance
    }

    private func keypoints(_ cursor: inout JSONCursor, _ name: String) throws(Problem) -> [Keypoint] {
        let numbers = try cursor.limitedNumbers()
        guard numbers.count == 3 * (jointCount ?? 0) else {
            throw cursor.problem("\"\(name)\" has \(numbers.count) numbers, not 3 for each of the header's \(jointCount ?? 0) joints")
        }
        return stride(from: 0, to: numbers.count, by: 3).map { Keypoint(x: numbers[$0], y: numbers[$0 + 1], score: numbers[$0 + 2]) }
    }

    // MARK: Header

    private func header(_ cursor: inout JSONCursor) throws(Problem) -> HeaderRecord {
        var schema: String?
        var version = ""
        var source: HeaderRecord.Source?
        var keypoints: KeypointSet?
        var pipeline = JSONValue.null
        var models: [HeaderRecord.Model] = []
        var options: JSONValue?
        try cursor.members { (name, cursor) throws(Problem) in
            switch name {
            case "schema":
                let found = try cursor.string()
                guard found == Record.schema || found.hasPrefix(Record.schema + ".") else {
                    throw cursor.problem("its schema is \"\(found.prefix(80))\", this program reads \"\(Record.schema)\"")
                }
                schema = found
            case "version": version = try cursor.string()
            case "source": source = try self.source(&cursor)
            case "keypoints": keypoints = try keypointSet(&cursor)
            case "pipeline": pipeline = try cursor.value()
            case "options": options = try cursor.optional { (c) throws(Problem) in try c.value() }
            case "models":
                try cursor.elements { (cursor) throws(Problem) in models.append(try model(&cursor)) }
            default: try cursor.skip()
            }
        }
        guard schema != nil else { throw cursor.missing("schema") }
        guard let source else { throw cursor.missing("source") }
        guard let keypoints else { throw cursor.missing("keypoints") }
        return HeaderRecord(version: version, source: source, keypoints: keypoints, pipeline: pipeline, models: models, options: options)
    }

    private func source(_ cursor: inout JSONCursor) throws(Problem) -> HeaderRecord.Source {
        var source = HeaderRecord.Source(name: "", uri: "", width: -1, height: -1)
        try cursor.members { (name, cursor) throws(Problem) in
            switch name {
            case "name": source.name = try cursor.string()
            case "uri": source.uri = try cursor.string()
            case "width": source.width = try cursor.count()
            case "height": source.height = try cursor.count()
            case "rotation": source.rotation = try cursor.integer()
            case "time_base":
                source.timeBase = try cursor.optional { (c) throws(Problem) in
                    let (numerator, denominator) = try c.pair()
                    guard numerator > 0, denominator > 0 else { throw c.problem("\"time_base\" is not positive") }
                    return HeaderRecord.TimeBase(numerator, denominator)
                }
            case "frame_rate": source.frameRate = try cursor.optional { (c) throws(Problem) in try c.limitedNumber() }
            case "frames": source.frames = try cursor.optional { (c) throws(Problem) in try c.count() }
            case "start_time": source.startTime = try cursor.optional { (c) throws(Problem) in try c.limitedNumber() }
            case "live": source.isLive = try cursor.bool()
            default: try cursor.skip()
            }
        }
        guard source.width >= 0 else { throw cursor.missing("width") }
        guard source.height >= 0 else { throw cursor.missing("height") }
        return source
    }

    private func model(_ cursor: inout JSONCursor) throws(Problem) -> HeaderRecord.Model {
        var model = HeaderRecord.Model(name: "", sha256: "")
        try cursor.members { (name, cursor) throws(Problem) in
            switch name {
            case "name": model.name = try cursor.string()
            case "sha256": model.sha256 = try cursor.string()
            default: try cursor.skip()
            }
        }
        return model
    }

    private func keypointSet(_ cursor: inout JSONCursor) throws(Problem) -> KeypointSet {
        var set: String?
        var names: [String]?
        var skeleton: [KeypointSet.Edge] = []
        try cursor.members { (name, cursor) throws(Problem) in
            switch name {
            case "set": set = try cursor.string()
            case "names":
                var all: [String] = []
                try cursor.elements { (cursor) throws(Problem) in all.append(try cursor.string()) }
                names = all
            case "skeleton":
                try cursor.elements { (cursor) throws(Problem) in
                    let (from, to) = try cursor.pair()
                    skeleton.append(.init(from, to))
                }
            default: try cursor.skip()
            }
        }
        guard let set else { throw cursor.missing("set") }
        guard let names else { throw cursor.missing("names") }
        guard names.count <= 1024 else { throw cursor.problem("a skeleton of more than 1024 joints") }
        guard skeleton.allSatisfy({ names.indices.contains($0.from) && names.indices.contains($0.to) }) else {
            throw cursor.problem("\"skeleton\" names a joint that \"names\" does not have")
        }
        return KeypointSet(recorded: set, names: names, skeleton: skeleton)
    }

    // MARK: Gap and end

    private func gap(_ cursor: inout JSONCursor) throws(Problem) -> GapRecord {
        var gap = GapRecord(time: 0, seconds: 0, reason: .discontinuity)
        try cursor.members { (name, cursor) throws(Problem) in
            switch name {
            case "source": gap.source = try cursor.optional { (c) throws(Problem) in try c.string() }
            case "time": gap.time = try cursor.limitedNumber()
            case "seconds": gap.seconds = try cursor.limitedNumber()
            case "reason": gap.reason = try cursor.choice("reason")
            default: try cursor.skip()
            }
        }
        return gap
    }

    private func end(_ cursor: inout JSONCursor) throws(Problem) -> EndRecord {
        var end = EndRecord(reason: .endOfFile, frames: 0, decoded: 0, people: 0, seconds: 0, fps: 0)
        try cursor.members { (name, cursor) throws(Problem) in
            switch name {
            case "source": end.source = try cursor.optional { (c) throws(Problem) in try c.string() }
            case "reason": end.reason = try cursor.choice("reason")
            case "frames": end.frames = try cursor.count()
            case "decoded": end.decoded = try cursor.count()
            case "dropped": end.dropped = try cursor.count()
            case "corrupt": end.corrupt = try cursor.count()
            case "people": end.people = try cursor.count()
            case "seconds": end.seconds = try cursor.limitedNumber()
            case "fps": end.fps = try cursor.limitedNumber()
            case "error": end.error = try cursor.optional { (c) throws(Problem) in try c.string() }
            default: try cursor.skip()
            }
        }
        return end
    }
}

extension JSONCursor {
    fileprivate func missing(_ name: String) -> Problem { problem("the field \"\(name)\" is missing") }

    fileprivate mutating func optional<Value>(_ read: (inout JSONCursor) throws(Problem) -> Value) throws(Problem) -> Value? {
        null() ? nil : try read(&self)
    }

    /// An integer from 0.
    fileprivate mutating func count() throws(Problem) -> Int {
        let value = try integer()
        guard value >= 0 else { throw problem("a negative count") }
        return value
    }

    fileprivate mutating func limitedNumber() throws(Problem) -> Double {
        let value = try number()
        guard value.magnitude <= Record.largestNumber else { throw problem("number out of range") }
        return value
    }

    fileprivate mutating func limitedNumbers() throws(Problem) -> [Double] {
        var numbers: [Double] = []
        try elements { (cursor) throws(Problem) in numbers.append(try cursor.limitedNumber()) }
        return numbers
    }

    fileprivate mutating func pair() throws(Problem) -> (Int, Int) {
        var numbers: [Int] = []
        try elements { (cursor) throws(Problem) in numbers.append(try cursor.integer()) }
        guard numbers.count == 2 else { throw problem("expected two integers") }
        return (numbers[0], numbers[1])
    }

    fileprivate mutating func choice<Choice: RawRepresentable & CaseIterable>(_ name: String) throws(Problem) -> Choice
    where Choice.RawValue == String {
        let found = try string()
        guard let choice = Choice(rawValue: found) else {
            let known = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw problem("\"\(name)\" is \"\(found.prefix(80))\", not one of \(known)")
        }
        return choice
    }
}

extension KeypointSet {
    /// The set of a header. A line holds only names and bones: mirror pairs follow from `left_` and `right_`, spreads from
    /// COCO's joint of the same name (the mean of COCO's where there is none).
    fileprivate init(recorded name: String, names: [String], skeleton: [Edge]) {
        let coco = KeypointSet.coco17
        let pairs = names.indices.compactMap { left -> Edge? in
            guard names[left].hasPrefix("left_") else { return nil }
            return names.firstIndex(of: "right_" + names[left].dropFirst(5)).map { Edge(left, $0) }
        }
        let mean = coco.sigmas.reduce(0, +) / Double(coco.count)
        let sigmas = names.map { name in coco.names.firstIndex(of: name).map { coco.sigmas[$0] } ?? mean }
        self.init(name: name, names: names, skeleton: skeleton, mirrorPairs: pairs, sigmas: sigmas)
    }
}
