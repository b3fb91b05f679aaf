import CKernels
import Detection
import Diagnostics
import Engine
import Estimation
import Foundation
import Geometry
import Pose
import Sampling
import TestSupport
import Testing

/// fixtures/bottomup/mpn_peaks.json and prn_assign.json: equal to MultiPoseNet.pytorch and the official assignment.
@Suite("MultiPoseNet's peaks and assignment") struct MultiPoseNetTests {
    private struct Peaks: Decodable {
        struct Case: Decodable {
            var note: String
            var h: Int
            var w: Int
            var map: [Float]
            var factor: Double
            var peaks_x_y_score: [[Double]]
        }
        var cases: [Case]
    }

    @Test("peaks lie where the official code refines them to")
    func peaks() throws {
        let file = try Fixture.decode(Peaks.self, from: "bottomup/mpn_peaks.json")
        #expect(file.cases.count == 3)
        for golden in file.cases {
            let reader = JointPeaks(size: InputSize(width: golden.w, height: golden.h), factor: Int(golden.factor))
            let found = golden.map.withUnsafeBufferPointer { reader.peaks($0) }
            let wanted = golden.peaks_x_y_score
            #expect(found.map(\.x) == wanted.map { Int($0[0]) } && found.map(\.y) == wanted.map { Int($0[1]) }, "\(golden.note)")
            #expect(zip(found, golden.peaks_x_y_score).allSatisfy { abs(Double($0.score) - $1[2]) < 1e-5 }, "\(golden.note)")
        }
    }

    private struct Assignment: Decodable {
        struct Output: Decodable {
            var joint_box_peak_score: [[Double]]
            var owner_by_box_joint: [[Int?]]
            var argmax_y_x: [[[Int]]]
        }
        struct Case: Decodable {
            var name: String
            var boxes_x_y_w_h: [[Double]]
            var peaks_by_coco_joint_x_y: [[[Double]]]
            var cells_box_joint_y_x_peak: [[Int]]
            var input: GoldenSamples
            var with_formula_output: Output
        }
        struct Table: Decodable {
            var note: String
            var boxes: Int
            var box_peak_score: [[Double]]
            var owner_of_joint_0_by_box: [Int?]
        }
        var cases: [Case]
        var hand_made_tables: [Table]
    }

    @Test("joints go into the boxes' grids, are scored and dealt out as in the official code")
    func assignment() throws {
        var worst = 0.0
        for golden in try Fixture.decode(Assignment.self, from: "bottomup/prn_assign.json").cases {
            let boxes = golden.boxes_x_y_w_h.map { Box(x: $0[0], y: $0[1], width: $0[2], height: $0[3]) }
            let grid = ResidualGrid(golden.peaks_by_coco_joint_x_y.map { $0.map { Point(x: $0[0], y: $0[1]) } }, boxes: boxes)
            let cells: [[Int]] = grid.entries.map { [$0.box, $0.joint, $0.row, $0.column, $0.peak] }
            #expect(cells == golden.cells_box_joint_y_x_peak, "\(golden.name)")

            var input = [Float](repeating: -1, count: boxes.count * ResidualGrid.count)
            input.withUnsafeMutableBufferPointer { grid.fill($0) }
            let difference = golden.input.differences(to: input)
            #expect(difference.sample < 1e-6 && difference.norm < 1e-6, "\(golden.name): \(difference)")

            let output = FormulaStream.unit("prn_out:" + golden.name, input.count).map { Float($0) * Float(1e-3) }
            let scores = output.withUnsafeBufferPointer { grid.scores($0) }
            var rows: [[Double]] = []
            for (joint, list) in scores.enumerated() {
                for entry in list { rows.append([Double(joint), Double(entry.box), Double(entry.peak), Double(entry.score)]) }
            }
            let wanted = golden.with_formula_output
            #expect(rows.count == wanted.joint_box_peak_score.count)
            for row in rows {
                let match = wanted.joint_box_peak_score.first { Array($0.prefix(3)) == Array(row.prefix(3)) }
                let difference = abs((match?[3] ?? .infinity) - row[3])
                #expect(difference < 1e-5, "\(golden.name): \(row)")
                worst = max(worst, difference)
            }
            let owners = scores.map { ResidualAssignment.owners($0, boxes: boxes.count) }
            for (box, own) in wanted.owner_by_box_joint.enumerated() {
                #expect(owners.map { $0[box] } == own, "\(golden.name), box \(box)")
            }
            for (box, places) in wanted.argmax_y_x.enumerated() {
                for (joint, place) in places.enumerated() {
                    let cell = output.withUnsafeBufferPointer { ResidualGrid.largest($0, box: box, joint: joint) }
                    #expect([cell.row, cell.column] == place)
                }
            }
        }
        Agreement.tell("MultiPoseNet", "assignment, 3 scenes", "the same owners, scores within \(Agreement.text(worst))")
    }

