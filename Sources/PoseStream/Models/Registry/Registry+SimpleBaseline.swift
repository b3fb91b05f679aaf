import Downloads
import Foundation

extension ModelRegistry {
    /// SimpleBaseline: the authors' files, of file-sharing pages only, then mmpose's trainings.
    static let simpleBaseline: [RegisteredModel] =
        officialSimpleBaseline + [
            mmposeResNet("50", "256x192", "td-hm_res50_8xb64-210e_coco-256x192-04af38ce_20220923.pth", ap: "71.8"),
            mmposeResNet("50", "384x288", "td-hm_res50_8xb64-210e_coco-384x288-7b8db90e_20220923.pth", ap: "73.1"),
            mmposeResNet("101", "256x192", "td-hm_res101_8xb64-210e_coco-256x192-065d3625_20220926.pth", ap: "72.8"),
            mmposeResNet("152", "256x192", "td-hm_res152_8xb32-210e_coco-256x192-0345f330_20220928.pth", ap: "73.6"),
            mmposeResNet("152", "384x288", "td-hm_res152_8xb32-210e_coco-384x288-7fbb906f_20220927.pth", ap: "75.0"),
            oldMMPoseResNet("50", "256x192", "res50_coco_256x192-ec54d7f3_20200709.pth", "keypoint AP 71.8, COCO val2017, detector AP 56.4, flip test"),
            oldMMPoseResNet("50", "384x288", "res50_coco_384x288-e6f795e9_20200709.pth", "keypoint AP 73.1, COCO val2017, detector AP 56.4, flip test"),
            oldMMPoseResNet("101", "256x192", "res101_coco_256x192-6e6babf0_20200708.pth", "keypoint AP 72.6, COCO val2017, detector AP 56.4, flip test"),
            oldMMPoseResNet("101", "384x288", "res101_coco_384x288-8c71bdc9_20200709.pth", "keypoint AP 74.8, COCO val2017, detector AP 56.4, flip test"),
            oldMMPoseResNet("152", "256x192", "res152_coco_256x192-f6e307c2_20200709.pth", "keypoint AP 73.5, COCO val2017, detector AP 56.4, flip test"),
            oldMMPoseResNet("152", "384x288", "res152_coco_384x288-3860d4c9_20200709.pth", "keypoint AP 75.0, COCO val2017, detector AP 56.4, flip test"),
            oldMMPoseResNet("50", "256x256-mpii", "res50_mpii_256x256-418ffc88_20200812.pth", "PCKh@0.5 88.2, MPII val, flip test"),
            oldMMPoseResNet("101", "256x256-mpii", "res101_mpii_256x256-416f5d71_20200812.pth", "PCKh@0.5 88.8, MPII val, flip test"),
            oldMMPoseResNet("152", "256x256-mpii", "res152_mpii_256x256-3ecba29d_20200812.pth", "PCKh@0.5 88.9, MPII val, flip test"),
        ]

    private static let officialSimpleBaseline: [RegisteredModel] = [
        ("50", "256x192", "70.4"), ("50", "384x288", "72.2"), ("101", "256x192", "71.4"), ("101", "384x288", "73.6"),
        ("152", "256x192", "72.0"), ("152", "384x288", "74.3"),
    ].map { depth, size, ap in
        official(depth, size, "pose_resnet_\(depth)_\(size)", "keypoint AP \(ap), COCO val2017, detector AP 56.4, flip test")
    } + [
        ("50", "256x256", "88.532"), ("50", "384x384", "89.066"), ("101", "256x256", "89.131"), ("101", "384x384", "90.003"),
        ("152", "256x256", "89.620"), ("152", "384x384", "90.200"),
    ].map { depth, size, pckh in
        official(depth, "\(size)-mpii", "pose_resnet_\(depth)_\(size)", "PCKh@0.5 \(pckh), MPII val, flip test")
    }

    /// The HRNet authors share the same files with the ending `.pth`.
    private static func official(_ depth: String, _ label: String, _ stem: String, _ accuracy: String) -> RegisteredModel {
        RegisteredModel(
            name: "simplebaseline-r\(depth)-\(label)", architecture: "SimpleBaseline ResNet-\(depth)", task: .pose,
            files: [stem + ".pth.tar", stem + ".pth"], source: .page,
            page: "github.com/microsoft/human-pose-estimation.pytorch (drive.google.com/drive/folders/13_wJ6nC7my1KKouMkQMqyr9r1ZnLnukP)",
            fingerprint: .unknown, size: size(depth), input: label.replacingOccurrences(of: "-mpii", with: ""), licence: "MIT",
            accuracy: accuracy)
    }

    /// The weights'; input size and joints make no difference that shows.
    private static func size(_ depth: String) -> RegisteredModel.Size {
        .about(["50": "136 MB", "101": "212 MB", "152": "275 MB"][depth] ?? "-")
    }

    private static func mmposeResNet(_ depth: String, _ size: String, _ file: String, ap: String) -> RegisteredModel {
        RegisteredModel(
            name: "simplebaseline-r\(depth)-\(size)-mmpose", architecture: "SimpleBaseline ResNet-\(depth)", task: .pose, files: [file],
            source: .download("https://download.openmmlab.com/mmpose/v1/body_2d_keypoint/topdown_heatmap/coco/\(file)"),
            page: "github.com/open-mmlab/mmpose", fingerprint: digitsInName(file), size: self.size(depth), input: size, licence: "Apache-2.0",
            accuracy: "keypoint AP \(ap), COCO val2017, detector AP 56.4, flip test")
    }

    private static func oldMMPoseResNet(_ depth: String, _ label: String, _ file: String, _ accuracy: String) -> RegisteredModel {
        RegisteredModel(
            name: "simplebaseline-r\(depth)-\(label)-mmpose0", architecture: "SimpleBaseline ResNet-\(depth)", task: .pose, files: [file],
            source: .download("https://download.openmmlab.com/mmpose/top_down/resnet/\(file)"), page: "github.com/open-mmlab/mmpose (0.x)",
            fingerprint: digitsInName(file), size: size(depth), input: label.replacingOccurrences(of: "-mpii", with: ""), licence: "Apache-2.0",
            accuracy: accuracy)
    }
}
