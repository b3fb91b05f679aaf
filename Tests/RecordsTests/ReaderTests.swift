import Diagnostics
import Foundation
import Pose
import Records
import Testing

@Suite struct ReaderTests {
    private func read(_ bytes: [UInt8]) throws -> (records: [Record], reader: RecordReader) {
        let reader = try RecordReader(.bytes(bytes, name: "poses.ndjson"))
        var records: [Record] = [.header(reader.header)]
        while let record = try reader.next() { records.append(record) }
        return (records, reader)
    }

    /// Why that text is refused.
    private func refusal(_ text: String) -> Failure? {
        #expect(throws: Failure.self) { _ = try read(Array(text.utf8)) }
    }

    private let header = String(decoding: Samples.lines([.header(Samples.header)]), as: UTF8.self)

    @Test("what was written reads back and writes the same bytes again", arguments: 0..<20)
    func roundTrip(seed: UInt64) throws {
        let bytes = Samples.lines(Samples.records(frames: 30, seed: seed))
        let (records, reader) = try read(bytes)
        #expect(records.count == 33)
        #expect(Samples.lines(records) == bytes)
        #expect(!reader.isCut)
        #expect(reader.end?.people == 2)
        #expect(reader.wholeBytes == bytes.count)
        #expect(reader.header.keypoints == .coco17)
    }