    @Test("the rule of dealing out, on tables made by hand")
    func tables() throws {
        for golden in try Fixture.decode(Assignment.self, from: "bottomup/prn_assign.json").hand_made_tables {
            let scores = golden.box_peak_score.map { (box: Int($0[0]), peak: Int($0[1]), score: Float($0[2])) }
            #expect(ResidualAssignment.owners(scores, boxes: golden.boxes) == golden.owner_of_joint_0_by_box, "\(golden.note)")
        }
    }

    @Test("boxes without size, far away or without joints do no harm")
    func strangeBoxes() {
        let points = [[Point(x: 5, y: 5), Point(x: .nan, y: 3), Point(x: 1e300, y: 0)]] + Array(repeating: [Point](), count: 16)
        let boxes = [Box(x: 5, y: 5, width: 0, height: 0), Box(x: 0, y: 0, width: 0.3, height: 10), Box(x: -1e9, y: 0, width: 2e9, height: 9)]
        let grid = ResidualGrid(points, boxes: boxes)
        #expect(grid.entries.allSatisfy { (0..<56).contains($0.row) && (0..<36).contains($0.column) })
        var input = [Float](repeating: -1, count: 3 * ResidualGrid.count)
        input.withUnsafeMutableBufferPointer { grid.fill($0) }
        #expect(input.allSatisfy { $0.isFinite && $0 >= 0 })
    }

    // MARK: The whole way

    /// Two people side by side in an input of 320 x 480: a box each, and a nose and a left ankle in each.
    private func graph() -> Graph {
        let size = InputSize(width: 320, height: 480), maps = InputSize(width: 80, height: 120)
        var heatmaps = [Float](repeating: 0, count: 18 * maps.width * maps.height)
        func draw(_ map: Int, _ x: Int, _ y: Int) {
            for (dx, dy, value) in [(0, 0, Float(0.9)), (1, 0, 0.5), (-1, 0, 0.5), (0, 1, 0.5), (0, -1, 0.5)] {
                heatmaps[(map * maps.height + y + dy) * maps.width + x + dx] = value
            }
        }
        for person in 0..<2 {
            draw(0, 20 + 40 * person, 30)
            draw(13, 22 + 40 * person, 100)
        }
        draw(5, 20, 50)  // a left shoulder of the first alone
        let pyramid = AnchorPyramid(.multiPoseNet, input: size)
        var scores = [Float](repeating: 0.01, count: pyramid.count), row = 0
        for (number, level) in pyramid.levels.enumerated() {
            for place in 0..<level.count where number == 3 {
                let anchor = level[place]
                // Of level 6 the anchors twice as high as wide, in the middle row, at both people.
                let isHigh = anchor.w - anchor.y > 1.5 * (anchor.z - anchor.x) && place % 9 == 6
                let (x, y) = ((anchor.x + anchor.z) / 2, (anchor.y + anchor.w) / 2)
                if isHigh, y == 224, x == 96 || x == 224 { scores[row + place] = x < 160 ? 0.9 : 0.8 }
            }
            row += level.count
        }
        let deltas = [Float](repeating: 0, count: 4 * pyramid.count)
        var graph = Graph()
        let input = graph.addInput("input", shape: [1, 3, size.height, size.width])
        graph.addOutput("heatmaps", graph.add(Vision(maps: Tensor(heatmaps, shape: [1, 18, maps.height, maps.width])), input))
        graph.addOutput("classification", graph.add(Vision(maps: Tensor(scores, shape: [1, pyramid.count, 1])), input))
        graph.addOutput("regression", graph.add(Vision(maps: Tensor(deltas, shape: [1, pyramid.count, 4])), input))
        return graph
    }

