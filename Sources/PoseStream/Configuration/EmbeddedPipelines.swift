/// The files of `pipelines/`, carried inside the program.
enum EmbeddedPipelines {
    private static let files: [String: [UInt8]] = [
        "cpn": PackageResources.cpn_yaml,
        "default": PackageResources.default_yaml,
        "embedded": PackageResources.embedded_yaml,
        "hrnet": PackageResources.hrnet_yaml,
        "lightweight-openpose": PackageResources.lightweight_openpose_yaml,
        "multiposenet": PackageResources.multiposenet_yaml,
        "simplebaseline": PackageResources.simplebaseline_yaml,
        "yolo-pose": PackageResources.yolo_pose_yaml,
        "yolox-tinypose": PackageResources.yolox_tinypose_yaml,
    ]

    static var names: [String] { files.keys.sorted() }

    static func yaml(named name: String) -> String? {
        files[name].map { String(decoding: $0, as: UTF8.self) }
    }
}
