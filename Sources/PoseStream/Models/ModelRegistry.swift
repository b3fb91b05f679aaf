/// A published network that posestream knows by name: how its files are called, what it needs, and what it reaches.
public struct RegisteredModel: Sendable, Hashable {
    public enum Task: String, Sendable {
        case detector, pose
    }

    /// The name that pipelines use: "yolox-nano".
    public var name: String
    public var task: Task
    /// File names under which it is found in a model folder.
    public var files: [String]
    /// SHA-256 of the file that was measured; other files of that name are accepted, with a note.
    public var sha256: String
    /// Network input, height x width.
    public var input: String
    public var bytes: Int
    public var licence: String
    /// Published accuracy with its conditions.
    public var accuracy: String
    /// Where it comes from.
    public var page: String
}

/// The networks that can be named without a path.
public enum ModelRegistry {
    public static let all: [RegisteredModel] = [
        RegisteredModel(
            name: "yolox-nano", task: .detector, files: ["yolox_nano.onnx", "yolox-nano.onnx"],
            sha256: "e8af074932d4ed7e232278e3055cefcdea3edf178874a3694ae292649fb464dd", input: "416x416", bytes: 3_678_356,
            licence: "Apache-2.0", accuracy: "box AP 25.8, COCO val2017, 80 classes",
            page: "github.com/Megvii-BaseDetection/YOLOX (releases, yolox_nano.onnx)"),
        RegisteredModel(
            name: "nanodet-m", task: .detector, files: ["nanodet_m.onnx", "nanodet-m.onnx"],
            sha256: "4b82da9944b88577175ee23a459dce2e26e6e4be573def65b1055dc2d9720186", input: "416x416", bytes: 3_800_954,
            licence: "Apache-2.0", accuracy: "box AP 20.6 at 320, COCO val2017, 80 classes", page: "github.com/RangiLyu/nanodet (releases)"),
        RegisteredModel(
            name: "pp-tinypose-256x192", task: .pose, files: ["pp_tinypose_256x192.onnx", "pp-tinypose-256x192.onnx"],
            sha256: "023a6be709617bf1b4ca2370ac166e754f96877a9891b98a2552b50a40e6cf79", input: "256x192", bytes: 5_280_069,
            licence: "Apache-2.0", accuracy: "keypoint AP 68.8, COCO val2017, true boxes",
            page: "github.com/PaddlePaddle/PaddleDetection (configs/keypoint/tiny_pose)"),
        RegisteredModel(
            name: "pp-tinypose-128x96", task: .pose, files: ["pp_tinypose_128x96.onnx", "pp-tinypose-128x96.onnx"],
            sha256: "b343dfb96ebf15929ec35ebbda916162e0935687d29722fb30078d42140b479f", input: "128x96", bytes: 2_705_068,
            licence: "Apache-2.0", accuracy: "keypoint AP 58.1, COCO val2017, true boxes",
            page: "github.com/PaddlePaddle/PaddleDetection (configs/keypoint/tiny_pose)"),
        RegisteredModel(
            name: "ultralight-simplepose", task: .pose, files: ["ultralight_simplepose.onnx", "ultralight-simplepose.onnx"],
            sha256: "401b3204f5998970c17678f8acc53d798ec79ce5c7b02167067c5b71c954a786", input: "256x192", bytes: 2_401_048,
            licence: "none stated", accuracy: "keypoint AP 51.8, COCO val2017, detector boxes",
            page: "github.com/dog-qiuqiu/Ultralight-SimplePose (model/deploy.onnx)"),
    ]

    public static func find(_ name: String) -> RegisteredModel? { all.first { $0.name == name } }
}
