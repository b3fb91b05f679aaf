import Diagnostics
import Evaluation
import Foundation
import Geometry
import Interchange
import Pose
import Records
import TestSupport
import Testing

#if canImport(FoundationXML)
    import FoundationXML
#endif

@Suite("Exports") struct ExportTests {
    /// Twelve frames at 25 a second: person 0 always, person 1 away in frames 4 to 6, person 7 tentative, one without an id.
    static let records: [UInt8] = {
        var encoder = RecordEncoder()
        var bytes: [UInt8] = []
        func write(_ record: Record) {
            encoder.encode(record)
            bytes += encoder.line
        }
        write(
            .header(
                HeaderRecord(
                    version: "0", source: .init(name: "a \"b\" & c.mp4", uri: "x", width: 640, height: 360, timeBase: .init(1, 25), frameRate: 25, frames: 12),
                    keypoints: .coco17, pipeline: nil, models: [])))
        for frame in 0..<12 {
            var people = [person(0, x: 100 + 2 * Double(frame))]
            if !(4...6).contains(frame) { people.append(person(1, x: 300)) }
            if frame == 2 { people.append(person(7, x: 500, state: .tentative)) }
            if frame == 3 { people.append(person(nil, x: 450)) }
            write(.frame(FrameRecord(FrameResult(frame: frame, pts: Int64(frame), time: Double(frame) / 25, people: people))))
        }
        write(.end(EndRecord(reason: .endOfFile, frames: 12, decoded: 12, corrupt: 0, people: 2, seconds: 1, fps: 12, error: nil)))
        return bytes
    }()

    /// Joint i stands at (x + i, 50 + 10 i); the right wrist (10) is missing.
    static func person(_ id: Int?, x: Double, state: Person.State = .confirmed) -> Person {
        Person(
            id: id, state: state, score: 0.5, box: Box(x: x - 10, y: 40, width: 40, height: 200),
            keypoints: (0..<17).map { $0 == 10 ? .missing : Keypoint(x: x + Double($0), y: 50 + 10 * Double($0), score: 0.25 + 0.01 * Double($0)) })
    }

    static func export(_ format: ExportFormat, _ set: (inout ExportOptions) -> Void = { _ in }) throws -> Data {
        let scratch = try Scratch()
        var options = ExportOptions()
        set(&options)
        let result = try Export.run(
            .bytes(records, name: "poses.ndjson"), to: format, .file(scratch.path("out"), overwrite: false), options: options)
        #expect(result.frames == 12 && !result.readerClosed)
        return try Data(contentsOf: scratch.file("out"))
    }

    static func folder(_ format: ExportFormat, _ scratch: Scratch, _ set: (inout ExportOptions) -> Void = { _ in }) throws -> [String] {
        var options = ExportOptions()
        set(&options)
        _ = try Export.run(.bytes(records, name: "poses.ndjson"), to: format, .folder(scratch.path("out"), overwrite: false), options: options)
        return try FileManager.default.contentsOfDirectory(atPath: scratch.path("out")).sorted()
    }

    private func object(_ data: Data) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    @Test("COCO: images from 1, annotations with joints, categories with the skeleton from 1; our own reader scores it perfect")
    func coco() throws {
        let data = try Self.export(.coco)
        let file = try object(data)
        let images = try #require(file["images"] as? [[String: Any]]), annotations = try #require(file["annotations"] as? [[String: Any]])
        #expect(images.count == 12 && images[0]["id"] as? Int == 1 && images[11]["id"] as? Int == 12)
        #expect(annotations.count == 12 + 9 + 1)
        #expect(annotations[0]["num_keypoints"] as? Int == 16 && annotations[0]["bbox"] as? [Double] == [90, 40, 40, 200])
        let keypoints = try #require(annotations[0]["keypoints"] as? [Double])
        #expect(keypoints.count == 51 && Array(keypoints[27..<33]) == [109, 140, 2, 0, 0, 0])
        let category = try #require((file["categories"] as? [[String: Any]])?.first)
        #expect(category["keypoints"] as? [String] == KeypointSet.coco17.names)
        #expect((category["skeleton"] as? [[Int]])?.first == [16, 14])
        let truth = try COCODataset(json: data, place: "coco")
        let results = truth.annotations.map { annotation in
            COCOKeypointResult(
                picture: annotation.picture, keypoints: annotation.joints.flatMap { [$0.position.x, $0.position.y, 1] }, score: 1)
        }
        #expect(try COCOEvaluation(keypoints: results, truth: truth)["AP"] == 1)
    }

