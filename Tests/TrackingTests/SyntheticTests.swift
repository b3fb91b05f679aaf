import Evaluation
import Foundation
import Pose
import Testing
import Tracking

/// How one variant does on several scenes.
private struct Outcome {
    var switches = 0
    var mota = 0.0
    var idf1 = 0.0
    var perScene: [String: Int] = [:]
}

@Suite("Made-up people with known truth") struct SyntheticTests {
    private static let seeds: [UInt64] = [1, 2, 3]

    private struct Row {
        var label: String
        var configuration: TrackerConfiguration
        var seesFlow = true
    }

    private static func configuration(_ change: (inout TrackerConfiguration) -> Void = { _ in }) -> TrackerConfiguration {
        var configuration = TrackerConfiguration()
        change(&configuration)
        return configuration
    }

    private static func paper(_ similarity: TrackerConfiguration.Similarity, memory: Double = 1) -> TrackerConfiguration {
        configuration {
            $0.association = .paper
            $0.similarity = similarity
            $0.memory = memory
        }
    }

    private static func outcome(_ row: Row, _ scenes: [SyntheticScene]) -> Outcome {
        var sum = Outcome()
        let runs = Double(scenes.count * seeds.count)
        for scene in scenes {
            for seed in seeds {
                let scenario = scene.make(seed: seed)
                let sequence = scenario.sequence(
                    tracker: FlowPoseTracker(configuration: row.configuration, keypoints: .coco17),
                    suppressing: row.configuration.association == .paper ? 0.7 : nil
                ) { row.seesFlow ? OracleMotion(from: $0, to: $1) : NoMotion() as any FrameMotion }
                let clear = ClearMOT(sequence)
                sum.switches += clear.switches
                sum.perScene[scene.name, default: 0] += clear.switches
                sum.mota += (clear.mota ?? 0) / runs
                sum.idf1 += (IdentityScore(sequence).idf1 ?? 0) / runs
            }
        }
        return sum
    }

    @Test("on crossings flow beats boxes, memory beats none, and the stages beat the paper's way")
    func table() {
        let rows = [
            Row(label: "paper, box, no memory", configuration: Self.paper(.box, memory: 0)),
            Row(label: "paper, box", configuration: Self.paper(.box)),
            Row(label: "paper, pose", configuration: Self.paper(.pose)),
            Row(label: "paper, flow", configuration: Self.paper(.flow)),
            Row(label: "paper, multi-flow", configuration: Self.paper(.multiFlow)),
            Row(label: "staged, box", configuration: Self.configuration { $0.similarity = .box }),
            Row(label: "staged, pose", configuration: Self.configuration { $0.similarity = .pose }),
            Row(label: "staged, without flow", configuration: Self.configuration(), seesFlow: false),
            Row(label: "staged", configuration: Self.configuration()),
            Row(label: "staged, hungarian", configuration: Self.configuration { $0.assignment = .hungarian }),
            Row(label: "staged, memory 3 s", configuration: Self.configuration { $0.memory = 3 }),
            Row(label: "staged, memory 0.3 s", configuration: Self.configuration { $0.memory = 0.3 }),
        ]
        let others = SyntheticScene.others + SyntheticScene.streets
        let names = (SyntheticScene.crossings + others).map(\.name)
        print("switches over \(Self.seeds.count) seeds | crossings: MOTA IDF1 | others: MOTA IDF1 | " + names.joined(separator: ", "))
        var found: [String: (crossings: Outcome, others: Outcome)] = [:]
        for row in rows {
            let (crossings, others) = (Self.outcome(row, SyntheticScene.crossings), Self.outcome(row, others))
            found[row.label] = (crossings, others)
            let counts = names.map { String((crossings.perScene[$0] ?? 0) + (others.perScene[$0] ?? 0)) }.joined(separator: " ")
            print(
                row.label.padding(toLength: 24, withPad: " ", startingAt: 0)
                    + String(
                        format: "%4d | %.3f %.3f | %.3f %.3f | ", crossings.switches + others.switches, crossings.mota, crossings.idf1,
                        others.mota, others.idf1) + counts)
        }
        guard let box = found["paper, box"], let none = found["paper, box, no memory"], let flow = found["paper, flow"],
            let multi = found["paper, multi-flow"], let staged = found["staged"], let blind = found["staged, without flow"]
        else {
            Issue.record("a row is missing")
            return
        }
        #expect(box.crossings.switches < none.crossings.switches)
        #expect(flow.crossings.switches < box.crossings.switches && flow.crossings.idf1 > box.crossings.idf1)
        #expect(multi.crossings.switches < box.crossings.switches)
        #expect(staged.crossings.switches < multi.crossings.switches && staged.crossings.idf1 > multi.crossings.idf1)
        #expect(staged.others.idf1 > multi.others.idf1)
        #expect(staged.crossings.switches <= blind.crossings.switches)
    }

    @Test("with the number of people known there are never more ids, and they come back after any absence", arguments: [1, 2, 3])
    func knownPeople(count: Int) {
        for scene in SyntheticScene.crossings + SyntheticScene.others {
            let configuration = Self.configuration { $0.people = count }
            let sequence = scene.make(seed: 7).sequence(
                tracker: FlowPoseTracker(configuration: configuration, keypoints: .coco17)
            ) { OracleMotion(from: $0, to: $1) }
            let ids = Set(sequence.frames.flatMap(\.predicted))
            #expect(ids.isSubset(of: Set(0..<count)), "\(scene.name)")
        }
    }
}
