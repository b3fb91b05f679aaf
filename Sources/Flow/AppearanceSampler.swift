import CKernels
import Geometry
import Media
import Pose

/// Looks at what people wear: the middle of the body, between shoulders and hips where they are seen, else of the box.
public struct AppearanceSampler: Sendable {
    /// Joints below this score do not say where the torso is.
    private static let jointScore = 0.3
    /// The torso's rectangle is at least so large, in shares of the box.
    private static let least = (width: 0.3, height: 0.2)
    /// The middle of a box without a torso, in shares of it.
    private static let middle = (left: 0.3, top: 0.2, right: 0.7, bottom: 0.5)
    /// Rows and columns of points that are looked at, at most.
    private static let points: Int32 = 32

    private let torso: [Int]

    public init(keypoints: KeypointSet) {
        torso = ["left_shoulder", "right_shoulder", "left_hip", "right_hip"].compactMap(keypoints.names.firstIndex)
    }

    /// Nil when less than 2 x 2 pixels of the middle lie in the picture.
    public func appearance(of person: Person, in frame: VideoFrame) -> Appearance? {
        let area = area(of: person)
        guard [area.x, area.y, area.right, area.bottom].allSatisfy({ $0.isFinite && $0.magnitude < 1e9 }) else { return nil }
        let (left, top) = (max(0, Int(area.x)), max(0, Int(area.y)))
        let (width, height) = (min(frame.width, Int(area.right) + 1) - left, min(frame.height, Int(area.bottom) + 1) - top)
        guard width >= 2, height >= 2 else { return nil }
        // On the stack: this is asked for every person of every frame.
        return withUnsafeTemporaryAllocation(of: UInt32.self, capacity: Appearance.count) { counts in
            let total = frame.withImage { image in
                withUnsafePointer(to: image) {
                    ps_count_classes(
                        $0, Int32(left), Int32(top), Int32(width), Int32(height), Self.points, counts.baseAddress)
                }
            }
            return Appearance(roots: counts.map { UInt8((255 * (Double($0) / Double(total)).squareRoot()).rounded()) })
        }
    }

    private func area(of person: Person) -> Box {
        let box = person.box
        let joints = torso.compactMap { index in
            person.keypoints.indices.contains(index) && person.keypoints[index].score >= Self.jointScore
                ? person.keypoints[index].position : nil
        }
        guard joints.count == 4, let extent = Box(bounding: joints) else {
            return Box(
                left: box.x + Self.middle.left * box.width, top: box.y + Self.middle.top * box.height,
                right: box.x + Self.middle.right * box.width, bottom: box.y + Self.middle.bottom * box.height)
        }
        let (dx, dy) = (
            max(0, Self.least.width * box.width - extent.width) / 2, max(0, Self.least.height * box.height - extent.height) / 2)
        return Box(left: extent.x - dx, top: extent.y - dy, right: extent.right + dx, bottom: extent.bottom + dy)
    }
}
