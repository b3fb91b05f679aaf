import CKernels
import Geometry
import Pose
import Sampling

/// Reads joints off heatmaps: the largest value is the joint, moved a quarter pixel towards its larger neighbour
/// (spec: networks-topdown section 7.5 to 7.7), or to where the map's Gaussian has its centre (DARK).
public struct HeatmapDecoder: Sendable, Hashable {
    public enum Refinement: String, Sendable, Hashable, CaseIterable {
        /// The maximum as it is.
        case none
        /// SimpleBaseline and HRNet: a quarter on both axes, only where both lie inside the map.
        case quarter
        /// mmpose: a quarter, each axis judged for itself, and mmpose's own way back to the picture.
        case mmpose
        /// DARK: the centre of the Gaussian that the blurred map is near its maximum.
        case dark
    }

    public var refinement: Refinement

    public init(_ refinement: Refinement = .quarter) {
        self.refinement = refinement
    }

    /// A place in a heatmap, in its pixels.
    public struct Peak: Sendable, Hashable {
        public var x: Double
        public var y: Double
        public var maximum: Float
    }

    /// The first maximum of a map `[size.height, size.width]`, unrefined; (0, 0) where nothing is positive.
    public static func maximum(_ map: UnsafeBufferPointer<Float>, _ size: InputSize) -> Peak {
        var maximum: Float = 0
        let place = ps_heatmap_argmax(map.baseAddress, size.width * size.height, &maximum)
        guard maximum > 0 else { return Peak(x: 0, y: 0, maximum: maximum) }
        return Peak(x: Double(place % size.width), y: Double(place / size.width), maximum: maximum)
    }

    /// The joint's place in a map, refined.
    public func peak(_ map: UnsafeBufferPointer<Float>, _ size: InputSize) -> Peak {
        var peak = Self.maximum(map, size)
        let (x, y) = (Int(peak.x), Int(peak.y))
        let inner = (x: x > 1 && x < size.width - 1, y: y > 1 && y < size.height - 1)
        let (movesX, movesY): (Bool, Bool)
        switch refinement {
        case .dark:
            let offset = GaussianRefinement.suited(to: size).offset(map, size, x: x, y: y)
            return Peak(x: peak.x + offset.x, y: peak.y + offset.y, maximum: peak.maximum)
        case .none: (movesX, movesY) = (false, false)
        case .quarter: (movesX, movesY) = (inner.x && inner.y, inner.x && inner.y)
        case .mmpose: (movesX, movesY) = (inner.x && y > 0, inner.y && x > 0)
        }
        func at(_ x: Int, _ y: Int) -> Float { map[y * size.width + x] }
        if movesX { peak.x += Self.quarter(at(x + 1, y), at(x - 1, y)) }
        if movesY { peak.y += Self.quarter(at(x, y + 1), at(x, y - 1)) }
        return peak
    }

    private static func quarter(_ after: Float, _ before: Float) -> Double {
        after > before ? 0.25 : after < before ? -0.25 : 0
    }

    /// The map from heatmap pixels to the picture; nil for a region without size.
    public func back(from maps: InputSize, _ region: CropRegion) -> Affine? {
        refinement == .mmpose ? region.plainBack(from: maps) : region.back(from: maps)
    }

    /// All joints of maps `[joints, size.height, size.width]`, in picture pixels. A map with nothing positive has no joint.
    ///
    /// - Parameter back: see `back(from:_:)`.
    public func joints(_ maps: UnsafeBufferPointer<Float>, count: Int, _ size: InputSize, through back: Affine) -> [Keypoint] {
        let cells = size.width * size.height
        return (0..<count).map { joint in
            let peak = peak(UnsafeBufferPointer(rebasing: maps[joint * cells..<(joint + 1) * cells]), size)
            let place = back(Point(x: peak.x, y: peak.y))
            guard peak.maximum > 0, peak.maximum.isFinite, place.x.isFinite, place.y.isFinite else { return .missing }
            return Keypoint(position: place, score: Double(peak.maximum))
        }
    }
}
