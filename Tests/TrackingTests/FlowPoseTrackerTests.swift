import Geometry
import Pose
import Testing
import Tracking

@Suite struct FlowPoseTrackerTests {
    /// A standing person 170 pixels high whose feet are at x.
    private func person(x: Double, y: Double = 330, score: Double = 0.7, jointScore: Double = 0.9, joints: Range<Int> = 0..<17) -> Person {
        let shape: [(Double, Double)] = [
            (0, -160), (3, -164), (-3, -164), (8, -160), (-8, -160), (20, -140), (-20, -140), (24, -112), (-24, -112), (22, -88), (-22, -88),
            (13, -84), (-13, -84), (14, -44), (-14, -44), (15, -4), (-15, -4),
        ]
        return Person(
            score: score, box: Box(x: x - 30, y: y - 170, width: 60, height: 172),
            keypoints: shape.enumerated().map { index, place in
                Keypoint(x: x + place.0, y: y + place.1, score: joints.contains(index) ? jointScore : 0.05)
            })
    }

    private func frame(_ time: Double, motion: any FrameMotion = NoMotion()) -> TrackedFrame {
        TrackedFrame(time: time, width: 640, height: 360, motion: motion)
    }

    private func tracker(_ change: (inout TrackerConfiguration) -> Void = { _ in }) -> FlowPoseTracker {
        var configuration = TrackerConfiguration()
        change(&configuration)
        return FlowPoseTracker(configuration: configuration, keypoints: .coco17)
    }

    /// Someone all of whose clothes are in one class of each histogram.
    private func dressed(_ person: Person, _ class: Int) -> Person {
        var person = person
        person.appearance = Appearance(roots: (0..<Appearance.count).map { $0 % Appearance.classes == `class` ? 255 : 0 })
        return person
    }

