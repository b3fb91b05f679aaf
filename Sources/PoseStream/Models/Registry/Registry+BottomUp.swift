import Downloads

extension ModelRegistry {
    static let lightweightOpenPose: [RegisteredModel] = [
        RegisteredModel(
            name: "lightweight-openpose", architecture: "Lightweight OpenPose (1 refinement stage)", task: .pose,
            files: ["checkpoint_iter_370000.pth", "lightweight_openpose.pth"],
            source: .download("https://download.01.org/opencv/openvino_training_extensions/models/human_pose_estimation/checkpoint_iter_370000.pth"),
            page: "github.com/Daniil-Osokin/lightweight-human-pose-estimation.pytorch", fingerprint: .unknown, size: .about("88 MB"),
            input: "256 or 368 high",
            licence: "Apache-2.0", accuracy: "keypoint AP 40.0, COCO val2017, height 368, one scale, no flip test",
            note: "holds three refinement stages; the published accuracy is that of one")
    ]

    static let multiPoseNet: [RegisteredModel] = [
        RegisteredModel(
            name: "multiposenet-r101", architecture: "MultiPoseNet ResNet-101", task: .pose,
            files: ["ckpt_baseline_resnet101.safetensors", "ckpt_baseline_resnet101.h5"], source: .page,
            page: "github.com/LiMeng95/MultiPoseNet.pytorch (its README links Google Drive and Tsinghua Cloud)", fingerprint: .unknown,
            size: .about("530 MB"), input: "480x480", licence: "MIT badge, no licence file",
            accuracy: "keypoint AP 59.0, COCO val2017, five scales, flip test",
            note: "published as HDF5: docs/checkpoints.md has the line that writes it as safetensors")
    ]
}
