import Downloads

extension ModelRegistry {
    static let detectors: [RegisteredModel] = [
        yolox(
            "nano", "c789161ed43c8269fcd4e67c67eeeb4e80c622da2eb296a20bc6007bd18a0b7d", size: .bytes(3_659_407), input: "416x416", ap: "25.8",
            // Another export of the same weights; the one that our own accuracy tables were measured with.
            variants: ["e8af074932d4ed7e232278e3055cefcdea3edf178874a3694ae292649fb464dd"]),
        yolox("tiny", "427cc366d34e27ff7a03e2899b5e3671425c262ea2291f88bb942bc1cc70b0f7", size: .bytes(20_219_662), input: "416x416", ap: "32.8"),
        yolox("s", "c5c2d13e59ae883e6af3b45daea64af4833a4951c92d116ec270d9ddbe998063", size: .bytes(35_858_002), input: "640x640", ap: "40.5"),
        yolox("m", nil, size: .about("101 MB"), input: "640x640", ap: "47.2"),
        yolox("l", nil, size: .about("217 MB"), input: "640x640", ap: "50.1"),
        yolox("x", nil, size: .about("396 MB"), input: "640x640", ap: "51.5"),
        yolox("darknet", nil, size: .about("255 MB"), input: "640x640", ap: "48.0"),
        RegisteredModel(
            name: "nanodet-m", task: .detector, files: ["nanodet_m.onnx", "nanodet-m.onnx"],
            source: .download("https://raw.githubusercontent.com/hpc203/nanodet-opncv-dnn-cpp-python/f46e225a0c92ef611395425940927cc4cbef3fb5/nanodet_m.onnx"),
            page: "github.com/RangiLyu/nanodet (weights of the authors; this ONNX export is another's)",
            fingerprint: .sha256("4b82da9944b88577175ee23a459dce2e26e6e4be573def65b1055dc2d9720186"), size: .bytes(3_800_954),
            input: "416x416", licence: "Apache-2.0", accuracy: "box AP 20.6 at 320x320, 23.5 at 416x416, COCO val2017, 80 classes"),
        nanoDetPlus(
            "320", .unknown, size: .about("4.8 MB"), ap: "27.0"),
        nanoDetPlus(
            "416", .sha256("59d2f166088889c902f523bf08079391993491324f0d84847e3c4016a8f7cc3d"), size: .about("4.8 MB"), ap: "30.4"),
        RegisteredModel(
            name: "retinanet-r50-fpn", architecture: "RetinaNet ResNet-50-FPN", task: .detector,
            files: ["retinanet_resnet50_fpn_coco-eeacb38b.pth"],
            source: .download("https://download.pytorch.org/models/retinanet_resnet50_fpn_coco-eeacb38b.pth"),
            page: "pytorch.org/vision (retinanet_resnet50_fpn, COCO_V1)", fingerprint: .prefix("eeacb38b"), size: .about("130.3 MB"),
            input: "800x1333", licence: "BSD-3-Clause", accuracy: "box AP 36.4, COCO val2017, 80 classes, sides 800 to 1333"),
    ]

    /// Megvii's own ONNX exports. All are of the release 0.1.1rc0.
    private static func yolox(
        _ size: String, _ sha256: String?, size bytes: RegisteredModel.Size, input: String, ap: String, variants: [String] = []
    ) -> RegisteredModel {
        let file = "yolox_\(size).onnx"
        return RegisteredModel(
            name: "yolox-\(size)", task: .detector, files: [file, "yolox-\(size).onnx"],
            source: .download("https://github.com/Megvii-BaseDetection/YOLOX/releases/download/0.1.1rc0/\(file)"),
            page: "github.com/Megvii-BaseDetection/YOLOX (demo/ONNXRuntime)", fingerprint: sha256.map { .sha256($0) } ?? .unknown,
            variants: variants, size: bytes, input: input, licence: "Apache-2.0",
            accuracy: "box AP \(ap), COCO val2017, 80 classes")
    }

    private static func nanoDetPlus(_ side: String, _ fingerprint: Fingerprint, size: RegisteredModel.Size, ap: String) -> RegisteredModel {
        let file = "nanodet-plus-m_\(side).onnx"
        return RegisteredModel(
            name: "nanodet-plus-m-\(side)", task: .detector, files: [file],
            source: .download("https://github.com/RangiLyu/nanodet/releases/download/v1.0.0-alpha-1/\(file)"),
            page: "github.com/RangiLyu/nanodet (release v1.0.0-alpha-1)", fingerprint: fingerprint, size: size,
            input: "\(side)x\(side)", licence: "Apache-2.0", accuracy: "box AP \(ap), COCO val2017, 80 classes")
    }
}