    @Test("MOT: frames and ids from 1, ten columns, sorted; scored against the records it is perfect")
    func mot() throws {
        let text = String(decoding: try Self.export(.mot), as: UTF8.self)
        let rows = text.split(separator: "\n").map { $0.split(separator: ",").map { Double($0) ?? .nan } }
        #expect(rows.count == 21 && rows.allSatisfy { $0.count == 10 })
        #expect(rows[0] == [1, 1, 90, 40, 40, 200, 0.5, -1, -1, -1])
        #expect(rows.map { [$0[0], $0[1]] } == rows.map { [$0[0], $0[1]] }.sorted { ($0[0], $0[1]) < ($1[0], $1[1]) })
        let tracks = try MOTChallengeFile.truth(text: text.utf8, place: "mot")
        let own = try BoxTracks(StoredPeople(.bytes(Self.records, name: "r")), place: "r")
        #expect(TrackingScore(try TrackingSequence(truth: tracks, predicted: own)).identity.idf1 == 1)
        let all = String(decoding: try Self.export(.mot) { $0.includesTentative = true }, as: UTF8.self)
        #expect(all.split(separator: "\n").count == 22)
    }

    @Test("PoseTrack18: every frame, ids of the video and frame, guessed head only when asked for")
    func poseTrack() throws {
        let data = try Self.export(.posetrack18) { $0.video = 342 }
        let file = try object(data)
        let images = try #require(file["images"] as? [[String: Any]])
        #expect(images.count == 12 && images[3]["id"] as? Int == 10_003_420_003 && images[3]["nframes"] as? Int == 12)
        #expect(images[3]["file_name"] as? String == "images/val/000342_mpii_test/000003.jpg" && images[3]["vid_id"] as? String == "000342")
        let read = try PoseTrackFile(json: data, place: "p")
        #expect(read.frames.map(\.people.count) == [2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2])
        let person = try #require(read.frames[0].people.first)
        #expect(person.joints[PoseTrackJoint.headTop.rawValue] == nil)
        #expect(person.joints[PoseTrackJoint.rightWrist.rawValue] == nil)
        #expect(person.joints[PoseTrackJoint.nose.rawValue] == Keypoint(x: 100, y: 50, score: 0.25))
        #expect(person.joints[PoseTrackJoint.rightAnkle.rawValue]?.position == Point(x: 116, y: 210))
        let guessed = try PoseTrackFile(json: Self.export(.posetrack18) { $0.guessesHead = true }, place: "p")
        #expect(guessed.frames[0].people[0].joints[PoseTrackJoint.headTop.rawValue]?.score == 0.25)
    }

