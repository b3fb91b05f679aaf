import Diagnostics
import Evaluation
import Foundation
import Geometry
import Pose
import Records
import TestSupport
import Testing

@Suite("Tracked boxes in MOTChallenge's text") struct BoxTracksTests {
    private func score(_ truth: String, _ results: String) throws -> TrackingScore {
        TrackingScore(
            try TrackingSequence(
                truth: MOTChallengeFile.truth(text: truth.utf8, place: "gt.txt"),
                predicted: MOTChallengeFile.results(text: results.utf8, place: "results.txt")))
    }

    @Test("the figures equal those of py-motmetrics on the same files")
    func golden() throws {
        let wanted = try Fixture.decode([String: Double].self, from: "tracking/mot_text/expect.json")
        let truth = try MOTChallengeFile.truth(contentsOf: Shared.fixture("tracking/mot_text/gt.txt"))
        let found = try MOTChallengeFile.results(contentsOf: Shared.fixture("tracking/mot_text/results.txt"))
        let score = TrackingScore(try TrackingSequence(truth: truth, predicted: found))
        let ours: [String: Double?] = [
            "mota": score.clear.mota, "motp": score.clear.motp.map { 1 - $0 }, "precision": score.clear.precision,
            "recall": score.clear.recall, "idf1": score.identity.idf1, "idp": score.identity.precision, "idr": score.identity.recall,
            "num_switches": Double(score.clear.switches), "num_fragmentations": Double(score.clear.fragmentations),
            "num_misses": Double(score.clear.misses), "num_false_positives": Double(score.clear.falsePositives),
            "num_objects": Double(score.clear.objects),
        ]
        #expect(ours.count == wanted.count)
        for (name, value) in wanted {
            let figure = try #require(ours[name] ?? nil, "\(name)")
            #expect(abs(figure - value) < 1e-9, "\(name) \(figure) \(value)")
        }
    }

    @Test("truth finds itself, and a sequence taken twice has the same figures")
    func perfect() throws {
        let truth = try MOTChallengeFile.truth(contentsOf: Shared.fixture("tracking/mot_text/gt.txt"))
        let found = try MOTChallengeFile.results(contentsOf: Shared.fixture("tracking/mot_text/results.txt"))
        let perfect = TrackingScore(try TrackingSequence(truth: truth, predicted: truth))
        #expect(perfect.clear.mota == 1 && perfect.identity.idf1 == 1 && abs(perfect.hota.hota - 1) < 1e-12)
        let one = TrackingScore(try TrackingSequence(truth: truth, predicted: found))
        let two = TrackingScore(combining: [one, one])
        #expect(two.clear.objects == 2 * one.clear.objects && two.truePeople == 2 * one.truePeople)
        #expect(two.clear.mota == one.clear.mota && two.identity.idf1 == one.identity.idf1)
        #expect(abs(two.hota.hota - one.hota.hota) < 1e-12 && abs(two.hota.localization - one.hota.localization) < 1e-12)
    }

    @Test("a larger film's truth is brought to the clip's pixels")
    func scaled() throws {
        let truth = try MOTChallengeFile.truth(text: "1,1,100,80,40,200,1,-1,-1,-1\n".utf8, place: "gt.txt")
        let found = try MOTChallengeFile.results(text: "1 7 62.5 50 25 125 0.9\n".utf8, place: "results.txt")
        #expect(TrackingScore(try TrackingSequence(truth: truth.scaled(by: 0.625), predicted: found)).clear.motp == 1)
        #expect(TrackingScore(try TrackingSequence(truth: truth, predicted: found)).clear.matches == 0)
    }

    @Test("distractors of MOT16 and later take what lies on them out of the count, cars and unconsidered rows do nothing")
    func distractors() throws {
        let truth = """
            1,1,0,0,10,20,1,1,1
            1,2,100,0,10,20,1,7,1
            1,3,200,0,10,20,1,3,1
            1,4,300,0,10,20,0,1,1
            """
        let all = "1,1,0,0,10,20,1\n1,2,100,0,10,20,1\n1,3,200,0,10,20,1\n1,4,300,0,10,20,1\n"
        let score = try score(truth, all)
        #expect(score.clear.objects == 1 && score.clear.matches == 1 && score.clear.falsePositives == 2)
        let every = try TrackingSequence(
            truth: MOTChallengeFile.truth(text: truth.utf8, place: "gt.txt", everyRow: true),
            predicted: MOTChallengeFile.results(text: all.utf8, place: "results.txt"))
        #expect(ClearMOT(every).matches == 2 && ClearMOT(every).falsePositives == 1)
    }