    @Test("fields and records of a later minor version are skipped")
    func unknown() throws {
        let text = header.replacingOccurrences(of: "\"posestream/1\"", with: "\"posestream/1.7\"")
            + "{\"type\":\"weather\",\"rain\":[{}]}\r\n\n"
            + "{\"new\":{\"a\":[1e5,\"\\u00e9\",null,true]},\"frame\":2,\"people\":[],\"time\":1.5,\"pts\":null,\"type\":\"frame\"}\n"
        let (records, reader) = try read(Array(text.utf8))
        #expect(records.count == 2)
        guard case .frame(let frame) = records.last else { return #expect(Bool(false), "no frame") }
        #expect(frame.result == FrameResult(frame: 2, pts: nil, time: 1.5, people: []))
        #expect(reader.line == 4)
        #expect(reader.end == nil)
    }

    @Test("numbers are read to the nearest double, however they are written", arguments: [
        "0.1", "-12.5e3", "9007199254740993", "1E-3", "123456789012345678e-10", "0.30000000000000004", "4.35", "2.2250738585072014e-308",
    ])
    func numbers(text: String) throws {
        let line = header + "{\"type\":\"frame\",\"frame\":0,\"time\":0,\"people\":[{\"score\":\(text),\"box\":[0,0,1,1],\"keypoints\":["
            + Array(repeating: "0", count: 51).joined(separator: ",") + "]}]}\n"
        let expected = try #require(Double(text))
        guard expected.magnitude <= 1e9 else {
            #expect(throws: Failure.self) { try read(Array(line.utf8)) }
            return
        }
        guard case .frame(let frame) = try read(Array(line.utf8)).records.last else { return #expect(Bool(false), "no frame") }
        #expect(frame.result.people.first?.score == expected)
    }

    @Test("a damaged line is named with its number and what is wrong", arguments: [
        ("", "empty"), ("\n \n", "no header"), ("{\"type\":\"frame\"}\n", "missing"), ("hello\n", "expected '{'"),
        ("[1]\n", "expected '{'"),
    ])
    func noHeader(text: String, why: String) throws {
        let failure = try #require(refusal(text))
        #expect(failure.kind == .data)
        #expect(failure.description.contains(why) && failure.description.contains("poses.ndjson"), "\(failure)")
    }

    @Test("a damaged frame line is named with its number and what is wrong", arguments: [
        ("{\"type\":\"frame\",\"frame\":0,\"time\":0}", "\"people\" is missing"),
        ("{\"type\":\"frame\",\"frame\":-1,\"time\":0,\"people\":[]}", "negative"),
        ("{\"type\":\"frame\",\"frame\":1.5,\"time\":0,\"people\":[]}", "integer"),
        ("{\"type\":\"frame\",\"frame\":1e400,\"time\":0,\"people\":[]}", "integer"),
        ("{\"type\":\"frame\",\"frame\":99999999999999999999,\"time\":0,\"people\":[]}", "out of range"),
        ("{\"type\":\"frame\",\"frame\":0,\"time\":1e10,\"people\":[]}", "out of range"),
        ("{\"type\":\"frame\",\"frame\":0,\"time\":NaN,\"people\":[]}", "expected a number"),
        ("{\"type\":\"frame\",\"frame\":01,\"time\":0,\"people\":[]}", "starts with 0"),
        ("{\"type\":\"frame\",\"frame\":0,\"time\":0,\"people\":[{\"score\":1,\"box\":[1,2,3],\"keypoints\":[]}]}", "not 4"),
        ("{\"type\":\"frame\",\"frame\":0,\"time\":0,\"people\":[{\"score\":1,\"box\":[1,2,3,4],\"keypoints\":[1,2,3]}]}", "17 joints"),
        ("{\"type\":\"frame\",\"frame\":0,\"time\":0,\"people\":[{\"state\":\"gone\"}]}", "tentative, confirmed, coasting"),
        ("{\"type\":\"frame\",\"frame\":0,\"time\":0,\"people\":[]} x", "after the end"),
        ("{\"type\":\"frame\",\"x\":\"\\q\",\"source\":\"\\q\"}", "escape"),
        ("{\"frame\":0}", "\"type\" is missing"),
        ("{\"type\":\"header\",\"schema\":\"posestream/2\"}", "posestream/2"),
        ("{\"type\":\"a\",\"x\":" + String(repeating: "[", count: 5000), "nested"),
        ("{\"type\":\"gap\",\"reason\":\"boredom\"}", "stalled"),
    ])
    func damagedLine(line: String, why: String) throws {
        let failure = try #require(refusal(header + line + "\n"))
        #expect(failure.kind == .data)
        #expect(failure.place.contains("poses.ndjson, line 2, byte"), "\(failure)")
        #expect(failure.why.contains(why), "\(failure)")
    }

    @Test("a header whose skeleton names joints that are not there is refused")
    func skeleton() throws {
        let failure = try #require(refusal(header.replacingOccurrences(of: "[15,13]", with: "[15,17]")))
        #expect(failure.why.contains("skeleton"))
    }

    @Test("a file that was cut anywhere gives the lines before the cut")
    func cut() throws {
        let records = Samples.records(frames: 3, seed: 1)
        let bytes = Samples.lines(records)
        let headerLength = Samples.lines([records[0]]).count
        for length in (headerLength - 1)..<bytes.count {
            let (found, reader) = try read(Array(bytes[..<length]))
            let newlines = bytes[..<length].count { $0 == UInt8(ascii: "\n") }
            // A last line that lacks only its newline is still a line.
            let isWhole = bytes[length] == UInt8(ascii: "\n") || bytes[length - 1] == UInt8(ascii: "\n")
            #expect(reader.isCut == !isWhole)
            #expect(found.count == newlines + (bytes[length] == UInt8(ascii: "\n") ? 1 : 0))
            if length >= headerLength {
                #expect(reader.wholeBytes == bytes[..<length].lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 })
            }
        }
    }

    @Test("bytes changed at random never crash the reader, and every failure is one line about data")
    func damage() {
        let good = Samples.lines(Samples.records(frames: 2, seed: 5))
        var random = Random(seed: 99)
        let spice = Array("{}[]\",:\\-+.eE0129nulltrue\u{7F}\n \u{00}".utf8) + [0xFF, 0xC3, 0xED]
        var failures = 0
        for _ in 0..<20_000 {
            var bytes = good
            for _ in 0...random.integer(below: 3) {
                let place = random.integer(below: bytes.count)
                switch random.integer(below: 3) {
                case 0: bytes[place] = spice[random.integer(below: spice.count)]
                case 1: bytes.remove(at: place)
                default: bytes.insert(spice[random.integer(below: spice.count)], at: place)
                }
            }
            do {
                let found = try read(bytes).records
                // What was accepted can be written, and is stable from then on.
                let again = Samples.lines(found)
                #expect(try Samples.lines(read(again).records) == again)
            } catch {
                failures += 1
                #expect((error as? Failure)?.kind == .data)
                #expect(!"\(error)".contains("\n"))
            }
        }
        #expect(failures > 1000)
    }

    @Test("a missing file, a folder and a line without end are one clear failure")
    func inputs() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("posestream-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for path in [folder.path, folder.appendingPathComponent("none.ndjson").path] {
            let failure = #expect(throws: Failure.self) { _ = try RecordReader(.file(path)) }
            #expect(failure?.kind == .noInput)
        }
        let endless = folder.appendingPathComponent("endless.ndjson")
        try Data(repeating: 0x20, count: (16 << 20) + (1 << 18)).write(to: endless)
        let failure = #expect(throws: Failure.self) { _ = try RecordReader(.file(endless.path)) }
        #expect(failure?.why.contains("16 MiB") == true)

        let good = folder.appendingPathComponent("good.ndjson")
        let bytes = Samples.lines(Samples.records(frames: 400, seed: 2))
        try Data(bytes).write(to: good)
        let reader = try RecordReader(.file(good.path))
        var records: [Record] = [.header(reader.header)]
        while let record = try reader.next() { records.append(record) }
        #expect(Samples.lines(records) == bytes)
    }
}