    @Test("OpenPose: a file a frame; neck and mid hip between their neighbours, feet and missing joints 0,0,0")
    func openPose() throws {
        let scratch = try Scratch()
        let names = try Self.folder(.openpose, scratch) { $0.body = .body25 }
        #expect(names.count == 12 && names[3] == "a \"b\" & c_000000000003_keypoints.json")
        let file = try object(Data(contentsOf: scratch.file("out").appendingPathComponent(names[0])))
        #expect(file["version"] as? Double == 1.3)
        let people = try #require(file["people"] as? [[String: Any]])
        #expect(people.count == 2 && people[1]["person_id"] as? [Int] == [1])
        let joints = try #require(people[0]["pose_keypoints_2d"] as? [Double])
        #expect(joints.count == 75)
        #expect(Array(joints[0..<3]) == [100, 50, 0.25])
        #expect(joints[3] == 105.5 && joints[4] == 105)  // neck
        #expect(Array(joints[12..<15]) == [0, 0, 0])  // right wrist
        #expect(joints[24] == 111.5 && joints[25] == 165)  // middle of the hips
        #expect(joints[57...].allSatisfy { $0 == 0 })
        let eighteen = try Scratch()
        let first = try #require(try Self.folder(.openpose, eighteen).first)
        let small = try object(Data(contentsOf: eighteen.file("out").appendingPathComponent(first)))
        let triples = try #require(((small["people"] as? [[String: Any]])?.first?["pose_keypoints_2d"]) as? [Double])
        #expect(triples.count == 54 && Array(triples[51..<54]) == [103, 80, 0.28])  // left ear last
    }

