import Foundation
import Geometry
import Pose
import TestSupport
import Testing
import Tracking

@Suite struct SmoothingTests {
    private struct Golden: Decodable {
        struct Case: Decodable {
            var name: String
            var mincutoff, beta, dcutoff: Double
            var t, x, y: [Double]
        }

        var cases: [Case]
    }

    @Test("the One Euro filter gives the golden series, also at a varying frame rate")
    func golden() throws {
        let golden = try JSONDecoder().decode(Golden.self, from: Data(contentsOf: Shared.fixture("tracking/oneeuro.json")))
        #expect(golden.cases.count == 4)
        for series in golden.cases {
            var filter = OneEuroFilter(
                .init(minimumCutoff: series.mincutoff, beta: series.beta, speedCutoff: series.dcutoff))
            for (index, time) in series.t.enumerated() {
                let smoothed = filter.smooth(series.x[index], at: time)
                #expect(abs(smoothed - series.y[index]) <= 1e-6, "\(series.name) \(index)")
                // The same moment again changes nothing.
                #expect(filter.smooth(1e6, at: time) == smoothed)
            }
        }
    }

    /// A person at rest whose joints jitter by `noise`, `scale` times as large as 170 pixels.
    private func person(id: Int?, scale: Double, noise: Double, index: Int) -> Person {
        let joints = (0..<17).map { joint in
            let jitter = Double((index * 7 + joint * 3) % 5 - 2) * noise
            return Keypoint(x: (100 + Double(joint % 3) * 10 + jitter) * scale, y: (Double(joint) * 10 + jitter) * scale, score: joint == 16 ? 0.1 : 0.9)
        }
        return Person(id: id, score: 0.9, box: Box(x: 90 * scale, y: 0, width: 60 * scale, height: 170 * scale), keypoints: joints)
    }

    @Test("jitter shrinks, raw joints stay beside the smooth ones, and the size of the picture does not matter")
    func smoother() throws {
        var smoother = PoseSmoother(keypoints: .coco17)
        var large = PoseSmoother(keypoints: .coco17)
        var (rawTravel, smoothTravel) = (0.0, 0.0)
        var last: Person?
        for index in 0..<60 {
            let raw = person(id: 4, scale: 1, noise: 1, index: index)
            let found = try #require(smoother.smooth([raw], at: Double(index) / 30).first)
            let twice = try #require(large.smooth([person(id: 4, scale: 8, noise: 1, index: index)], at: Double(index) / 30).first)
            #expect(found.unsmoothedKeypoints == raw.keypoints)
            #expect(found.keypoints[16] == raw.keypoints[16])
            for (a, b) in zip(found.keypoints, twice.keypoints) { #expect(abs(a.position.x * 8 - b.position.x) < 1e-9) }
            if let last {
                rawTravel += (raw.keypoints[5].position - (last.unsmoothedKeypoints ?? [])[5].position).length
                smoothTravel += (found.keypoints[5].position - last.keypoints[5].position).length
            }
            last = found
        }
        #expect(smoothTravel < 0.5 * rawTravel)
    }

    @Test("where the network puts right what flow carried astray, the joint goes there over three frames; raw joints jump")
    func drift() throws {
        /// How far the joint gets towards the place 60 pixels on, frame by frame, after ten frames at rest.
        func way(_ before: Person.Origin, jump: Double = 60) throws -> [Double] {
            var smoother = PoseSmoother(keypoints: .coco17)
            return try (0..<20).map { index in
                var person = person(id: 1, scale: 1, noise: 0, index: 0)
                person.origin = index < 10 ? before : .network
                if index >= 10 { for joint in person.keypoints.indices { person.keypoints[joint].position.x += jump } }
                let smoothed = try #require(smoother.smooth([person], at: Double(index) / 25).first)
                #expect(smoothed.unsmoothedKeypoints == person.keypoints)
                return smoothed.keypoints[5].position.x - (100 + 20)
            }
        }
        let (carried, found) = (try way(.flow), try way(.network))
        #expect(carried[9] == 0 && found[9] == 0)
        #expect(carried[10] > 0 && carried[10] < 0.5 * found[10] && carried[10] < carried[11] && carried[11] < carried[12])
        #expect(carried[19] > 55 && found[19] > 55)
        // Less than a tenth of the torso is no correction that anybody sees.
        #expect(try way(.flow, jump: 4) == way(.network, jump: 4))
    }

    @Test("a pause, a cut and another id begin anew, and people without an id are left alone")
    func resets() throws {
        for (next, id, isCut) in [(0.5, 1, false), (0.04, 1, true), (0.04, 2, false)] {
            var smoother = PoseSmoother(keypoints: .coco17)
            _ = smoother.smooth([person(id: 1, scale: 1, noise: 0, index: 0)], at: 0)
            let moved = person(id: id, scale: 1, noise: 9, index: 1)
            #expect(smoother.smooth([moved], at: next, isCut: isCut).first?.keypoints == moved.keypoints)
        }
        var smoother = PoseSmoother(keypoints: .coco17)
        let nobody = person(id: nil, scale: 1, noise: 1, index: 0)
        #expect(smoother.smooth([nobody], at: 0) == [nobody])
    }
}
