import Downloads

extension ModelRegistry {
    /// CPN: all of file-sharing pages. The author's own are TensorFlow checkpoints, the others PyTorch's; how the ResNet-101
    /// file is called there is not known, so it is stored under its registry name.
    static let cpn: [RegisteredModel] = [
        tensorFlow("50", "256x192", "drive.google.com/drive/folders/16hoq9KBVtR_zpJ1xUKweB-tbjFrao4sL", ap: "69.7"),
        tensorFlow("50", "384x288", "drive.google.com/drive/folders/1wP2agjJkDaBLl_1UcTmlmyl2Vw3CKlJa", ap: "72.3"),
        tensorFlow("101", "384x288", "drive.google.com/drive/folders/1X0kcPG1KSn3aeWm9fvqVMziGK3XIvJv9", ap: "72.9"),
        pyTorch("50", "256x192", files: ["CPN256x192.pth.tar"], ap: "71.2 with true boxes, 69.2 with detector boxes"),
        pyTorch("50", "384x288", files: ["CPN384x288.pth.tar"], ap: "74.1 with true boxes, 72.2 with detector boxes"),
        pyTorch("101", "384x288", files: ["cpn-r101-384x288.pth.tar"], ap: "74.0 with true boxes, 72.3 with detector boxes"),
    ]

    private static func tensorFlow(_ depth: String, _ size: String, _ folder: String, ap: String) -> RegisteredModel {
        RegisteredModel(
            name: "cpn-r\(depth)-\(size)-tf", architecture: "CPN ResNet-\(depth) (TensorFlow)", task: .pose,
            files: ["COCO.res\(depth).\(size).CPN.ckpt.index"], source: .page, page: "github.com/chenyilun95/tf-cpn (\(folder))",
            fingerprint: .unknown, input: size, licence: "MIT",
            accuracy: "keypoint AP \(ap), COCO minival2014, detector AP 55.3, flip test",
            note: "a TensorFlow checkpoint of two files: name snapshot_350.ckpt.index by its path, with the data beside it")
    }

    private static func pyTorch(_ depth: String, _ size: String, files: [String], ap: String) -> RegisteredModel {
        RegisteredModel(
            name: "cpn-r\(depth)-\(size)", architecture: "CPN ResNet-\(depth)", task: .pose, files: files, source: .page,
            page: "github.com/GengDavid/pytorch-cpn", fingerprint: .unknown, input: size, licence: "GPL-3.0",
            accuracy: "keypoint AP \(ap), COCO minival2014, flip test")
    }
}