    /// Sees them in inputs of that size; where the file does not fix it, in no others.
    private func network(isFixed: Bool) throws -> PictureNetwork {
        let seeing = graph()
        guard !isFixed else { return try PictureNetwork(seeing, model: "vision") }
        return PictureNetwork(model: "vision") { size in
            if size == InputSize(width: 320, height: 480) { return seeing }
            let anchors = AnchorPyramid(.multiPoseNet, input: size).count
            var blank = Graph()
            let input = blank.addInput("input", shape: [1, 3, size.height, size.width])
            for (name, shape) in [
                ("heatmaps", [1, 18, size.height / 4, size.width / 4]), ("classification", [1, anchors, 1]), ("regression", [1, anchors, 4]),
            ] {
                let zeros = Tensor([Float](repeating: 0, count: shape.reduce(1, *)), shape: shape)
                blank.addOutput(name, blank.add(Vision(maps: zeros), input))
            }
            return blank
        }
    }

    /// A pose residual network that believes every joint as it stands.
    private func residual(_ order: ResidualNetwork.JointOrder) -> ResidualNetwork {
        ResidualNetwork(model: "residual", order: order) { boxes in
            var graph = Graph()
            let input = graph.addInput("grid", shape: [boxes, ResidualGrid.rows, ResidualGrid.columns, ResidualGrid.joints])
            graph.addOutput("output", graph.add(Activate(.relu), input))
            return graph
        }
    }

    private func check(_ people: [Person], noseScore: Double = 0.8) {
        #expect(people.count == 2)
        for (index, person) in people.enumerated() {
            // Map pixel 20 + 40 i is input pixel 4 (20 + 40 i) and twice that in the picture.
            let nose = person.keypoints[0], ankle = person.keypoints[15]
            #expect(abs(nose.position.x - Double(160 + 320 * index)) < 8 && abs(nose.position.y - 240) < 8)
            #expect(abs(ankle.position.x - Double(176 + 320 * index)) < 8 && abs(ankle.position.y - 800) < 8)
            #expect(nose.score > noseScore)
            #expect(person.keypoints[5].isMissing == (index == 1), "the shoulder is the first one's")
            #expect(person.keypoints.filter { !$0.isMissing }.count == (index == 0 ? 3 : 2))
            #expect(person.box.x <= nose.position.x && nose.position.x <= person.box.right)
        }
        #expect(people.count == 2 && people[0].score > people[1].score)
    }

    private let picture = TestPicture(rgb: [UInt8](repeating: 90, count: 640 * 960 * 3), width: 640, height: 960)

    @Test("joints and boxes become people, in either order of a residual network's joints", arguments: [ResidualNetwork.JointOrder.coco, .openPose])
    func people(order: ResidualNetwork.JointOrder) throws {
        check(try MultiPoseNetEstimator(network(isFixed: true), residual: residual(order)).estimate(picture.image))
    }

    @Test("the evaluation at one scale finds the same people, at several what is left of them when the others see nothing")
    func evaluation() throws {
        let network = try network(isFixed: false)
        check(try MultiPoseNetEstimator(network, residual: residual(.openPose), options: .init(processing: .evaluation)).estimate(picture.image))
        check(
            try MultiPoseNetEstimator(network, residual: residual(.openPose), options: .init(processing: .multiscale)).estimate(picture.image),
            noseScore: 0.15)
        #expect(throws: Failure.self) {
            _ = try MultiPoseNetEstimator(
                self.network(isFixed: true), residual: residual(.openPose), options: .init(processing: .evaluation))
        }
    }
}
