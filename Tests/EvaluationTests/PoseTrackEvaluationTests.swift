import Diagnostics
import Evaluation
import Foundation
import Geometry
import Pose
import Records
import TestSupport
import Testing

/// Figures of poseval (svenkreiss fork) and our written definitions on invented sequences (fixtures/tracking/poseval).
@Suite("PoseTrack's figures") struct PoseTrackEvaluationTests {
    struct Expect: Decodable {
        struct Row: Decodable {
            struct Own: Decodable { var mota, motp, pre, rec, ap: [Double?] }
            /// What the tool printed.
            var mota, motp, pre, rec, ap: [Double?]
            var strict: Own
            var compat_own: Own
        }

        var joints: [String]
        var sets: [String: Row]
    }

    static let names = [
        "clean", "switch_last", "switch_mid", "no_prediction_frames", "empty_truth_frames", "false_person", "missing_joints", "duplicate",
        "ignore_region", "sloppy", "two_sequences",
    ]

    private func sequences(_ name: String, skipsEmptyTruth: Bool) throws -> [PoseTrackSequence] {
        let folder = Shared.fixture("tracking/poseval/\(name)/gt")
        return try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted().map { file in
            try PoseTrackSequence(
                truth: PoseTrackFile(contentsOf: folder.appendingPathComponent(file)),
                predicted: PoseTrackFile(contentsOf: Shared.fixture("tracking/poseval/\(name)/pred/\(file)")), place: file,
                skipsEmptyTruth: skipsEmptyTruth)
        }
    }

