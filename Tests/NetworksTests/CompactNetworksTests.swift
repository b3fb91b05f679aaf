import Checkpoints
import Engine
import Networks
import TestSupport
import Testing

/// fixtures/networks/compact: very small networks of our own kinds and what PyTorch computes with them
/// (training/tests/golden.py).
@Suite("Our own networks") struct CompactNetworksTests {
    private struct Golden: Decodable {
        var size: [Int]
        var shape: [Int]
        var output: [Float]
    }

    private struct All: Decodable {
        var pose, posePlain, detector: Golden
        enum CodingKeys: String, CodingKey {
            case pose = "pose-laterals", posePlain = "pose", detector
        }
    }

    @Test("files as the training recipe exports them are recognised and compute what PyTorch does", arguments: ["pose", "pose-laterals", "detector"])
    func golden(_ task: String) throws {
        let all = try Fixture.decode(All.self, from: "networks/compact/golden.json")
        let golden = ["pose": all.posePlain, "pose-laterals": all.pose][task] ?? all.detector
        let checkpoint = try Checkpoint.load(contentsOf: Shared.fixture("networks/compact/\(task).safetensors"))
        let recognition = try NetworkRecognition(checkpoint, fileName: "\(task).safetensors")
        #expect(recognition.joints == (task == "detector" ? nil : 17))
        #expect(recognition.inputSize?.height == golden.size[0] && recognition.inputSize?.width == golden.size[1])
        let network = try recognition.network(checkpoint, place: task)
        let (height, width) = (golden.size[0], golden.size[1])
        let graph = try network.graph(inputShape: network.inputShape(batch: 1, height: height, width: width))
        let executor = Executor(try Plan(graph, inputShapes: ["input": [1, 3, height, width]]))
        executor.withInput(0) { view in
            for c in 0..<3 {
                for y in 0..<height {
                    for x in 0..<width {
                        view.floats[(c * height + y) * width + x] = (Float((y * 13 + x * 7 + c * 50) % 256) / 255 - 0.45) / 0.225
                    }
                }
            }
        }
        try executor.run()
        let output = executor.output(0)
        #expect(output.shape == golden.shape)
        let largest = golden.output.map(abs).max() ?? 0
        let worst = zip(output.floats, golden.output).map { abs($0 - $1) }.max() ?? .infinity
        #expect(worst <= 1e-4 * largest, "\(worst) of \(largest)")
    }

    @Test("the usual shapes are those of the files that the program carries", arguments: ["pose", "detector"])
    func usualShapes(_ task: String) throws {
        let name = "compact_\(task).safetensors"
        let checkpoint = try Checkpoint.load(contentsOf: Shared.checkout.appendingPathComponent("Sources/CEmbedded/weights/\(name)"))
        let usual: NetworkRecognition.Kind = task == "pose" ? .compactPose(.init()) : .compactDetector(.init())
        #expect(try NetworkRecognition(checkpoint, fileName: name).kind == usual)
    }

    @Test("the usual shapes stay within their limits of parameters")
    func sizes() {
        let pose = CompactPose.parameters(.init()).trainedCount
        let detector = CompactDetector.parameters(.init()).trainedCount
        #expect(pose > 1_000_000 && pose <= 2_500_000 && detector > 800_000 && detector <= 1_500_000)
        #expect((pose + detector) * 2 <= 8_000_000)
    }

    @Test("a missing or misshapen tensor is named")
    func incomplete() throws {
        var checkpoint = try Checkpoint.load(contentsOf: Shared.fixture("networks/compact/pose.safetensors"))
        checkpoint.tensors["upsample.1.conv.bias"] = nil
        checkpoint.names.removeAll { $0 == "upsample.1.conv.bias" }
        let recognition = try NetworkRecognition(checkpoint, fileName: "a.safetensors")
        #expect { try recognition.network(checkpoint, place: "a.safetensors") } throws: { "\($0)".contains("upsample.1.conv.bias") }
    }

    @Test("a file with more transposed convolutions than its trunk has maps for is refused")
    func tooManyTransposed() throws {
        var checkpoint = try Checkpoint.load(contentsOf: Shared.fixture("networks/compact/pose-laterals.safetensors"))
        for index in 3...4 {
            checkpoint.tensors["upsample.\(index).conv.weight"] = checkpoint.tensors["upsample.2.conv.weight"]
            checkpoint.names.append("upsample.\(index).conv.weight")
        }
        #expect { try NetworkRecognition(checkpoint, fileName: "a.safetensors") } throws: {
            "\($0)".contains("5 stages and 5 transposed convolutions")
        }
    }
}
