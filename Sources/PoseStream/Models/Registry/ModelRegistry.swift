import Downloads

/// The networks that can be named without a path: the five systems' weights, other pose networks, and person detectors.
public enum ModelRegistry {
    /// In the order of `models list`.
    public static let all: [RegisteredModel] =
        embedded + detectors + heatmapNetworks + simpleBaseline + hrNet + cpn + lightweightOpenPose + multiPoseNet + coordinateNetworks

    public static func find(_ name: String) -> RegisteredModel? { all.first { $0.name == name } }

    /// The model whose file has this name.
    public static func find(file name: String) -> RegisteredModel? { all.first { $0.files.contains(name) } }

    /// The model that has this SHA-256.
    public static func find(sha256 digest: String) -> RegisteredModel? { all.first { $0.knows(digest) } }

    /// The names nearest to a mistyped one.
    static func nearest(to name: String) -> String {
        all.map { (name: $0.name, distance: editDistance(from: $0.name, to: name)) }.min { $0.distance < $1.distance }?.name ?? ""
    }

    /// The eight digits of PyTorch's and OpenMMLab's names are the first of the file's SHA-256.
    static func digitsInName(_ file: String) -> Fingerprint {
        let parts = file.split(whereSeparator: { "-_.".contains($0) })
        let digits = parts.last { $0.count == 8 && $0.allSatisfy(\.isHexDigit) && $0.contains(where: \.isLetter) }
        return digits.map { .prefix(String($0)) } ?? .unknown
    }
}
