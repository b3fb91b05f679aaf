import Downloads
import Foundation

extension ModelRegistry {
    /// HRNet: the authors' files, of file-sharing pages only, then mmpose's trainings.
    static let hrNet: [RegisteredModel] = [
        official("32", "256x192", "keypoint AP 74.4, COCO val2017, detector AP 56.4, flip test"),
        official("32", "384x288", "keypoint AP 75.8, COCO val2017, detector AP 56.4, flip test"),
        official("48", "256x192", "keypoint AP 75.1, COCO val2017, detector AP 56.4, flip test"),
        official("48", "384x288", "keypoint AP 76.3, COCO val2017, detector AP 56.4, flip test"),
        official("32", "256x256-mpii", "PCKh@0.5 90.3, MPII val, flip test"),
        official("48", "256x256-mpii", "not published"),
        mmpose("32", "256x192", "td-hm_hrnet-w32_8xb64-210e_coco-256x192-81c58e40_20220909.pth", ap: "74.9"),
        mmpose("32", "384x288", "td-hm_hrnet-w32_8xb64-210e_coco-384x288-ca5956af_20220909.pth", ap: "76.1"),
        mmpose("48", "256x192", "td-hm_hrnet-w48_8xb32-210e_coco-256x192-0e67c616_20220913.pth", ap: "75.6"),
        mmpose("48", "384x288", "td-hm_hrnet-w48_8xb32-210e_coco-384x288-c161b7de_20220915.pth", ap: "76.7"),
        oldMMPose("32", "256x192", "hrnet_w32_coco_256x192-c78dce93_20200708.pth", "keypoint AP 74.6, COCO val2017, detector AP 56.4, flip test"),
        oldMMPose("32", "384x288", "hrnet_w32_coco_384x288-d9f0d786_20200708.pth", "keypoint AP 76.0, COCO val2017, detector AP 56.4, flip test"),
        oldMMPose("48", "256x192", "hrnet_w48_coco_256x192-b9e0b3ab_20200708.pth", "keypoint AP 75.6, COCO val2017, detector AP 56.4, flip test"),
        oldMMPose("48", "384x288", "hrnet_w48_coco_384x288-314c8528_20200708.pth", "keypoint AP 76.7, COCO val2017, detector AP 56.4, flip test"),
        oldMMPose("32", "256x256-mpii", "hrnet_w32_mpii_256x256-6c4f923f_20200812.pth", "PCKh@0.5 90.0, MPII val, flip test"),
        oldMMPose("48", "256x256-mpii", "hrnet_w48_mpii_256x256-92cab7bd_20200812.pth", "PCKh@0.5 90.1, MPII val, flip test"),
    ]

    private static func official(_ width: String, _ label: String, _ accuracy: String) -> RegisteredModel {
        let size = label.replacingOccurrences(of: "-mpii", with: "")
        return RegisteredModel(
            name: "hrnet-w\(width)-\(label)", architecture: "HRNet W\(width)", task: .pose, files: ["pose_hrnet_w\(width)_\(size).pth"],
            source: .page,
            page: "github.com/leoxiaobin/deep-high-resolution-net.pytorch (drive.google.com/drive/folders/1hOTihvbyIxsm5ygDpbUuJ7O_tzv4oXjC)",
            fingerprint: .unknown, size: self.size(width), input: size, licence: "MIT", accuracy: accuracy)
    }

    /// The weights'; input size and joints make no difference that shows.
    private static func size(_ width: String) -> RegisteredModel.Size { .about(width == "32" ? "115 MB" : "255 MB") }

    private static func mmpose(_ width: String, _ size: String, _ file: String, ap: String) -> RegisteredModel {
        RegisteredModel(
            name: "hrnet-w\(width)-\(size)-mmpose", architecture: "HRNet W\(width)", task: .pose, files: [file],
            source: .download("https://download.openmmlab.com/mmpose/v1/body_2d_keypoint/topdown_heatmap/coco/\(file)"),
            page: "github.com/open-mmlab/mmpose", fingerprint: digitsInName(file), size: self.size(width), input: size, licence: "Apache-2.0",
            accuracy: "keypoint AP \(ap), COCO val2017, detector AP 56.4, flip test")
    }

    private static func oldMMPose(_ width: String, _ label: String, _ file: String, _ accuracy: String) -> RegisteredModel {
        RegisteredModel(
            name: "hrnet-w\(width)-\(label)-mmpose0", architecture: "HRNet W\(width)", task: .pose, files: [file],
            source: .download("https://download.openmmlab.com/mmpose/top_down/hrnet/\(file)"), page: "github.com/open-mmlab/mmpose (0.x)",
            fingerprint: digitsInName(file), size: size(width), input: label.replacingOccurrences(of: "-mpii", with: ""), licence: "Apache-2.0",
            accuracy: accuracy)
    }
}
