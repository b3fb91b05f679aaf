import Diagnostics
import Engine

/// Our networks by name, without any file: for exporting and measuring with deterministic weights.
public struct NetworkCatalog: Sendable {
    public struct Entry: Sendable {
        /// "simplebaseline-r50".
        public let name: String
        /// The usual input.
        public let height: Int
        public let width: Int
        fileprivate let make: @Sendable (any WeightSource) throws -> any Network

        /// The network with weights of this source.
        public func network(_ weights: any WeightSource = FormulaWeights()) throws -> any Network { try make(weights) }
    }

    public static let entries: [Entry] = [
        simpleBaseline(.r18), simpleBaseline(.r34), simpleBaseline(.r50), simpleBaseline(.r101), simpleBaseline(.r152),
        hrNet(32), hrNet(48),
        Entry(name: "cpn-r50", height: 256, width: 192) { try CPN(.init(depth: .r50), from: $0) },
        Entry(name: "cpn-r101", height: 384, width: 288) { try CPN(.init(depth: .r101), from: $0) },
        Entry(name: "lightweight-openpose", height: 256, width: 456) { try LightweightOpenPose(.init(refinementStages: 1), from: $0) },
        Entry(name: "multiposenet-r50", height: 480, width: 480) { try MultiPoseNet(.init(depth: .r50), from: $0) },
        Entry(name: "multiposenet-r101", height: 480, width: 480) { try MultiPoseNet(.init(depth: .r101), from: $0) },
        Entry(name: "retinanet-r50-fpn", height: 256, width: 320) { try RetinaNet(.init(), from: $0) },
    ]

    /// The entry that a name begins with ("simplebaseline-r50-256x192"), and the height and width that stand in it, else the
    /// usual ones. nil when there is none.
    public static func find(_ name: String) -> (entry: Entry, height: Int, width: Int)? {
        let fitting = entries.filter { name == $0.name || name.hasPrefix($0.name + "-") }
        guard let entry = fitting.max(by: { $0.name.count < $1.name.count }) else { return nil }
        for part in name.dropFirst(entry.name.count).split(separator: "-") {
            if let size = size(String(part)) { return (entry, size.height, size.width) }
        }
        return (entry, entry.height, entry.width)
    }

    /// "256x192": height x width, as papers write it.
    public static func size(_ text: String) -> (height: Int, width: Int)? {
        let parts = text.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.count == 2, let height = parts[0], let width = parts[1], (1...8192).contains(height), (1...8192).contains(width) else {
            return nil
        }
        return (height, width)
    }

    private static func simpleBaseline(_ depth: ResNet.Depth) -> Entry {
        Entry(name: "simplebaseline-r\(depth.rawValue)", height: 256, width: 192) { try SimpleBaseline(.init(depth: depth), from: $0) }
    }

    private static func hrNet(_ width: Int) -> Entry {
        Entry(name: "hrnet-w\(width)", height: 256, width: 192) { try HRNet(.init(width: width), from: $0) }
    }
}
