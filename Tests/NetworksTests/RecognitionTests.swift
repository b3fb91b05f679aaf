import Checkpoints
import Diagnostics
import Engine
import Foundation
import Networks
import TestSupport
import Testing

@Suite("Recognising networks in weight files")
struct RecognitionTests {
    private static let blank = BlankWeights()

    /// A file's content with these tensors, all zeros, under names as `rename` gives them.
    private func checkpoint(_ parameters: [Parameter], rename: (String) -> String = { $0 }) throws -> Checkpoint {
        var checkpoint = Checkpoint(tensors: [:], names: [])
        for parameter in parameters {
            let name = rename(parameter.name)
            checkpoint.names.append(name)
            checkpoint.tensors[name] = try Self.blank.tensor(parameter.name, shape: parameter.shape, role: parameter.role)
        }
        return checkpoint
    }

    private func expectLoads(_ checkpoint: Checkpoint, _ fileName: String, as kind: NetworkRecognition.Kind) throws {
        let recognition = try NetworkRecognition(checkpoint, fileName: fileName)
        #expect(recognition.kind == kind)
        _ = try recognition.network(checkpoint, place: fileName)
    }

    @Test("every published form is known by its keys")
    func kinds() throws {
        for depth in ResNet.Depth.allCases {
            let configuration = SimpleBaseline.Configuration(depth: depth)
            try expectLoads(
                checkpoint(SimpleBaseline.parameters(configuration)), "pose_resnet_256x192.pth.tar", as: .simpleBaseline(configuration))
        }
        let odd = try #require(TopDownConfiguration("sb_r18_k3_final3_256x192"))
        if case .simpleBaseline(let configuration) = odd {
            try expectLoads(checkpoint(SimpleBaseline.parameters(configuration)), "a.pth", as: .simpleBaseline(configuration))
        }
        for width in [32, 48] {
            try expectLoads(checkpoint(HRNet.parameters(.init(width: width))), "a.pth", as: .hrNet(.init(width: width)))
        }
        for depth in [ResNet.Depth.r50, .r101] {
            try expectLoads(checkpoint(CPN.parameters(.init(depth: depth))), "CPN256x192.pth.tar", as: .cpn(.init(depth: depth)))
            try expectLoads(checkpoint(TensorFlowCPN.parameters(.init(depth: depth))), "a.safetensors", as: .tensorFlowCPN(.init(depth: depth)))
            let whole = MultiPoseNet.parameters(.init(depth: depth)) + PoseResidualNetwork.parameters(.init(prefix: "prn."))
            try expectLoads(checkpoint(whole), "a.pth", as: .multiPoseNet(.init(depth: depth)))
        }
        // Files hold three refinement stages; one is run.
        try expectLoads(
            checkpoint(LightweightOpenPose.parameters(.init(refinementStages: 3))), "checkpoint_iter_370000.pth",
            as: .lightweightOpenPose(.init(refinementStages: 1)))
        try expectLoads(checkpoint(PoseResidualNetwork.parameters(.init())), "PRN.pth.tar", as: .poseResidualNetwork(.init()))
        try expectLoads(
            checkpoint(PoseResidualNetwork.parameters(.init(hasBottleneck: false))), "prn.safetensors",
            as: .poseResidualNetwork(.init(hasBottleneck: false)))
    }

    @Test("a part of a whole file can be taken: the pose residual network of a MultiPoseNet")
    func part() throws {
        let whole = MultiPoseNet.parameters(.init(depth: .r50)) + PoseResidualNetwork.parameters(.init(prefix: "prn."))
        _ = try PoseResidualNetwork(.init(prefix: "prn."), from: CheckpointWeights(checkpoint(whole), place: "a.pth"))
    }

    @Test("torchvision's RetinaNet is known by today's names and by those in its published file")
    func retinaNet() throws {
        let parameters = RetinaNet.parameters(.init())
        try expectLoads(checkpoint(parameters), "retinanet.pth", as: .retinaNet(.init(batchNormEpsilon: 1e-5)))
        let old = ["conv.0.0.": "conv.0.", "conv.1.0.": "conv.2.", "conv.2.0.": "conv.4.", "conv.3.0.": "conv.6."]
        let renamed = try checkpoint(parameters) { name in
            guard name.hasPrefix("head.") else { return name }
            return old.reduce(name) { $0.contains($1.key) && $0 == name ? name.replacingOccurrences(of: $1.key, with: $1.value) : $0 }
        }
        #expect(renamed.tensors["head.regression_head.conv.6.bias"] != nil)
        try expectLoads(renamed, "retinanet_resnet50_fpn_coco-eeacb38b.pth", as: .retinaNet(.init(batchNormEpsilon: 0)))
    }

    @Test("mmpose's names", arguments: ["keypoint_head.", "head."])
    func mmpose(_ head: String) throws {
        func rename(_ name: String) -> String {
            (name.hasPrefix("deconv_layers.") || name.hasPrefix("final_layer.") ? head : "backbone.") + name
        }
        let baseline = try checkpoint(SimpleBaseline.parameters(.init(depth: .r50)), rename: rename)
        try expectLoads(baseline, "td-hm_res50_8xb64-210e_coco-256x192.pth", as: .simpleBaseline(.init(depth: .r50)))
        let hrnet = try checkpoint(HRNet.parameters(.init(width: 32)), rename: rename)
        try expectLoads(hrnet, "td-hm_hrnet-w32_8xb64-210e_coco-384x288.pth", as: .hrNet(.init(width: 32)))
    }

