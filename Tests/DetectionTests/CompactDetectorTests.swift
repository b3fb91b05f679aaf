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
        let options = DetectorOptions(scoreThreshold: 0.6)
        let fixed = try #require(
            try DetectorKind.makeDetector(network.graph(inputShape: [1, 3, 64, 96]), model: "detector", options: options) as? CompactPersonDetector)
        let free = try CompactPersonDetector(Self.pictures(network), usual: InputSize(width: 96, height: 64), options: options)
        // Others in between: the input follows each picture's proportions, and what was found before has no part in it.
        let wide = Self.picture(96, 48), tall = Self.picture(40, 90)
        let ofTall = try free.detect(tall.image)
        for found in try [fixed.detect(wide.image), free.detect(wide.image)] {
            #expect(found.count == golden.count && found.count > 40)
            for (box, wanted) in zip(found, golden) {
                #expect(abs(box.score - wanted[4]) < 1e-4)
                #expect(abs(box.box.x - wanted[0]) < 0.01 && abs(box.box.y - wanted[1]) < 0.01)
                #expect(abs(box.box.width - wanted[2]) < 0.01 && abs(box.box.height - wanted[3]) < 0.01)
            }
        }
        #expect(try free.detect(tall.image) == ofTall && !ofTall.isEmpty)
        #expect(ofTall.allSatisfy { $0.box.x >= 0 && $0.box.y >= 0 && $0.box.x + $0.box.width <= 40.001 && $0.box.y + $0.box.height <= 90.001 })
    }

    /// A picture by formula, as training/tests/golden.py makes it.
    private static func picture(_ width: Int, _ height: Int) -> TestPicture {
        var rgb: [UInt8] = []
        for y in 0..<height {
            for x in 0..<width { rgb += [UInt8((3 * x + 5 * y) % 256), UInt8((7 * x + 2 * y + 40) % 256), UInt8(x * y % 256)] }
        }
        return TestPicture(rgb: rgb, width: width, height: height)
    }

    private static func pictures(_ network: any Network) -> PictureNetwork {
        PictureNetwork(model: "detector") { size in
            try network.graph(inputShape: network.inputShape(batch: 1, height: size.height, width: size.width))
        }
    }

    /// Sizes that training/posetrain/pictures.py gives.
    @Test(
        "the input has the picture's proportions and the area that the weights were trained for",
        arguments: [
            ((640, 480), (480, 352)), ((480, 640), (352, 480)), ((1280, 720), (544, 320)), ((720, 1280), (320, 544)),
            ((1920, 800), (640, 256)), ((100, 100), (416, 416)), ((3000, 100), (1024, 64)), ((1, 1), (416, 416)), ((10, 4000), (32, 1024)),
            ((0, 0), (416, 416)),
        ])
    func proportions(picture: (Int, Int), input: (Int, Int)) {
        let size = CompactPersonDetector.inputSize(for: InputSize(width: picture.0, height: picture.1), pixels: 480 * 352)
        #expect(size == InputSize(width: input.0, height: input.1))
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
