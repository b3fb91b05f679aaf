import Geometry

/// How the picture moved since the frame before, as far as linking people needs it: where some points went, and how the background
/// moved.
///
/// What the flow measured at the joints of people, kept apart from the pictures: lines can hold it beside the poses, and linking
/// them again sees the same numbers (spec: tracking, 2.11).
public struct SampledMotion: Hashable, Sendable {
    /// A point that was followed.
    public struct Sample: Hashable, Sendable {
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
    public struct Body: Hashable, Sendable {
        public let samples: [Sample]
        /// How far from a sample other points go with it, in pixels.
        public let reach: Double
        /// What lies within that reach of the samples, at most; no area without samples.
        package let extent: Box

        public init(samples: [Sample], reach: Double) {
            self.samples = samples
            self.reach = reach
            extent = Box(bounding: samples.map(\.from)).map {
                Box(left: $0.x - reach, top: $0.y - reach, right: $0.right + reach, bottom: $0.bottom + reach)
            } ?? Box(x: 0, y: 0, width: -1, height: -1)
        }
    }

    /// This frame begins a new shot.
    public var isCut: Bool
    /// The new shot is the one before the last.
    public var isReturn: Bool
    /// Where a point of the frame before is now if it belongs to nobody.
    public var background: Affine
    public var bodies: [Body]

    public init(isCut: Bool = false, isReturn: Bool = false, background: Affine = .identity, bodies: [Body] = []) {
        self.isCut = isCut
        self.isReturn = isReturn
        self.background = background
        self.bodies = bodies
    }
}