    @Test(
        "what is no such file is refused with its line",
        arguments: [
            ("1,1,0,0,10\n", "line 1"), ("1,1,0,0,10,20,1\n\n0,1,0,0,10,20,1\n", "line 3"), ("1,1,0,0,-10,20,1\n", "negative"),
            ("1,1,0,0,nan,20,1\n", "no number"), ("1,1,0,0,1e300,20,1\n", "no number"), ("1.5,1,0,0,1,20,1\n", "frame"),
            ("1,0.5,0,0,1,20,1\n", "id"), ("1,1,0,0,1,2,1\n1,1,5,0,1,2,1\n", "twice"), ("{\"type\":\"header\"}", "no number"),
            (String(repeating: "1", count: 10_000), "too long"), ("99999999999999999999,1,0,0,1,2,1", "no number"),
        ])
    func damaged(text: String, hint: String) throws {
        do {
            _ = try MOTChallengeFile.results(text: text.utf8, place: "r.txt")
            Issue.record("read \(text.prefix(60))")
        } catch let failure as Failure {
            #expect(failure.kind == .data && failure.description.contains(hint) && failure.description.contains("r.txt"))
        }
    }

    @Test("a frame or a film full of people is refused, not worked on for ever")
    func limits() throws {
        let crowd = (0...BoxTracks.mostInFrame).map { "1,\($0),0,0,1,1,1\n" }.joined()
        #expect(throws: Failure.self) { try MOTChallengeFile.results(text: crowd.utf8, place: "r.txt") }
        let many = (0...BoxTracks.mostIDs).map { "\($0 + 1),\($0),0,0,1,1,1\n" }.joined()
        let tracks = try MOTChallengeFile.results(text: many.utf8, place: "r.txt")
        #expect(throws: Failure.self) { try TrackingSequence(truth: BoxTracks(), predicted: tracks) }
    }

    @Test("random damage never crashes the reader")
    func fuzzed() throws {
        let bytes = try Fixture.bytes("tracking/mot_text/results.txt").prefix(3000)
        var state: UInt64 = 88
        func random(_ limit: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % limit
        }
        var refused = 0
        for _ in 0..<400 {
            var copy = Array(bytes)
            for _ in 0...random(4) { copy[random(copy.count)] = UInt8(random(256)) }
            copy.removeLast(random(copy.count))
            do { _ = try MOTChallengeFile.results(text: copy, place: "r.txt") } catch is Failure { refused += 1 }
        }
        #expect(refused > 50)
    }

    @Test("a track that is confirmed counts from its first frame, one that never is does not count")
    func tentative() throws {
        var encoder = RecordEncoder()
        var bytes: [UInt8] = []
        func write(_ record: Record) {
            encoder.encode(record)
            bytes += encoder.line
        }
        func person(_ id: Int, _ state: Person.State) -> Person {
            Person(
                id: id, state: state, score: 0.5, box: Box(x: 50 * Double(id), y: 0, width: 20, height: 60),
                keypoints: [Keypoint](repeating: .missing, count: 17))
        }
        write(.header(.init(version: "0", source: .init(name: "s", uri: "s", width: 640, height: 360), keypoints: .coco17, pipeline: nil, models: [])))
        for frame in 0..<6 {
            var people = [person(0, .confirmed), person(1, frame < 4 ? .tentative : .confirmed)]
            if frame < 2 { people.append(person(2, .tentative)) }
            write(.frame(FrameRecord(FrameResult(frame: frame, pts: nil, time: Double(frame) / 25, people: people))))
        }
        let stored = try StoredPeople(.bytes(bytes, name: "poses.ndjson"))
        let counted = try BoxTracks(stored, place: "poses.ndjson")
        #expect((1...6).allSatisfy { counted.frames[$0]?.map(\.id) == [0, 1] })
        #expect(try BoxTracks(stored, countsTentative: true, place: "poses.ndjson").frames[1]?.map(\.id) == [0, 1, 2])
    }
}
