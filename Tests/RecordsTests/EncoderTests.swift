import Foundation
import Geometry
import Pose
import Records
import Testing

@Suite struct EncoderTests {
    private func line(_ record: Record) -> String {
        var encoder = RecordEncoder()
        encoder.encode(record)
        return String(decoding: encoder.line, as: UTF8.self)
    }

    private func written(_ x: Double, score: Double = 0) -> (coordinate: String, score: String) {
        let box = Box(x: x, y: 0, width: 0, height: 0)
        let text = line(.frame(FrameRecord(FrameResult(frame: 0, pts: 0, time: 0, people: [Person(id: 0, score: score, box: box, keypoints: [])]))))
        let coordinate = text.components(separatedBy: "\"box\":[")[1].components(separatedBy: ",")[0]
        return (coordinate, text.components(separatedBy: "\"score\":")[1].components(separatedBy: ",")[0])
    }

    @Test("a frame line has the fields, the order and the numbers of the specification")
    func frame() {
        var person = Person(
            id: 3, state: .confirmed, origin: .network, score: 0.91, box: Box(x: 1, y: -2.5, width: 30.126, height: 100),
            keypoints: [Keypoint(x: 12.345678, y: 7, score: 0.98765), .missing])
        let result = FrameResult(frame: 12, pts: 6144, time: 0.48, people: [person])
        #expect(line(.frame(FrameRecord(result))) == """
            {"type":"frame","frame":12,"pts":6144,"time":0.48,"people":[{"id":3,"state":"confirmed","src":"net","score":0.91,\
            "box":[1,-2.5,30.13,100],"keypoints":[12.35,7,0.9877,0,0,0]}]}

            """)
        person.id = nil
        person.state = .coasting
        person.origin = .flow
        person.unsmoothedKeypoints = [Keypoint(x: 1, y: 2, score: 1), .missing]
        let live = FrameRecord.Live(wall: WallTime(milliseconds: 1_769_850_300_250), latency: 41.666, dropped: 2)
        let record = FrameRecord(FrameResult(frame: 0, pts: nil, time: 1 / 3, people: [person]), source: "door", live: live)
        #expect(line(.frame(record)) == """
            {"type":"frame","source":"door","frame":0,"pts":null,"time":0.333333,"wall":"2026-01-31T09:05:00.250Z","latency_ms":41.67,\
            "dropped":2,"people":[{"id":null,"state":"coasting","src":"flow","score":0.91,"box":[1,-2.5,30.13,100],\
            "keypoints":[12.35,7,0.9877,0,0,0],"raw":[1,2,1,0,0,0]}]}

            """)
    }

    @Test("header, gap and end lines have the fields and the order of the specification")
    func others() {
        let header = HeaderRecord(
            version: "1", source: .init(name: "a", uri: "rtsp://me:secret@cam/1?token=abc&x=1", width: 4, height: 3, isLive: true),
            keypoints: KeypointSet(name: "two", names: ["a", "b"], skeleton: [.init(0, 1)], mirrorPairs: [], sigmas: [1, 1]),
            pipeline: ["b": 1, "a": [0.5, nil]], models: [.init(name: "m", sha256: "00")])
        #expect(line(.header(header)) == """
            {"type":"header","schema":"posestream/1","version":"1","source":{"name":"a","uri":"rtsp://***@cam/1?token=***&x=1","width":4,\
            "height":3,"rotation":0,"time_base":null,"frame_rate":null,"frames":null,"start_time":null,"live":true},\
            "keypoints":{"set":"two","names":["a","b"],"skeleton":[[0,1]]},"pipeline":{"b":1,"a":[0.5,null]},\
            "models":[{"name":"m","sha256":"00"}]}

            """)
        #expect(line(.gap(GapRecord(time: 2, seconds: 0.1234567, reason: .stalled)))
            == "{\"type\":\"gap\",\"time\":2,\"seconds\":0.123457,\"reason\":\"stalled\"}\n")
        var end = Samples.end
        end.reason = .error
        end.error = "a\nb"
        #expect(line(.end(end)) == """
            {"type":"end","reason":"error","frames":3,"decoded":3,"dropped":0,"corrupt":1,"people":2,"seconds":0.123457,"fps":24.31,"error":"a\\nb"}

            """)
    }

    @Test("people are written in ascending id, those without one last, whatever order they come in")
    func order() {
        let people = [Samples.person(id: nil, x: 1), Samples.person(id: 7), Samples.person(id: nil, x: 2), Samples.person(id: 2)]
        let text = line(.frame(FrameRecord(FrameResult(frame: 0, pts: 0, time: 0, people: people))))
        let ids = text.components(separatedBy: "\"id\":").dropFirst().map { $0.prefix { $0 != "," } }
        #expect(ids == ["2", "7", "null", "null"])
        #expect(text.components(separatedBy: "\"box\":[").dropFirst(3).map { $0.prefix { $0 != "," } } == ["1", "2"])
    }

    @Test("numbers that are hard to write come out short, exact and without exponent", arguments: [
        (0.0, "0"), (-0.0, "0"), (-0.004, "0"), (0.005, "0.01"), (-0.005, "-0.01"), (0.994, "0.99"), (0.995, "1"), (9.999, "10"),
        (100, "100"), (0.1, "0.1"), (0.10000001, "0.1"), (1e-20, "0"), (123_456_789.125, "123456789.13"), (1e300, "1000000000"),
        (-1e300, "-1000000000"), (.nan, "0"), (.infinity, "0"), (2.675, "2.68"), (1.005, "1"),
    ])
    func hardNumbers(value: Double, expected: String) {
        // 1.005 is a little less than that in binary.
        #expect(written(value).coordinate == expected)
    }

    @Test("every number is within half a unit of its last place and has no more digits than promised")
    func numbers() throws {
        var random = Random(seed: 7)
        for _ in 0..<20_000 {
            let value = (random.double() - 0.5) * [1, 100, 10_000, 1e6][random.integer(below: 4)]
            let text = written(value, score: value)
            #expect(abs(try #require(Double(text.coordinate)) - value) <= 0.005000001)
            #expect(abs(try #require(Double(text.score)) - value) <= 0.0000500001)
            for (text, decimals) in [(text.coordinate, 2), (text.score, 4)] {
                let parts = text.split(separator: ".", omittingEmptySubsequences: false)
                #expect(parts.count == 1 || (parts.count == 2 && 1...decimals ~= parts[1].count && parts[1].last != "0"), "\(text)")
                #expect(text.allSatisfy { "-.0123456789".contains($0) } && text != "-0")
            }
        }
    }

    @Test("every line is JSON that another parser reads, strings unharmed")
    func foreignParser() throws {
        for line in Samples.lines(Samples.records(frames: 50, seed: 3)).split(separator: UInt8(ascii: "\n")) {
            _ = try #require(try JSONSerialization.jsonObject(with: Data(line)) as? [String: Any])
        }
        let nasty = (0..<0x300).compactMap(Unicode.Scalar.init).map(String.init).joined() + "\u{2028}\u{10FFFF}\\\"/😀"
        var header = Samples.header
        header.source.name = nasty
        header.pipeline = .object([.init(nasty, .string(nasty))])
        let parsed = try #require(try JSONSerialization.jsonObject(with: Data(line(.header(header)).utf8)) as? [String: Any])
        #expect((parsed["source"] as? [String: Any])?["name"] as? String == nasty)
        #expect((parsed["pipeline"] as? [String: String]) == [nasty: nasty])
    }

    @Test("numbers of the configuration keep every digit and lose their exponent")
    func configurationNumbers() throws {
        var random = Random(seed: 11)
        var values = (0..<5000).map { _ in Double(bitPattern: random.next()) }.filter(\.isFinite)
        values += [0.1, 1e21, .leastNonzeroMagnitude, 1.5e-7, 1e15, 1e16, 123456.75, .greatestFiniteMagnitude, -2.5, 100]
        for value in values {
            var header = Samples.header
            header.pipeline = ["v": .number(value)]
            let text = line(.header(header)).components(separatedBy: "\"pipeline\":{\"v\":")[1].prefix { $0 != "}" }
            #expect(Double(text) == value)
            #expect(text.allSatisfy { "-.0123456789".contains($0) }, "\(text)")
        }
    }

    @Test("wall times agree with Foundation's calendar and come back", arguments: [0, 951_782_399_999, 951_782_400_000, 1_769_850_300_250, -1, 4_102_444_800_001])
    func wallTime(milliseconds: Int64) throws {
        let record = FrameRecord(
            FrameResult(frame: 0, pts: 0, time: 0, people: []),
            live: .init(wall: WallTime(milliseconds: milliseconds), latency: 0, dropped: 0))
        let text = line(.frame(record)).components(separatedBy: "\"wall\":\"")[1].prefix { $0 != "\"" }
        let format = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        let date = try format.parse(String(text))
        #expect(Int64((date.timeIntervalSince1970 * 1000).rounded()) == milliseconds)
        #expect(WallTime(String(text))?.milliseconds == milliseconds)
        #expect(WallTime("2026-01-31T10:05:00.25+01:00")?.milliseconds == 1_769_850_300_250)
        #expect(WallTime("2026-13-31T10:05:00Z") == nil)
    }
}
