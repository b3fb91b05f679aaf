import Geometry

/// How the picture moved since the frame before, as far as linking people needs it: stored so that people can be linked later, without
/// the pictures, with the same result.
public struct MotionRecord: Hashable, Sendable {
    /// A point that was followed from the frame before.
    public struct Sample: Hashable, Sendable {
        public var from: Point
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
        public var samples: [Sample]
        /// How far from a sample other points go with it, in pixels.
        public var reach: Double

        public init(samples: [Sample], reach: Double) {
            self.samples = samples
            self.reach = reach
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
