import Geometry
import Pose

/// Any point goes with the nearest measured one of a body within reach, as limbs are stiff, else with the background.
extension SampledMotion: FrameMotion {
    public func move(_ points: [Point]) -> [MovedPoint]? {
        isCut ? nil : points.map(move)
    }

    private func move(_ point: Point) -> MovedPoint {
        var nearest = Double.infinity
        var found: Sample?
        for body in bodies {
            let extent = body.extent
            guard point.x >= extent.x, point.x <= extent.right, point.y >= extent.y, point.y <= extent.bottom else { continue }
            for sample in body.samples {
                let distance = (sample.from - point).length
                if distance <= body.reach, distance < nearest { (nearest, found) = (distance, sample) }
            }
        }
        guard let found else { return MovedPoint(position: background(point), confidence: 0) }
        return MovedPoint(position: point + (found.to - found.from), confidence: found.confidence)
    }
}
