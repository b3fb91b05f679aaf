import CKernels
import Diagnostics
import Engine
import Estimation
import Geometry
import Pose
import Sampling
import TestSupport
import Testing

/// A network that sees light: each of its maps is the first channel, averaged over blocks of 4 x 4 pixels.
private struct SpotNetwork: Operator {
    var joints = 17
    var name: String { "Spot" }

    func infer(_ inputs: [ValueInfo?]) throws -> [ValueInfo] {
        guard let shape = inputs.first??.shape else { return [] }
        return [ValueInfo(.float32, [shape[0], joints, shape[2] / 4, shape[3] / 4])]
    }

    func compute(_ inputs: [TensorView?], into outputs: [TensorView], scratch: UnsafeMutableRawBufferPointer) throws {
        guard let input = inputs.first ?? nil else { return }
        let (height, width) = (input.shape[2], input.shape[3])
        for joint in 0..<joints {
            for y in 0..<height / 4 {
                for x in 0..<width / 4 {
                    var sum: Float = 0
                    for dy in 0..<4 { for dx in 0..<4 { sum += input.floats[(y * 4 + dy) * width + x * 4 + dx] } }
                    outputs[0].floats[(joint * (height / 4) + y) * (width / 4) + x] = sum / 16
                }
            }
        }
    }

    static func graph(joints: Int = 17, shape: [Int?] = [1, 3, 256, 192]) -> Graph {
        var graph = Graph()
        let input = graph.addInput("picture", shape: shape)
        graph.addOutput("heatmaps", graph.add(SpotNetwork(joints: joints), input))
        return graph
    }
}

@Suite("Estimating poses in boxes") struct HeatmapPoseEstimatorTests {
    /// A dark picture with one soft bright spot at `center`.
    static func spot(at center: Point, width: Int = 320, height: Int = 240) -> TestPicture {
        var rgb: [UInt8] = []
        for y in 0..<height {
            for x in 0..<width {
                let distance = (Point(x: Double(x), y: Double(y)) - center).length
                let value = UInt8(max(0, 250 - distance * 12))
                rgb += [value, 0, 0]
            }
        }
        return TestPicture(rgb: rgb, width: width, height: height)
    }

    static let bytes = PixelNormalization(order: .rgb, scale: [1 / 255, 1 / 255, 1 / 255], bias: [0, 0, 0])

    static let boxes: [ScoredBox] = [
        ScoredBox(box: Box(x: 100, y: 40, width: 80, height: 150), score: 0.9),
        ScoredBox(box: Box(x: 140, y: 80, width: 90, height: 60), score: 0.8),
        ScoredBox(box: Box(x: 60, y: 20, width: 200, height: 200), score: 0.7),
        ScoredBox(box: Box(x: -40, y: -30, width: 260, height: 250), score: 0.6),
        ScoredBox(box: Box(x: 130, y: 90, width: 30, height: 40), score: 0.5),
    ]

    private func options(_ change: (inout HeatmapPoseOptions) -> Void = { _ in }) -> HeatmapPoseOptions {
        var options = HeatmapPoseOptions(normalization: Self.bytes, similarityThreshold: nil)
        change(&options)
        return options
    }

    @Test("a bright spot is found at its place from every box, with and without the flip test")
    func findsSpot() throws {
        let center = Point(x: 150, y: 110)
        let picture = Self.spot(at: center)
        for flip in [false, true] {
            let estimator = try HeatmapPoseEstimator(SpotNetwork.graph(), model: "spot", options: options { $0.flip = flip })
            let people = try estimator.estimate(picture.image, boxes: Self.boxes)
            #expect(people.count == Self.boxes.count)
            for (person, box) in zip(people, Self.boxes) {
                let region = CropRegion(box: box.box, input: estimator.inputSize)
                let cell = Double(region.scaleX) * 200 / 48
                #expect(person.box == box.box)
                #expect(person.keypoints.count == 17)
                for joint in person.keypoints {
                    // A heatmap pixel is read at its corner, not its middle: the official code's half cell (spec 7.2).
                    let error = (joint.position - center).length
                    #expect(error < cell, "\(box.box): \(joint.position), cell \(cell), flip \(flip)")
                    #expect(joint.score > 0.5 && joint.score <= 1)
                }
                let mean = person.keypoints.map(\.score).reduce(0, +) / 17
                #expect(abs(person.score - mean * box.score) < 1e-9)
            }
        }
    }

