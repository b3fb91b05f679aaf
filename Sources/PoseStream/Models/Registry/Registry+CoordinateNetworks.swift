import Downloads

extension ModelRegistry {
    /// Networks beyond the five systems whose heads give coordinates: RTMPose (`pose.decoder: simcc`). OpenMMLab publishes them
    /// in archives; the file inside is called end2end.onnx.
    static let coordinateNetworks: [RegisteredModel] = [
        rtmPose("t", "256x192", "420e", "026a1439_20230504", .sha256("a6c2f6a3896a4d51131d14d7a80a3d08b50f559af5a58a45d5b098aef510a70f"), size: .bytes(13_350_364), ap: "65.9"),
        rtmPose("s", "256x192", "420e", "acd4a1ef_20230504", .sha256("9aeb635b83f86aea45cf45d85798f7eba1a162de8e0d721c44e54fe5eebaf47d"), size: .bytes(21_890_172), ap: "69.7"),
        rtmPose("m", "256x192", "420e", "e48f03d0_20230504", .unknown, size: .about("55 MB"), ap: "74.9"),
        rtmPose("l", "256x192", "420e", "4dba18fc_20230504", .unknown, size: .about("111 MB"), ap: "76.7"),
        rtmPose("m", "384x288", "420e", "65e718c4_20230504", .unknown, size: .about("55 MB"), ap: "76.6"),
        rtmPose("l", "384x288", "420e", "3f5a1437_20230504", .unknown, size: .about("111 MB"), ap: "78.3"),
        rtmPose("x", "384x288", "700e", "71d7b7e9_20230629", .unknown, size: .about("198 MB"), ap: "78.8"),
    ]

    private static func rtmPose(
        _ size: String, _ input: String, _ epochs: String, _ date: String, _ fingerprint: Fingerprint, size bytes: RegisteredModel.Size, ap: String
    ) -> RegisteredModel {
        let stem = "rtmpose-\(size)_simcc-body7_pt-body7_\(epochs)-\(input)-\(date)"
        return RegisteredModel(
            name: "rtmpose-\(size)-\(input)", task: .pose, files: ["\(stem).onnx"], source: .page,
            page: "download.openmmlab.com/mmpose/v1/projects/rtmposev1/onnx_sdk/\(stem).zip (end2end.onnx in it)", fingerprint: fingerprint,
            size: bytes, input: input, licence: "Apache-2.0",
            accuracy: "keypoint AP \(ap), COCO val2017, trained on Body7; detector and flip test not stated",
            note: "run it with --set pose.decoder=simcc")
    }
}