    @Test("of two who were lost beside each other the one with these clothes is back, unless nobody asks for them", arguments: [true, false])
    func clothes(asked: Bool) {
        var tracker = tracker { $0.appearance = asked }
        for index in 0...10 {
            let found = tracker.link(
                [dressed(person(x: 300, score: 0.8), 1), dressed(person(x: 362), 6)], in: frame(Double(index) * 0.04))
            #expect(found.map(\.id) == [0, 1])
        }
        for time in [0.44, 0.52, 0.6, 0.68] { #expect(tracker.link([], in: frame(time)).isEmpty) }
        // Nearer to where the first one stood, in the clothes of the other.
        #expect(tracker.link([dressed(person(x: 330), 6)], in: frame(0.76)).map(\.id) == [asked ? 1 : 0])
    }

    @Test("clothes seen where two stand in front of one another are nobody's")
    func heapOfClothes() {
        var tracker = tracker()
        for index in 0...10 {
            _ = tracker.link(
                [dressed(person(x: 300, score: 0.8), 1), dressed(person(x: 320), 6)], in: frame(Double(index) * 0.04))
        }
        _ = tracker.link([], in: frame(0.44))
        #expect(tracker.link([dressed(person(x: 300, score: 0.8), 6)], in: frame(0.5)).map(\.id) == [0])
    }

    @Test("ids begin at 0 in order of score, then from left to right, and people come out in ascending id")
    func births() {
        var tracker = tracker()
        let found = tracker.link([person(x: 500), person(x: 100), person(x: 300, score: 0.8)], in: frame(0))
        #expect(found.map(\.id) == [0, 1, 2])
        #expect(found.map { $0.box.center.x } == [300, 100, 500])
        #expect(found.allSatisfy { $0.state == .confirmed })
        #expect(tracker.idCount == 3)
    }

    @Test("a walking person is remembered for a second of time, whatever the frame rate", arguments: [10.0, 25, 60, 240])
    func memory(rate: Double) {
        for (away, keepsID) in [(0.9, true), (1.2, false)] {
            var tracker = tracker()
            var ids: [Int] = []
            for index in 0...Int(3 * rate) {
                let time = Double(index) / rate
                let isAway = time > 1 && time < 1 + away
                let found = tracker.link(isAway ? [] : [person(x: 100 + 90 * time)], in: frame(time))
                ids += found.compactMap(\.id)
            }
            #expect(Set(ids) == (keepsID ? [0] : [0, 1]), "away for \(away) s")
        }
    }

    @Test("an id is never given twice")
    func unique() {
        var tracker = tracker()
        var last = -1
        for index in 0..<20 {
            let found = tracker.link([person(x: 100 + Double(index % 5) * 100)], in: frame(Double(index) * 2))
            #expect(found.first?.id == last + 1)
            last += 1
        }
    }

    @Test("a new person is tentative until three sightings and 0.15 s, unless the network is sure of it")
    func states() {
        var tracker = tracker()
        _ = tracker.link([person(x: 100)], in: frame(0))
        var states: [Person.State] = []
        for index in 1...6 {
            let found = tracker.link([person(x: 100), person(x: 400, score: 0.45)], in: frame(Double(index) * 0.04))
            states.append(found[1].state)
        }
        #expect(states == [.tentative, .tentative, .tentative, .tentative, .confirmed, .confirmed])
        #expect(tracker.link([person(x: 550, score: 0.9)], in: frame(0.28)).last?.state == .confirmed)
    }

    @Test("who appears in an empty picture is no more trusted than in a full one")
    func emptyPicture() {
        var tracker = tracker()
        #expect(tracker.link([], in: frame(0)).isEmpty)
        #expect(tracker.link([person(x: 100, score: 0.45)], in: frame(0.04)).map(\.state) == [.tentative])
    }

    @Test("a person of low score continues a track but never begins one")
    func lowScore() {
        var tracker = tracker()
        #expect(tracker.link([person(x: 100), person(x: 400, score: 0.15)], in: frame(0)).map(\.id) == [0])
        let found = tracker.link([person(x: 102, score: 0.15), person(x: 400, score: 0.15)], in: frame(0.04))
        #expect(found.map(\.id) == [0])
        #expect(found.first?.score == 0.15)
    }

    @Test("whom only the detector is sure of begins a track where boxes may, and has the same id after a moment out of sight", arguments: [0.7, 1])
    func sureBox(highBox: Double) {
        var tracker = tracker { $0.highBox = highBox }
        func unclear(_ x: Double, box: Double) -> Person { person(x: x, score: box * 0.25, jointScore: 0.25) }
        _ = tracker.link([], in: frame(0))
        var states: [Person.State] = []
        for index in 1...5 {
            let found = tracker.link([unclear(100, box: 0.8), unclear(400, box: 0.6)], in: frame(Double(index) * 0.04))
            #expect(found.map(\.id) == (highBox < 1 ? [0] : []))
            states += found.map(\.state)
        }
        #expect(states == (highBox < 1 ? [.tentative, .tentative, .tentative, .tentative, .confirmed] : []))
        for index in 6...15 { _ = tracker.link([], in: frame(Double(index) * 0.04)) }
        #expect(tracker.link([unclear(104, box: 0.8)], in: frame(0.64)).map(\.id) == (highBox < 1 ? [0] : []))
    }

    @Test("two answers for one body are one person, two bodies side by side are two")
    func doubles() {
        var tracker = tracker()
        let found = tracker.link([person(x: 300), person(x: 303, score: 0.6), person(x: 345, score: 0.6)], in: frame(0))
        #expect(found.map { $0.keypoints[0].position.x } == [300, 345])
        var paper = self.tracker { $0.association = .paper }
        #expect(paper.link([person(x: 300), person(x: 303, score: 0.6)], in: frame(0)).count == 2)
    }

    @Test("half a person keeps the id of the whole one")
    func missingJoints() {
        var tracker = tracker()
        _ = tracker.link([person(x: 300)], in: frame(0))
        #expect(tracker.link([person(x: 306, joints: 0..<7)], in: frame(0.04)).map(\.id) == [0])
        #expect(tracker.link([person(x: 310, joints: 0..<2)], in: frame(0.08)).map(\.id) == [0])
        #expect(tracker.link([person(x: 314, jointScore: 0.05)], in: frame(0.12)).map(\.id) == [0])
    }

    private struct Cut: FrameMotion {
        var isCut: Bool { true }
        var background: Affine { .identity }
        func move(_ points: [Point]) -> [MovedPoint]? { nil }
    }

    private struct Shift: FrameMotion {
        var x: Double
        var confidence = 1.0
        var isCut: Bool { false }
        var background: Affine { .identity }
        func move(_ points: [Point]) -> [MovedPoint]? {
            points.map { MovedPoint(position: Point(x: $0.x + x, y: $0.y), confidence: confidence) }
        }
    }

    @Test("over a cut, a gap longer than the memory, or time that jumps back, everybody is new")
    func newShots() {
        for next in [frame(0.04, motion: Cut()), frame(1.5), frame(-2)] {
            var tracker = tracker()
            _ = tracker.link([person(x: 300)], in: frame(0))
            let found = tracker.link([person(x: 300)], in: next)
            #expect(found.map(\.id) == [1])
            #expect(found.map(\.state) == [.confirmed])
        }
    }

    private struct Return: FrameMotion {
        var isCut: Bool { true }
        var isReturn: Bool { true }
        var background: Affine { .identity }
        func move(_ points: [Point]) -> [MovedPoint]? { nil }
    }

    @Test("after an insert the people of the shot before have their ids again, those of the insert do not mix in")
    func insert() {
        var tracker = tracker()
        _ = tracker.link([person(x: 300), person(x: 500)], in: frame(0))
        #expect(tracker.link([person(x: 300), person(x: 100)], in: frame(0.04, motion: Cut())).map(\.id) == [2, 3])
        #expect(tracker.link([person(x: 302), person(x: 102)], in: frame(0.08)).map(\.id) == [2, 3])
        #expect(tracker.link([person(x: 300), person(x: 500)], in: frame(0.12, motion: Return())).map(\.id) == [0, 1])
        // A cut that goes back to nothing known is a new shot.
        #expect(tracker.link([person(x: 300), person(x: 500)], in: frame(0.16, motion: Cut())).map(\.id) == [4, 5])
    }

    @Test("who is missed for a moment coasts on the flow, fading, and is shown no longer than 0.3 s")
    func coasting() throws {
        var tracker = tracker()
        for index in 0...4 { _ = tracker.link([person(x: 100 + 4 * Double(index))], in: frame(Double(index) * 0.04, motion: Shift(x: 4))) }
        var shown = 0
        for index in 5...20 {
            let found = tracker.link([], in: frame(Double(index) * 0.04, motion: Shift(x: 4)))
            guard let person = found.first else { break }
            shown += 1
            #expect(person.id == 0 && person.state == .coasting && person.origin == .flow)
            #expect(abs(person.keypoints[0].position.x - (100 + 4 * Double(index))) < 0.05)
            #expect(person.keypoints[0].score < 0.9 && person.score < 0.7)
        }
        #expect(shown == 7)
        // Without flow nobody is shown who was not found.
        var blind = self.tracker()
        _ = blind.link([person(x: 100)], in: frame(0))
        #expect(blind.link([], in: frame(0.04)).isEmpty)
    }

    @Test("people carried between key frames keep id and box, and joints fade with time")
    func carried() throws {
        var tracker = tracker()
        let first = tracker.link([person(x: 100), person(x: 300)], in: frame(0))
        let place = frame(1.0 / 30, motion: Shift(x: 6))
        let carried = tracker.carried(in: place)
        #expect(carried.map(\.person.id) == [0, 1])
        let found = tracker.link(carried.map(\.person) + [person(x: 500)], in: place)
        #expect(found.map(\.id) == [0, 1, 2] && found.map(\.origin) == [.flow, .flow, .network])
        for (before, after) in zip(first, found) {
            #expect(abs(after.box.x - before.box.x - 6) < 0.02 && abs(after.box.width - before.box.width) < 0.02)
            #expect(abs(after.keypoints[3].score - 0.97 * before.keypoints[3].score) < 1e-3)
        }
        #expect(tracker.carried(in: frame(0.06)).isEmpty)
    }

    @Test("who walked out of the picture is known again on that side only, and only at that height")
    func border() {
        for (x, height, id) in [(8.0, 1.0, 0), (620, 1, 1), (8, 0.6, 1)] {
            var tracker = tracker()
            for index in 0...10 { _ = tracker.link([person(x: 80 - 8 * Double(index))], in: frame(Double(index) * 0.04)) }
            for index in 11...20 { _ = tracker.link([], in: frame(Double(index) * 0.04)) }
            var back = person(x: x)
            for joint in back.keypoints.indices { back.keypoints[joint].position.y = 330 - (330 - back.keypoints[joint].position.y) * height }
            back.box = Box(x: x - 30, y: 330 - 170 * height, width: 60, height: 172 * height)
            #expect(tracker.link([back], in: frame(0.84)).map(\.id) == [id], "\(x) \(height)")
        }
    }

    @Test("flow carries an id over a jump that poses alone cannot follow, and only when it is sure")
    func flow() {
        for (motion, id) in [(Shift(x: 90), 0), (Shift(x: 90, confidence: 0.2), 1)] {
            var tracker = tracker()
            _ = tracker.link([person(x: 200)], in: frame(0))
            #expect(tracker.link([person(x: 290)], in: frame(0.04, motion: motion)).first?.id == id)
        }
        var unmoved = tracker { $0.similarity = .pose }
        _ = unmoved.link([person(x: 200)], in: frame(0))
        #expect(unmoved.link([person(x: 290)], in: frame(0.04, motion: Shift(x: 90))).first?.id == 1)
    }

    @Test("moved boxes join the detector's where it has none; the paper's way also lets them compete")
    func joinedBoxes() {
        let near = ScoredBox(box: Box(x: 276, y: 160, width: 60, height: 172), score: 0.3)
        let beside = ScoredBox(box: Box(x: 290, y: 160, width: 60, height: 172), score: 0.2)
        for (association, kept) in [(TrackerConfiguration.Association.staged, [0.3, 0.2]), (.paper, [0.7])] {
            var tracker = tracker { $0.association = association }
            _ = tracker.link([person(x: 300)], in: frame(0))
            let place = frame(0.04, motion: Shift(x: 6))
            #expect(tracker.boxes(joining: [near, beside], in: place).map(\.score) == kept)
            #expect(tracker.boxes(joining: [], in: place).map(\.score) == [0.7])
            #expect(tracker.boxes(joining: [near, beside], in: frame(0.04)).map(\.score) == [0.3, 0.2])
        }
    }

    @Test("predicted boxes are the moved joints' rectangle grown by 15 % and cut at the picture")
    func predictedBoxes() throws {
        var tracker = tracker()
        #expect(tracker.predictedBoxes(in: frame(0, motion: Shift(x: 10))).isEmpty)
        _ = tracker.link([person(x: 300)], in: frame(0))
        #expect(tracker.predictedBoxes(in: frame(0.04)).isEmpty)
        let box = try #require(tracker.predictedBoxes(in: frame(0.04, motion: Shift(x: 10))).first)
        // Joints reach from 300 - 24 to 300 + 24 and from 330 - 164 to 330 - 4.
        #expect(abs(box.box.x - (286 - 0.075 * 48)) < 1e-9 && abs(box.box.width - 48 * 1.15) < 1e-9)
        #expect(abs(box.box.y - (166 - 0.075 * 160)) < 1e-9 && abs(box.box.height - 160 * 1.15) < 1e-9)
        #expect(box.score == 0.7)
        let cut = try #require(tracker.predictedBoxes(in: frame(0.04, motion: Shift(x: 330))).first)
        #expect(cut.box.right == 640)
        #expect(tracker.predictedBoxes(in: frame(0.04, motion: Shift(x: 2000))).isEmpty)
    }

    @Test("numbers that no network should give neither stop the tracker nor disturb other people")
    func hostile() {
        for association in TrackerConfiguration.Association.allCases {
            for similarity in TrackerConfiguration.Similarity.allCases {
                for pairing in TrackerConfiguration.Pairing.allCases {
                    var tracker = tracker {
                        $0.association = association
                        $0.similarity = similarity
                        $0.assignment = pairing
                    }
                    var ids = Set<Int?>()
                    for (index, bad) in [Double.nan, .infinity, -.infinity, 1e300, -1e300, 0, .leastNonzeroMagnitude].enumerated() {
                        var broken = person(x: bad)
                        broken.box = Box(x: bad, y: bad, width: bad, height: bad)
                        let empty = Person(score: 0.9, box: Box(x: 0, y: 0, width: 0, height: 0), keypoints: [])
                        let unsure = person(x: 50, score: bad)
                        let found = tracker.link([broken, empty, unsure, person(x: 400, score: 0.95)], in: frame(Double(index) * 0.04))
                        ids.insert(found.first { $0.score == 0.95 }?.id)
                        #expect(Set(found.map(\.id)).count == found.count)
                        _ = tracker.predictedBoxes(in: TrackedFrame(time: bad, width: bad, height: bad, motion: Shift(x: bad)))
                    }
                    #expect(ids.count == 1 && !ids.contains(nil), "\(association) \(similarity) \(pairing)")
                    _ = tracker.link([person(x: 400)], in: TrackedFrame(time: .nan, width: .nan, height: 0, motion: Shift(x: .nan)))
                }
            }
        }
    }
}
