import Geometry

/// How the picture moved from the frame that was linked before to this one: what an optical flow knows.
public protocol FrameMotion: Sendable {
    /// This frame begins a new shot: nothing of the frame before is in it.
    var isCut: Bool { get }

    /// This cut goes back to the shot before the last one: an insert is over (A-B-A).
    var isReturn: Bool { get }

    /// How the background moved: where a point of the frame before is now, if it belongs to no person.
    var background: Affine { get }

    /// Where points of the frame before (pixels) are now; nil when this motion cannot follow points at all.
    func move(_ points: [Point]) -> [MovedPoint]?
}

extension FrameMotion {
    public var isReturn: Bool { false }
}

/// A point that was followed.
public struct MovedPoint: Hashable, Sendable {
    /// Where it is now, in pixels.
    public var position: Point
    /// 0 (lost) to 1 (sure).
    public var confidence: Double

    public init(position: Point, confidence: Double) {
        self.position = position
        self.confidence = confidence
    }
}

/// Nothing is known of the motion: the tracker goes by the velocities of the people.
public struct NoMotion: FrameMotion {
    public init() {}
    public var isCut: Bool { false }
    public var background: Affine { .identity }
    public func move(_ points: [Point]) -> [MovedPoint]? { nil }
}
