import Checkpoints
import Diagnostics
import Foundation
import Networks

/// Weight files of the papers' networks with numbers from a formula, the same everywhere: to measure speed and to try a
/// pipeline where the published files are not at hand. The poses that come out mean nothing.
public struct SyntheticWeights: Sendable {
    /// "cpn-r50".
    public let name: String
    /// Name under which the network's pipeline finds its file: "CPN256x192.safetensors".
    public let fileName: String
    private let parameters: @Sendable () -> [Parameter]
    private let scale: FormulaWeights.Scale

    public static let all: [SyntheticWeights] = baselines + [
        topDown("hrnet-w32", "pose_hrnet_w32_256x192") { HRNet.parameters(.init(width: 32)) },
        topDown("hrnet-w48", "pose_hrnet_w48_256x192") { HRNet.parameters(.init(width: 48)) },
        topDown("cpn-r50", "CPN256x192") { CPN.parameters(.init(depth: .r50)) },
        topDown("cpn-r101", "CPN384x288") { CPN.parameters(.init(depth: .r101)) },
        topDown("cpn-tensorflow-r50", "COCO.res50.256x192.CPN") { TensorFlowCPN.parameters(.init(depth: .r50)) },
        // As many stages as the published file has.
        bottomUp(
            "lightweight-openpose", "checkpoint_iter_370000",
            gains: [(".heatmaps.1.0.weight", 0.3), (".pafs.1.0.weight", 1), (".initial.0.weight", 0.6), (".trunk.1.0.weight", 0.5)]
        ) { LightweightOpenPose.parameters(.init(refinementStages: 3)) },
        bottomUp("multiposenet-r50", "ckpt_baseline_resnet50", gains: multiPoseNetGains) { multiPoseNet(.r50) },
        bottomUp("multiposenet-r101", "ckpt_baseline_resnet101", gains: multiPoseNetGains) { multiPoseNet(.r101) },
        bottomUp("prn", "PRN", gains: [("dens1.weight", 40)]) { PoseResidualNetwork.parameters(.init()) },
        bottomUp(
            "retinanet-r50-fpn", "retinanet_resnet50_fpn_coco-eeacb38b",
            gains: [("conv3.weight", 0.2), ("cls_logits.weight", 0.08), ("bbox_reg.weight", 0.04)]
        ) { RetinaNet.parameters(.init()) },
    ]

    /// Throws `Failure` of kind `.usage` that lists the names when there is no such network.
    public static func named(_ name: String) throws -> SyntheticWeights {
        if let found = all.first(where: { $0.name == name }) { return found }
        throw Failure(
            .usage, "unknown network", at: name, because: "no network has that name", remedy: "known are \(all.map(\.name).joined(separator: ", "))")
    }

    /// Writes the file into a folder, which is made where it is missing, and returns its place.
    ///
    /// Throws `Failure` when it cannot be written, or is there already and `overwrite` is off.
    @discardableResult public func write(into folder: URL, overwrite: Bool = false) throws -> URL {
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        } catch {
            throw Failure(.cannotCreate, "cannot create folder", at: folder.path, because: error.localizedDescription)
        }
        let url = folder.appendingPathComponent(fileName)
        let formula = FormulaWeights(scale)
        let parameters = parameters()
        let roles = Dictionary(parameters.map { ($0.name, $0.role) }) { first, _ in first }
        let writer = SafetensorsWriter(
            parameters.map { .init(name: $0.name, shape: $0.shape) }, metadata: ["posestream": "deterministic weights of \(name): no training"])
        try writer.write(to: url, overwrite: overwrite) { entry in
            guard let tensor = try formula.tensor(entry.name, shape: entry.shape, role: roles[entry.name] ?? .weight) else {
                throw Failure(.internalDefect, "cannot make weights", at: entry.name, because: "the formula gives none")
            }
            return tensor
        }
        return url
    }

    private static let baselines = [
        ("r18", ResNet.Depth.r18), ("r34", .r34), ("r50", .r50), ("r101", .r101), ("r152", .r152),
    ].map { name, depth in
        topDown("simplebaseline-\(name)", "pose_resnet_\(depth.rawValue)_256x192") { SimpleBaseline.parameters(.init(depth: depth)) }
    }

    private static let multiPoseNetGains: [(suffix: String, gain: Double)] = [
        ("Model.conv3.weight", 1), ("conv3.weight", 0.2), ("Model.output.weight", 0.04), ("convfin.weight", 0.05), ("toplayer.weight", 0.5),
        ("prn.dens1.weight", 40),
    ]

    private static func multiPoseNet(_ depth: ResNet.Depth) -> [Parameter] {
        MultiPoseNet.parameters(.init(depth: depth)) + PoseResidualNetwork.parameters(.init(prefix: "prn."))
    }

    private static func topDown(_ name: String, _ file: String, _ parameters: @escaping @Sendable () -> [Parameter]) -> SyntheticWeights {
        SyntheticWeights(name: name, fileName: file + ".safetensors", parameters: parameters, scale: .topDown)
    }

    private static func bottomUp(
        _ name: String, _ file: String, gains: [(suffix: String, gain: Double)], _ parameters: @escaping @Sendable () -> [Parameter]
    ) -> SyntheticWeights {
        SyntheticWeights(name: name, fileName: file + ".safetensors", parameters: parameters, scale: .bottomUp(gains: gains))
    }
}