    @Test("the input size comes from the file's name, else it is assumed and said", arguments: [
        ("pose_resnet_50_384x288.pth.tar", [384, 288], 0), ("pose_hrnet_w32_256x256.pth", [256, 256], 0),
        ("pose_resnet_50.pth", [256, 192], 1), ("hrnet_w32_coco_256x192_udp.pth", [256, 192], 1),
    ])
    func inputSize(_ name: String, _ size: [Int], _ notes: Int) throws {
        let recognition = try NetworkRecognition(checkpoint(HRNet.parameters(.init(width: 32))), fileName: name)
        #expect(recognition.inputSize.map { [$0.height, $0.width] } == size)
        #expect(recognition.notes.count == notes)
        #expect(recognition.joints == 17)
    }

    @Test("caffe style is told by the file's name, the number of joints by the last layer")
    func styleAndJoints() throws {
        let configuration = SimpleBaseline.Configuration(depth: .r50, joints: 16)
        let recognition = try NetworkRecognition(checkpoint(SimpleBaseline.parameters(configuration)), fileName: "pose_resnet_50_caffe.pth")
        guard case .simpleBaseline(let found) = recognition.kind else {
            Issue.record("not a SimpleBaseline")
            return
        }
        #expect(found.style == .caffe)
        #expect(found.joints == 16)
        #expect(recognition.inputSize.map { [$0.height, $0.width] } == [256, 256])
    }

    @Test("missing, surplus and misshapen tensors are named; counters of batch norms are neither")
    func complaints() throws {
        var file = try checkpoint(SimpleBaseline.parameters(.init(depth: .r18)))
        file.names.append("bn1.num_batches_tracked")
        file.tensors["bn1.num_batches_tracked"] = Tensor([1 as Int64], shape: [])
        _ = try SimpleBaseline(.init(depth: .r18), from: CheckpointWeights(file, place: "a.pth"))

        file.tensors["layer2.0.bn1.bias"] = nil
        file.names.removeAll { $0 == "layer2.0.bn1.bias" }
        file.tensors["fc.weight"] = Tensor(shape: [1000, 512])
        file.names.append("fc.weight")
        let failure = #expect(throws: Failure.self) {
            try SimpleBaseline(.init(depth: .r18, joints: 16), from: CheckpointWeights(file, place: "a.pth"))
        }
        #expect(failure?.description == """
            cannot use weights: a.pth: for SimpleBaseline ResNet-18, 1 tensor is missing (layer2.0.bn1.bias); \
            2 tensors have another shape (final_layer.weight is 17x256x1x1, needed 16x256x1x1, final_layer.bias is 17, needed 16); \
            1 tensor is not part of it (fc.weight)
            """)
        #expect(failure?.exitCode == 65)
    }

    @Test("NaN weights are refused and named")
    func nonFinite() throws {
        var file = try checkpoint(PoseResidualNetwork.parameters(.init()))
        var values = [Float](repeating: 0, count: 1024)
        values[7] = .nan
        file.tensors["bneck.bias"] = Tensor(values, shape: [1024])
        let failure = #expect(throws: Failure.self) { try PoseResidualNetwork(.init(), from: CheckpointWeights(file, place: "a.pth")) }
        #expect(failure?.description == """
            cannot use weights: a.pth: bneck.bias holds NaN at position 7 (the file comes from a training that failed)
            """)
    }

    @Test("weights stored as half precision are widened")
    func halfPrecision() throws {
        var file = try checkpoint(PoseResidualNetwork.parameters(.init()))
        let half = Tensor(shape: [1024], elementType: .float16)
        // 1, -2, the largest, the smallest normal and the smallest number of half precision.
        let bits: [UInt16] = [0x3C00, 0xC000, 0x7BFF, 0x0400, 0x0001]
        half.storage.bytes.copyBytes(from: bits.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] })
        file.tensors["bneck.bias"] = half
        let weights = CheckpointWeights(file, place: "a.pth")
        let widened = try #require(try weights.tensor("bneck.bias", shape: [1024], role: .bias))
        #expect(Array(widened.floats.prefix(6)) == [1, -2, 65504, 0x1p-14, 0x1p-24, 0])
    }

    @Test("networks that are none of ours are refused by what they seem to be", arguments: [
        ("ImageNet", "a ResNet-50 without a pose head"), ("HRNet", "trained to name pictures"), ("other", "no network that is known"),
        ("resnetv1d", "resnetv1d"), ("blocks", "none that is known"), ("v2", "version 2"),
    ])
    func strangers(_ what: String, _ part: String) throws {
        let baseline = SimpleBaseline.parameters(.init(depth: .r50)), hrnet = HRNet.parameters(.init(width: 32))
        func named(_ name: String) -> Parameter { Parameter(name: name, shape: [1], role: .bias) }
        let parameters: [Parameter] = switch what {
        case "ImageNet": baseline.filter { !$0.name.hasPrefix("deconv_layers") && !$0.name.hasPrefix("final") } + [named("fc.weight")]
        case "HRNet": hrnet.filter { !$0.name.hasPrefix("final") } + [named("classifier.weight"), named("incre_modules.0.0.conv1.weight")]
        case "resnetv1d": [named("backbone.stem.0.weight"), named("backbone.layer1.0.conv1.weight")]
        case "blocks": baseline.filter { !$0.name.hasPrefix("layer3.5") }
        case "v2": RetinaNet.parameters(.init()) + [named("head.classification_head.conv.0.1.weight")]
        default: [named("encoder.weight")]
        }
        let failure = #expect(throws: Failure.self) { try NetworkRecognition(checkpoint(parameters), fileName: "a.pth") }
        #expect(failure?.kind == .data)
        #expect(failure?.why.contains(part) == true, "\(failure?.description ?? "")")
    }
}