    @Test("CVAT: tracks whose runs end with outside, in well-formed XML", arguments: ExportOptions.Shape.allCases)
    func cvat(shape: ExportOptions.Shape) throws {
        let counter = ElementCounter()
        let parser = XMLParser(data: try Self.export(.cvat) { $0.shape = shape })
        parser.delegate = counter
        #expect(parser.parse(), "\(String(describing: parser.parserError))")
        let element = shape == .skeleton ? "skeleton" : shape.rawValue
        let shapes = counter.elements.filter { $0.name == element && $0.attributes["z_order"] != nil }
        #expect(counter.elements.count { $0.name == "track" } == 2)
        // 12 and 9 shapes, and the end of the first run of person 1.
        #expect(shapes.count == 22)
        if shape == .skeleton {
            let joints = counter.elements.filter { $0.name == "points" }
            #expect(joints.count == 22 * 17)
            #expect(joints[10].attributes["outside"] == "1" && joints[9].attributes["outside"] == "0")
            #expect(joints[9].attributes["points"] == "109.00,140.00" && joints[9].attributes["label"] == "left_wrist")
        } else {
            #expect(shapes.filter { $0.attributes["outside"] == "1" }.map { $0.attributes["frame"] } == ["4"])
        }
        if shape == .box { #expect(shapes[0].attributes["xbr"] == "130.00" && shapes[0].attributes["ybr"] == "240.00") }
        #expect(counter.text.contains("a \"b\" & c"))
    }

    @Test("CSV: a row a joint with empty cells for missing ones, or a row a person")
    func csv() throws {
        let rows = String(decoding: try Self.export(.csv), as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        #expect(rows[0] == "source,frame,time,id,state,src,score,joint,x,y,joint_score")
        #expect(rows.count == 1 + (12 + 9 + 1 + 1) * 17 + 1)
        #expect(rows[1] == "\"a \"\"b\"\" & c\",0,0,0,confirmed,net,0.5,nose,100,50,0.25")
        #expect(rows[11].hasSuffix("right_wrist,,,"))
        let wide = String(decoding: try Self.export(.csv) { $0.isWide = true }, as: UTF8.self).split(separator: "\n")
        #expect(wide.count == 24 && wide[0].hasPrefix("source,frame,time,id,state,src,score,box_x,box_y,box_width,box_height,nose_x"))
    }

    @Test("TRC: y upwards, a row for every time, empty cells while the person is away; metres by the box height")
    func trc() throws {
        let scratch = try Scratch()
        let names = try Self.folder(.trc, scratch)
        #expect(names == ["a \"b\" & c_0.trc", "a \"b\" & c_1.trc"])
        func lines(_ scratch: Scratch, _ name: String) throws -> [[Substring]] {
            try String(contentsOf: scratch.file("out").appendingPathComponent(name), encoding: .utf8)
                .split(separator: "\n", omittingEmptySubsequences: false).map { $0.split(separator: "\t", omittingEmptySubsequences: false) }
        }
        let first = try lines(scratch, names[0])
        #expect(first[0].dropLast() == ["PathFileType", "4", "(X/Y/Z)"])
        #expect(first[2] == ["25", "25", "12", "17", "mm", "25", "1", "12"])
        #expect(first[3].prefix(3) == ["Frame#", "Time", "nose"] && first[3].count == 2 + 3 * 17 + 1)
        // Every row ends with a tab.
        #expect(first[4].suffix(4) == ["X17", "Y17", "Z17", ""] && first[5] == [""])
        #expect(first.count == 6 + 12 + 1)
        #expect(first[6].prefix(5) == ["1", "0.000000", "100.00000", "310.00000", "0.00000"])
        #expect(first[6].count == 2 + 3 * 17 + 1 && first[6][32..<35] == ["", "", ""])
        let second = try lines(scratch, names[1])
        #expect(second[6 + 5][2...].allSatisfy(\.isEmpty) && !second[6 + 7][2].isEmpty)
        let metres = try Scratch()
        let tall = try Self.folder(.trc, metres) { $0.height = 1.8 }
        // The box is 200 pixels high.
        #expect(try lines(metres, tall[0])[6][2] == "0.90000" && lines(metres, tall[0])[2][4] == "m")
        let slow = try Scratch()
        let half = try lines(slow, Self.folder(.trc, slow) { $0.rate = 50 }[0])
        // Between two frames the way is shared out: 2 pixels a frame.
        #expect(half[7][2] == "101.00000" && half[7][1] == "0.020000")
    }

    @Test("an output that exists stays, unless it may be replaced; formats of many files need a folder")
    func outputs() throws {
        let scratch = try Scratch()
        try Data("mine".utf8).write(to: scratch.file("out"))
        func run(_ format: ExportFormat, _ destination: Export.Destination) throws {
            _ = try Export.run(.bytes(Self.records, name: "r"), to: format, destination)
        }
        #expect(#expect(throws: Failure.self) { try run(.csv, .file(scratch.path("out"), overwrite: false)) }?.kind == .cannotCreate)
        #expect(try Data(contentsOf: scratch.file("out")) == Data("mine".utf8))
        try run(.csv, .file(scratch.path("out"), overwrite: true))
        #expect(try Data(contentsOf: scratch.file("out")).count > 100)
        #expect(#expect(throws: Failure.self) { try run(.trc, .standardOutput) }?.kind == .usage)
        #expect(#expect(throws: Failure.self) { try run(.openpose, .folder(scratch.folder.path, overwrite: false)) }?.kind == .cannotCreate)
    }

    @Test("what a format cannot hold is refused", arguments: [10_000, 1 << 40])
    func limits(frame: Int) throws {
        var encoder = RecordEncoder()
        var bytes = Array(Self.records.prefix { $0 != UInt8(ascii: "\n") }) + [UInt8(ascii: "\n")]
        encoder.encode(.frame(FrameRecord(FrameResult(frame: frame, pts: nil, time: 1e8, people: [Self.person(3, x: 0)]))))
        bytes += encoder.line
        let scratch = try Scratch()
        for format in [ExportFormat.posetrack18, .trc] {
            let destination: Export.Destination =
                format == .trc ? .folder(scratch.path("t"), overwrite: true) : .file(scratch.path("p"), overwrite: true)
            #expect(#expect(throws: Failure.self) { _ = try Export.run(.bytes(bytes, name: "r"), to: format, destination) }?.kind == .data)
        }
    }
}

private final class ElementCounter: NSObject, XMLParserDelegate {
    struct Element {
        var name: String
        var attributes: [String: String]
    }

    var elements: [Element] = []
    var text = ""

    func parser(
        _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?, attributes: [String: String]
    ) {
        elements.append(Element(name: name, attributes: attributes))
    }

    func parser(_ parser: XMLParser, foundCharacters string: String) { text += string }
}
