import Checkpoints
import Detection
import Geometry
import Networks
import Pose
import Sampling
import TestSupport
import Testing

/// fixtures/networks/compact/golden.json: the boxes that the training recipe's own judge finds (training/tests/golden.py).
@Suite("Our own detector") struct CompactDetectorTests {
    private struct Golden: Decodable {
        /// left, top, width, height, score
        var found: [[Double]]
    }

    @Test("boxes, scores and their order are those of the training recipe")
    func golden() throws {
        let golden = try Fixture.decode(Golden.self, from: "networks/compact/golden.json").found
        let checkpoint = try Checkpoint.load(contentsOf: Shared.fixture("networks/compact/detector.safetensors"))
        let network = try NetworkRecognition(checkpoint, fileName: "detector.safetensors").network(checkpoint, place: "detector")
        let graph = try network.graph(inputShape: [1, 3, 64, 96])
        let detector = try #require(
            try DetectorKind.makeDetector(graph, model: "detector", options: DetectorOptions(scoreThreshold: 0.6)) as? CompactPersonDetector)
        let (width, height) = (96, 48)
        var rgb: [UInt8] = []
        for y in 0..<height {
            for x in 0..<width { rgb += [UInt8((3 * x + 5 * y) % 256), UInt8((7 * x + 2 * y + 40) % 256), UInt8(x * y % 256)] }
        }
        let picture = TestPicture(rgb: rgb, width: width, height: height)
        let found = try detector.detect(picture.image)
        #expect(found.count == golden.count && found.count > 40)
        for (box, wanted) in zip(found, golden) {
            #expect(abs(box.score - wanted[4]) < 1e-4)
            #expect(abs(box.box.x - wanted[0]) < 0.01 && abs(box.box.y - wanted[1]) < 0.01)
            #expect(abs(box.box.width - wanted[2]) < 0.01 && abs(box.box.height - wanted[3]) < 0.01)
        }
    }

    @Test("numbers that no network should give do not stop the decoder")
    func hostile() {
        let decoder = CompactDecoder(input: InputSize(width: 32, height: 32), scoreThreshold: 0.5)
        var values = [Float](repeating: .nan, count: 5 * 21)
        var boxes: [ScoredBox] = []
        values.withUnsafeBufferPointer { decoder.decode($0, into: &boxes) }
        #expect(boxes.isEmpty)
        values = [Float](repeating: 1e30, count: 5 * 21)
        values.withUnsafeBufferPointer { decoder.decode($0, into: &boxes) }
        #expect(boxes.count == 21 && boxes.allSatisfy { $0.box.width.isFinite && $0.score == 1 })
        boxes = []
        values.prefix(50).withUnsafeBufferPointer { decoder.decode($0, into: &boxes) }
        #expect(boxes.isEmpty)
    }
}
