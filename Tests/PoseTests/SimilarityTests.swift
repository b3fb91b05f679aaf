import Geometry
import Pose
import TestSupport
import Testing

/// fixtures/topdown/people.json: made by the official SimpleBaseline functions.
@Suite("Similarity and suppression of poses") struct SimilarityTests {
    struct File: Decodable {
        struct Set: Decodable {
            struct Entry: Decodable {
                var keypoints: [Double]
                var area: Double
                var box_score: Double
                var rescored: Double
            }
            var people: [Entry]
            var oks_of_first: [Double]
            var oks_of_first_in_vis_0_2: [Double]
            var keep_0_9: [Int]
            var keep_0_5: [Int]
            var soft_keep_0_9: [Int]
        }
        var in_vis_thre: Double
        var sets: [Set]
    }

    static func candidates(_ set: File.Set) -> [PoseSuppression.Candidate] {
        set.people.map { entry in
            let joints = stride(from: 0, to: entry.keypoints.count, by: 3).map {
                Keypoint(x: entry.keypoints[$0], y: entry.keypoints[$0 + 1], score: entry.keypoints[$0 + 2])
            }
            return .init(keypoints: joints, area: entry.area, score: instanceScore(box: entry.box_score, joints: joints))
        }
    }

    @Test("rescoring, OKS and both suppressions equal the official code")
    func official() throws {
        let file = try Fixture.decode(File.self, from: "topdown/people.json")
        #expect(file.sets.count == 6 && file.in_vis_thre == 0.2)
        let oks = ObjectKeypointSimilarity(.coco17)
        for set in file.sets {
            let people = Self.candidates(set)
            for (person, wanted) in zip(people, set.people) { #expect(abs(person.score - wanted.rescored) < 1e-12) }
            for (index, person) in people.enumerated() {
                let all = oks(people[0].keypoints, area: people[0].area, person.keypoints, area: person.area)
                #expect(abs(all - set.oks_of_first[index]) < 1e-9)
                let visible = oks(
                    people[0].keypoints, area: people[0].area, person.keypoints, area: person.area, visibleAbove: 0.2)
                #expect(abs(visible - set.oks_of_first_in_vis_0_2[index]) < 1e-9)
            }
            #expect(PoseSuppression(similarity: oks, threshold: 0.9).indices(people) == set.keep_0_9)
            #expect(PoseSuppression(similarity: oks, threshold: 0.5).indices(people) == set.keep_0_5)
            #expect(PoseSuppression(similarity: oks, threshold: 0.9).softIndices(people).map(\.index) == set.soft_keep_0_9)
        }
    }

    @Test("of two equal poses with equal scores the later one stays")
    func ties() {
        let joints = [Keypoint](repeating: Keypoint(x: 5, y: 5, score: 1), count: 17)
        let pose = PoseSuppression.Candidate(keypoints: joints, area: 100, score: 0.5)
        #expect(PoseSuppression(similarity: .init(.coco17)).indices([pose, pose]) == [1])
    }

    @Test("what the detector said of a box is found again in the person's score; nothing is, where no joint was found")
    func boxScore() {
        func person(_ scores: [Double], box: Double) -> Person {
            let joints = scores.map { Keypoint(x: 5, y: 5, score: $0) }
            return Person(score: instanceScore(box: box, joints: joints), box: Box(x: 0, y: 0, width: 9, height: 9), keypoints: joints)
        }
        #expect((person([0.9, 0.3, 0.1], box: 0.8).boxScore - 0.8).magnitude < 1e-12)
        #expect(person([0.1, 0.2], box: 0.8).boxScore == 0)
        // Systems that have no box score may give people more than their joints have.
        #expect(Person(score: 0.9, box: person([], box: 1).box, keypoints: person([0.5], box: 1).keypoints).boxScore == 1)
    }

    @Test("no joint above the threshold: similarity 0 and instance score 0, not NaN")
    func nothingVisible() {
        let oks = ObjectKeypointSimilarity(.coco17)
        let joints = [Keypoint](repeating: Keypoint(x: 5, y: 5, score: 0.1), count: 17)
        #expect(oks(joints, area: 1, joints, area: 1, visibleAbove: 0.2) == 0)
        #expect(instanceScore(box: 0.9, joints: joints) == 0)
        #expect(oks(joints, area: 0, joints, area: 0) == 1)
    }
}
