import Geometry
import Pose
import Records

/// Records that the tests share, and a small generator of random numbers whose seed is fixed.
enum Samples {
    static let header = HeaderRecord(
        version: "0.1.0",
        source: .init(
            name: "clip", uri: "clip \"one\".mp4", width: 640, height: 360, rotation: 90, timeBase: .init(1, 12800), frameRate: 30000.0 / 1001,
            frames: 120, startTime: 0.0417),
        keypoints: .coco17,
        pipeline: [
            "name": "simplebaseline", "detect": ["score": 0.3, "every": 1], "tiny": .number(1.5e-7), "large": .number(1e21), "none": nil,
            "list": [true, -4, "ä\u{1F600}\u{01}"],
        ],
        models: [.init(name: "yolox-nano", sha256: String(repeating: "0f", count: 32))],
        options: ["from": 1.5, "every": 2, "roi": [0, 0, 64, 48], "track": false])

    static func person(id: Int?, x: Double = 10) -> Person {
        Person(
            id: id, state: .confirmed, origin: .network, score: 0.91, box: Box(x: x, y: 20.5, width: 30.255, height: 99.999),
            keypoints: (0..<17).map { $0 == 3 ? .missing : Keypoint(x: x + Double($0) / 3, y: -0.001, score: 0.5) })
    }

    static let end = EndRecord(
        reason: .endOfFile, frames: 3, decoded: 3, dropped: 0, corrupt: 1, people: 2, seconds: 0.1234567, fps: 24.307)

    /// A header, `count` frames of random people, a gap, an end.
    static func records(frames count: Int, seed: UInt64) -> [Record] {
        var random = Random(seed: seed)
        var records: [Record] = [.header(header)]
        for frame in 0..<count {
            let people = (0..<random.integer(below: 5)).map { id in
                Person(
                    id: random.integer(below: 8) == 0 ? nil : id, state: Person.State.allCases[random.integer(below: 3)],
                    origin: Person.Origin.allCases[random.integer(below: 2)], score: random.double(),
                    box: Box(x: random.coordinate(), y: random.coordinate(), width: random.coordinate(), height: random.coordinate()),
                    keypoints: (0..<17).map { _ in Keypoint(x: random.coordinate(), y: random.coordinate(), score: random.double()) },
                    unsmoothedKeypoints: random.integer(below: 4) == 0 ? Array(repeating: .missing, count: 17) : nil,
                    appearance: random.integer(below: 3) == 0
                        ? Appearance(roots: (0..<Appearance.count).map { _ in UInt8(random.integer(below: 256)) }) : nil)
            }
            let result = FrameResult(
                frame: frame, pts: random.integer(below: 3) == 0 ? nil : Int64(frame) * 512, time: random.double() * 1000, people: people)
            let live = random.integer(below: 3) == 0
                ? FrameRecord.Live(wall: WallTime(milliseconds: Int64(random.integer(below: 1 << 41))), latency: random.coordinate(), dropped: frame)
                : nil
            var record = FrameRecord(result, source: random.integer(below: 2) == 0 ? "cam/1" : nil, live: live)
            if random.integer(below: 4) == 0 { record.size = .init(width: 1 + random.integer(below: 4000), height: 480) }
            if random.integer(below: 2) == 0 { record.motion = motion(&random) }
            records.append(.frame(record))
        }
        records.append(.gap(GapRecord(time: 1.5, seconds: 0.25, reason: .reconnected)))
        records.append(.end(end))
        return records
    }

    private static func motion(_ random: inout Random) -> SampledMotion {
        func place() -> Point { Point(x: random.coordinate(), y: random.coordinate()) }
        return SampledMotion(
            isCut: random.integer(below: 5) == 0, isReturn: random.integer(below: 9) == 0,
            background: Affine(
                a: 1 + random.double() / 100, b: random.coordinate(), tx: random.coordinate(), c: random.double(), d: 1, ty: random.coordinate()),
            bodies: (0..<random.integer(below: 3)).map { _ in
                SampledMotion.Body(
                    samples: (0..<random.integer(below: 18)).map { _ in
                        SampledMotion.Sample(from: place(), to: place(), confidence: random.double())
                    }, reach: random.coordinate())
            })
    }

    static func lines(_ records: [Record]) -> [UInt8] {
        var encoder = RecordEncoder()
        return records.flatMap { record -> [UInt8] in
            encoder.encode(record)
            return encoder.line
        }
    }
}

struct Random {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func integer(below limit: Int) -> Int { Int(next() % UInt64(limit)) }
    mutating func double() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// Mostly pixels; sometimes what only a defect or an attacker would give.
    mutating func coordinate() -> Double {
        switch integer(below: 40) {
        case 0: Double(bitPattern: next())
        case 1: [Double.nan, .infinity, -.infinity, -0.0, 1e300, -1e-300, .leastNonzeroMagnitude, 0.005, -0.004][integer(below: 9)]
        default: double() * 4000 - 100
        }
    }
}
