import Downloads

extension ModelRegistry {
    /// Small networks that give heatmaps, as ONNX files.
    static let heatmapNetworks: [RegisteredModel] = [
        tinyPose("256x192", "023a6be709617bf1b4ca2370ac166e754f96877a9891b98a2552b50a40e6cf79", bytes: 5_280_069, ap: "68.8"),
        tinyPose("128x96", "b343dfb96ebf15929ec35ebbda916162e0935687d29722fb30078d42140b479f", bytes: 2_705_068, ap: "58.1"),
        RegisteredModel(
            name: "ultralight-simplepose", task: .pose, files: ["ultralight_simplepose.onnx", "ultralight-simplepose.onnx"],
            source: .download("https://raw.githubusercontent.com/dog-qiuqiu/Ultralight-SimplePose/40f9b5d13ef53851d2c2747e2ad884cfb1476291/model/deploy.onnx"),
            page: "github.com/dog-qiuqiu/Ultralight-SimplePose",
            fingerprint: .sha256("401b3204f5998970c17678f8acc53d798ec79ce5c7b02167067c5b71c954a786"), size: .bytes(2_401_048),
            input: "256x192", licence: "none stated", accuracy: "keypoint AP 51.8, COCO val2017, detector boxes"),
    ]

    /// Its authors publish Paddle files only; the ONNX files are conversions.
    private static func tinyPose(_ input: String, _ sha256: String, bytes: Int, ap: String) -> RegisteredModel {
        RegisteredModel(
            name: "pp-tinypose-\(input)", task: .pose, files: ["pp_tinypose_\(input).onnx", "pp-tinypose-\(input).onnx"], source: .page,
            page: "github.com/PaddlePaddle/PaddleDetection (configs/keypoint/tiny_pose)", fingerprint: .unknown, variants: [sha256],
            size: .bytes(bytes), input: input, licence: "Apache-2.0", accuracy: "keypoint AP \(ap), COCO val2017, true boxes",
            note: "published as a Paddle model (bj.bcebos.com/v1/paddledet/models/keypoint/tinypose_\(input).tar): convert it with paddle2onnx")
    }
}