    private func expectEqual(_ ours: PoseTrackEvaluation.Figure, _ theirs: [Double?], _ what: String, tolerance: Double = 2e-6) {
        let all = ours.joints + [ours.total]
        #expect(all.count == theirs.count, "\(what)")
        for (index, (a, b)) in zip(all, theirs).enumerated() {
            #expect((a == nil) == (b == nil), "\(what) \(index)")
            if let a, let b { #expect(abs(a - b) <= tolerance, "\(what) \(index): \(a), wanted \(b)") }
        }
    }

    @Test("equal to the definitions, joint by joint", arguments: names)
    func strict(name: String) throws {
        let wanted = try #require(try Fixture.decode(Expect.self, from: "tracking/poseval/expect.json").sets[name]).strict
        let ours = PoseTrackEvaluation(try sequences(name, skipsEmptyTruth: false))
        expectEqual(ours.ap, wanted.ap, "AP")
        expectEqual(ours.mota, wanted.mota, "MOTA")
        expectEqual(ours.motp, wanted.motp, "MOTP")
        expectEqual(ours.precision, wanted.pre, "precision")
        expectEqual(ours.recall, wanted.rec, "recall")
    }

    @Test("--compat poseval repeats what that program prints, joint by joint", arguments: names)
    func compatible(name: String) throws {
        let wanted = try #require(try Fixture.decode(Expect.self, from: "tracking/poseval/expect.json").sets[name])
        let ours = PoseTrackEvaluation(try sequences(name, skipsEmptyTruth: true), compatibility: .poseval)
        expectEqual(ours.mota, wanted.mota, "MOTA")
        expectEqual(ours.motp, wanted.motp, "MOTP")
        expectEqual(ours.precision, wanted.pre, "precision")
        expectEqual(ours.recall, wanted.rec, "recall")
        expectEqual(ours.ap, wanted.ap, "AP")
        expectEqual(ours.motp, wanted.compat_own.motp, "MOTP, restated")
    }

    @Test("people by OKS: perfect for the truth itself, one switch where an id changes")
    func wholePeople() throws {
        let clean = PoseTrackEvaluation(try sequences("clean", skipsEmptyTruth: false)).tracking[0]
        #expect(clean.clear.mota == 1 && clean.identity.idf1 == 1 && clean.clear.switches == 0)
        let last = PoseTrackEvaluation(try sequences("switch_last", skipsEmptyTruth: false)).tracking[0]
        #expect(last.clear.switches == 2 && (last.identity.idf1 ?? 1) < 1)
        let duplicate = PoseTrackEvaluation(try sequences("duplicate", skipsEmptyTruth: false)).tracking[0]
        #expect(duplicate.clear.falsePositives > 0 && duplicate.clear.misses == 0)
    }

    @Test("our own records count as the same prediction in PoseTrack's file does")
    func records() throws {
        let file = "020002_mpii_test.json"
        let folder = "tracking/poseval/switch_mid"
        let names = try FileManager.default.contentsOfDirectory(atPath: Shared.fixture(folder + "/gt").path)
        let name = names.first ?? file
        let truth = try PoseTrackFile(contentsOf: Shared.fixture("\(folder)/gt/\(name)"))
        let predicted = try PoseTrackFile(contentsOf: Shared.fixture("\(folder)/pred/\(name)"))
        // A set of ours with PoseTrack's own joints.
        let joints = PoseTrackJoint.allCases
        let set = KeypointSet(name: "posetrack15", names: joints.map(\.name), skeleton: [], mirrorPairs: [], sigmas: [])
        var encoder = RecordEncoder()
        var bytes: [UInt8] = []
        func write(_ record: Record) {
            encoder.encode(record)
            bytes += encoder.line
        }
        write(.header(.init(version: "0", source: .init(name: "s", uri: "s", width: 640, height: 360), keypoints: set, pipeline: nil, models: [])))
        for frame in predicted.frames {
            let people = frame.people.map { person in
                Person(
                    id: person.id, score: 1, box: person.box ?? Box(x: 0, y: 0, width: 1, height: 1),
                    keypoints: person.joints.map { $0 ?? .missing })
            }
            write(.frame(FrameRecord(FrameResult(frame: frame.number, pts: nil, time: Double(frame.number), people: people))))
        }
        let stored = try StoredPeople(.bytes(bytes, name: "poses.ndjson"))
        let ours = PoseTrackEvaluation([try PoseTrackSequence(truth: truth, predicted: stored, guessesHead: false, place: name)])
        let direct = PoseTrackEvaluation([try PoseTrackSequence(truth: truth, predicted: predicted, place: name)])
        // Records keep two decimals of a pixel.
        expectEqual(ours.mota, direct.mota.joints + [direct.mota.total], "MOTA")
        expectEqual(ours.motp, direct.motp.joints + [direct.motp.total], "MOTP", tolerance: 0.05)
    }

    @Test("neck and head top are guessed from nose and shoulders only when asked for")
    func head() throws {
        var keypoints = [Keypoint](repeating: .missing, count: 17)
        keypoints[0] = Keypoint(x: 100, y: 40, score: 0.9)
        keypoints[5] = Keypoint(x: 110, y: 80, score: 0.8)
        keypoints[6] = Keypoint(x: 90, y: 80, score: 0.7)
        let person = Person(id: 4, score: 1, box: Box(x: 80, y: 20, width: 40, height: 100), keypoints: keypoints)
        let names = KeypointSet.coco17.names
        let plain = try #require(PoseTrackPerson(person, names: names, guessesHead: false))
        #expect(plain.joints[PoseTrackJoint.headTop.rawValue] == nil && plain.joints[PoseTrackJoint.nose.rawValue] != nil)
        let guessed = try #require(PoseTrackPerson(person, names: names, guessesHead: true))
        #expect(guessed.joints[PoseTrackJoint.headBottom.rawValue] == Keypoint(x: 100, y: 68, score: 0.7))
        #expect(guessed.joints[PoseTrackJoint.headTop.rawValue] == Keypoint(x: 100, y: 4, score: 0.7))
        #expect(PoseTrackPerson(Person(score: 1, box: person.box, keypoints: keypoints), names: names, guessesHead: false) == nil)
    }

    @Test(
        "what is no PoseTrack file is refused with its place",
        arguments: [
            ("", "gt.json"), ("{\"images\":[]}", "annotations"),
            ("{\"images\":[],\"annotations\":[],\"categories\":[{\"keypoints\":[\"nose\"]}]}", "right_ankle"),
            ("{\"images\":[],\"annotations\":[{\"image_id\":1,\"track_id\":1,\"keypoints\":[1,2]}]}", "keypoints"),
            ("{\"images\":[{\"id\":1},{\"id\":1}],\"annotations\":[]}", "twice"),
            ("{\"images\":[{\"id\":1,\"ignore_regions_x\":[[1]],\"ignore_regions_y\":[[1,2]]}],\"annotations\":[]}", "ignore_regions"),
            ("{\"images\":[{\"id\":1e30}],\"annotations\":[]}", "gt.json"),
        ])
    func damaged(text: String, hint: String) {
        do {
            _ = try PoseTrackFile(json: Data(text.utf8), place: "gt.json")
            Issue.record("read \(text)")
        } catch let failure as Failure {
            #expect(failure.kind == .data && failure.description.contains(hint), "\(failure)")
        } catch { Issue.record(error) }
    }

    @Test("random damage never crashes reader or figures")
    func fuzzed() throws {
        let folder = Shared.fixture("tracking/poseval/ignore_region/gt")
        let name = try #require(try FileManager.default.contentsOfDirectory(atPath: folder.path).first)
        let whole = try [UInt8](Data(contentsOf: folder.appendingPathComponent(name)))
        var state: UInt64 = 9
        func random(_ limit: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % limit
        }
        var (read, refused) = (0, 0)
        for round in 0..<200 {
            var bytes = whole
            for _ in 0...random(6) {
                let at = random(bytes.count)
                if round % 3 > 0 {
                    if (0x30...0x39).contains(bytes[at]) { bytes[at] = 0x30 + UInt8(random(10)) }
                } else {
                    bytes[at] = UInt8(random(256))
                }
            }
            do {
                let file = try PoseTrackFile(json: Data(bytes), place: "f")
                _ = PoseTrackEvaluation([try PoseTrackSequence(truth: file, predicted: file, place: "f")])
                read += 1
            } catch is Failure { refused += 1 }
        }
        #expect(read > 20 && refused > 20)
    }
}