    @Test("the result does not depend on the number of threads")
    func threads() throws {
        let picture = Self.spot(at: Point(x: 171, y: 93))
        let boxes = (0..<12).flatMap { shift in
            Self.boxes.map { ScoredBox(box: Box(x: $0.box.x + Double(shift), y: $0.box.y, width: $0.box.width, height: $0.box.height), score: $0.score) }
        }
        let wanted = try HeatmapPoseEstimator(SpotNetwork.graph(), model: "spot", options: options { $0.flip = true })
            .estimate(picture.image, boxes: boxes)
        #expect(wanted.count == 60)
        for threads in [2, 3, 7] {
            let estimator = try HeatmapPoseEstimator(
                SpotNetwork.graph(), model: "spot",
                options: options {
                    $0.flip = true
                    $0.threads = threads
                })
            for _ in 0..<3 { #expect(try estimator.estimate(picture.image, boxes: boxes) == wanted) }
        }
    }

    @Test("two boxes of one person give one person, the better one; a box without size gives nobody")
    func suppression() throws {
        let picture = Self.spot(at: Point(x: 150, y: 110))
        let estimator = try HeatmapPoseEstimator(
            SpotNetwork.graph(), model: "spot", options: options { $0.similarityThreshold = 0.9 })
        let first = ScoredBox(box: Box(x: 100, y: 40, width: 80, height: 150), score: 0.5)
        let second = ScoredBox(box: Box(x: 101, y: 40, width: 80, height: 151), score: 0.9)
        let empty = ScoredBox(box: Box(x: 100, y: 100, width: 0, height: 0), score: 1)
        let people = try estimator.estimate(picture.image, boxes: [empty, first, second])
        #expect(people.map(\.box) == [second.box])
        #expect(try estimator.estimate(picture.image, boxes: []).isEmpty)
        #expect(try estimator.estimate(picture.image, boxes: [empty]).isEmpty)
    }

    @Test("joints where the network sees nothing are missing, and do not count in the score")
    func nothing() throws {
        let picture = TestPicture(rgb: [UInt8](repeating: 0, count: 64 * 48 * 3), width: 64, height: 48)
        let estimator = try HeatmapPoseEstimator(SpotNetwork.graph(), model: "spot", options: options())
        let people = try estimator.estimate(picture.image, boxes: [ScoredBox(box: Box(x: 3, y: 3, width: 30, height: 40), score: 0.9)])
        #expect(people.count == 1)
        #expect(people.first?.keypoints.allSatisfy(\.isMissing) == true && people.first?.score == 0)
    }

    @Test("a network whose maps do not fit the joints, or that takes no pictures, is refused in one clear line")
    func misfits() {
        func failure(_ graph: Graph, _ options: HeatmapPoseOptions = HeatmapPoseOptions()) -> Failure? {
            do {
                _ = try HeatmapPoseEstimator(graph, model: "mine.onnx", options: options)
                return nil
            } catch { return error as? Failure }
        }
        let other = failure(SpotNetwork.graph(joints: 16))
        #expect(other?.kind == .data)
        #expect(other?.description.contains("mine.onnx") == true && other?.description.contains("1x16x64x48") == true)
        #expect(failure(SpotNetwork.graph(shape: [4, 3, 256, 192]))?.kind == .data)
        #expect(failure(SpotNetwork.graph(shape: [1, 1, 256, 192]))?.kind == .data)
        #expect(failure(SpotNetwork.graph(shape: [1, 3, 256, 1 << 40]))?.kind == .data)
        #expect(failure(SpotNetwork.graph(shape: [1, 3, nil, nil])) == nil)
        var wrongSize = HeatmapPoseOptions()
        wrongSize.inputSize = InputSize(width: 288, height: 384)
        #expect(failure(SpotNetwork.graph(), wrongSize)?.kind == .configuration)
        #expect(failure(SpotNetwork.graph(shape: [nil, 3, nil, nil]), wrongSize) == nil)
        wrongSize.inputSize = InputSize(width: -5, height: 0)
        #expect(failure(SpotNetwork.graph(shape: [nil, 3, nil, nil]), wrongSize)?.kind == .configuration)
        #expect(failure(Graph())?.kind == .data)
    }
}
