import Geometry

/// The motion between two frames as a value: where some points went, and how the background moved.
///
/// What the flow measured at the joints of people, kept apart from the pictures: it can be stored beside the poses, and linking
/// them again sees the same numbers (spec: tracking, 2.11). Any other point goes with the nearest measured one of a body within
/// reach, as limbs are stiff.
public struct SampledMotion: FrameMotion, Hashable, Codable {
    /// A point that was followed.
    public struct Sample: Hashable, Sendable, Codable {
        /// Where it was, in pixels of the frame before.
        public var from: Point
        /// Where it is now.
        public var to: Point
        /// 0 (lost) to 1 (sure).
        public var confidence: Double

        public init(from: Point, to: Point, confidence: Double) {
            self.from = from
            self.to = to
            self.confidence = confidence
        }
    }

    /// The points of one person.
    public struct Body: Hashable, Sendable, Codable {
        public var samples: [Sample]
        /// How far from a sample other points go with it, in pixels.
        public var reach: Double

        public init(samples: [Sample], reach: Double) {
            self.samples = samples
            self.reach = reach
        }
    }

    public var isCut: Bool
    public var isReturn: Bool
    public var background: Affine
    public var bodies: [Body] {
        didSet { extents = Self.extents(of: bodies) }
    }
    /// Where each body's samples reach.
    private var extents: [Box]

    public init(isCut: Bool = false, isReturn: Bool = false, background: Affine = .identity, bodies: [Body] = []) {
        self.isCut = isCut
        self.isReturn = isReturn
        self.background = background
        self.bodies = bodies
        extents = Self.extents(of: bodies)
    }

    private static func extents(of bodies: [Body]) -> [Box] {
        bodies.map { body in
            guard let box = Box(bounding: body.samples.map(\.from)) else { return Box(x: 0, y: 0, width: -1, height: -1) }
            return Box(left: box.x - body.reach, top: box.y - body.reach, right: box.right + body.reach, bottom: box.bottom + body.reach)
        }
    }

    public func move(_ points: [Point]) -> [MovedPoint]? {
        isCut ? nil : points.map(move)
    }

    private func move(_ point: Point) -> MovedPoint {
        var nearest = Double.infinity
        var found: Sample?
        for (body, extent) in zip(bodies, extents) {
            guard point.x >= extent.x, point.x <= extent.right, point.y >= extent.y, point.y <= extent.bottom else { continue }
            for sample in body.samples {
                let distance = (sample.from - point).length
                if distance <= body.reach, distance < nearest { (nearest, found) = (distance, sample) }
            }
        }
        guard let found else { return MovedPoint(position: background(point), confidence: 0) }
        return MovedPoint(position: point + (found.to - found.from), confidence: found.confidence)
    }

    private enum CodingKeys: CodingKey {
        case isCut, isReturn, background, bodies
    }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            isCut: try values.decode(Bool.self, forKey: .isCut), isReturn: try values.decodeIfPresent(Bool.self, forKey: .isReturn) ?? false,
            background: try values.decode(Affine.self, forKey: .background), bodies: try values.decode([Body].self, forKey: .bodies))
    }
}
